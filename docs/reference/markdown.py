"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """Text that stays inside one cell of a table, and shows characters that Markdown would take for markup."""
    one_line = " ".join(str(text).split())
    return one_line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def code(text: object) -> str:
    """``text`` as code, empty where there is none; safe inside a table."""
    return f"`{text}`".replace("|", "\\|") if str(text) else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def listed(values: Iterable[object]) -> str:
    """Values as code, separated by commas."""
    return ", ".join(code(value) for value in values)
