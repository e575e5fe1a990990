"""Words around numbers."""

from __future__ import annotations


def plural(number: int, what: str) -> str:
    """``1 clip``, ``2 clips``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
