"""The arguments that a docstring explains."""

from __future__ import annotations

import inspect
import re

_ENTRY = re.compile(r"^    (\w+(?:, \w+)*): ", re.MULTILINE)


def arguments(docstring: str | None) -> dict[str, str]:
    """Meaning by name, from the section ``Args:``; empty where there is none.

    >>> arguments("One.\\n\\nArgs:\\n    rate: in ``Hz``,\\n        at most 9.\\n    a, b: both.\\nRaises:\\n    X.")
    {'rate': 'in `Hz`, at most 9.', 'a': 'both.', 'b': 'both.'}
    """
    text = re.split(r"^Args:\n", inspect.cleandoc(docstring or ""), maxsplit=1, flags=re.MULTILINE)[1:]
    if not text:
        return {}
    section = re.split(r"^\S", text[0], maxsplit=1, flags=re.MULTILINE)[0]
    parts = _ENTRY.split(section)[1:]
    found = {}
    for names, meaning in zip(parts[::2], parts[1::2], strict=True):
        plain = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", meaning).replace("``", "`")
        found.update(dict.fromkeys(names.split(", "), " ".join(plain.split())))
    return found
