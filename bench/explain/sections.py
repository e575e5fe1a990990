"""The sections of a docstring as plain text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

DEFINITION = "Definition"
RAISES, BLIND_SPOTS, SOURCE = "Raises", "Blind spots", "Source"
HEADINGS = (RAISES, BLIND_SPOTS, SOURCE, "Args", "Returns", "Attributes")

_HEADING = re.compile(rf"({'|'.join(HEADINGS)}):$")
_ROLE = re.compile(r":\w+:`~?([^`]+)`")


def sections(docstring: str | None) -> Mapping[str, list[str]]:
    """Paragraphs by heading: what stands before the first heading is the definition; doctests are left out.

    >>> sections("One.\\n\\nTwo\\nlines.\\n\\nSource:\\n    A ``book``.")
    {'Definition': ['One.', 'Two lines.'], 'Source': ['A book.']}
    """
    found: dict[str, list[str]] = {}
    heading = DEFINITION
    for block in re.split(r"\n\s*\n", _with_blank_lines(inspect.cleandoc(docstring or ""))):
        first = block.split("\n", 1)[0]
        if title := _HEADING.match(first):
            heading = title[1]
            block = block[len(first) :]
        elif not first.startswith(" "):
            heading = DEFINITION
        if text := plain(block):
            found.setdefault(heading, []).append(text)
    return {name: kept for name, text in found.items() if (kept := [line for line in text if line[:3] != ">>>"])}


def plain(text: str) -> str:
    """One line without markup."""
    return " ".join(_ROLE.sub(r"\1", text).replace("``", "").split())


def _with_blank_lines(text: str) -> str:
    """An empty line before every heading, so that headings begin paragraphs."""
    return re.sub(rf"^(?=(?:{'|'.join(HEADINGS)}):$)", "\n", text, flags=re.MULTILINE)
