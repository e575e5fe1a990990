"""How sentences count things, name the first of many, and say where in a document something is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def counted(number: int, noun: str) -> str:
    """Such as ``1 clip`` or ``2 clips``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[object], shown: int = 5) -> str:
    """The first few of ``names`` and how many more there are, such as ``a, b and 3 more``."""
    more = len(names) - shown
    return ", ".join(map(str, names[:shown])) + (f" and {more} more" if more > 0 else "")


def key_of(location: Iterable[str | int]) -> str:
    """A place in nested mappings and lists, such as ``codecs[0].name``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "(top)"
