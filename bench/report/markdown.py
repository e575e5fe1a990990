"""Markdown: names that show as they are, tables, and whole documents."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Container, Iterator, Sequence
from typing import ParamSpec

Given = ParamSpec("Given")


def document(lines: Callable[Given, Iterator[str]]) -> Callable[Given, str]:
    """A function that yields lines, as one that returns all of them as a text."""

    @functools.wraps(lines)
    def text(*args: Given.args, **kwargs: Given.kwargs) -> str:
        return "\n".join(lines(*args, **kwargs)) + "\n"

    return text


def escape(text: object) -> str:
    """``text`` so that Markdown shows it as it is."""
    plain = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*|]|\](?=\()|(?<!\w)_|_(?!\w))", r"\\\1", plain)


def table(
    heading: Sequence[object],
    rows: Sequence[Sequence[object]],
    right: Container[int] = (),
    marked: Callable[[object], str] = escape,
) -> Iterator[str]:
    """The lines of a table; the columns at the places ``right`` hold numbers. ``marked`` makes a cell Markdown."""
    yield "| " + " | ".join(map(escape, heading)) + " |"
    yield "|" + "|".join("--:" if place in right else "---" for place in range(len(heading))) + "|"
    for cells in rows:
        yield "| " + " | ".join(map(marked, cells)) + " |"


LATER = range(1, 1_000)
"""The columns of numbers of a table whose first column has the names."""
