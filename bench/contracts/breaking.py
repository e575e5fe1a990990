"""What the rules share: how one is broken."""

from __future__ import annotations


class Broken(AssertionError):
    """A rule is not kept."""


def require(kept: bool, otherwise: str) -> None:
    """Raise Broken, which says ``otherwise``, unless the rule is ``kept``."""
    if not kept:
        raise Broken(otherwise)
