"""The address that opens an invitation."""

from __future__ import annotations


def link(token: str, base: str) -> str:
    """The address of ``token`` where listeners reach the app at ``base``."""
    return f"{base.rstrip('/')}/?p={token}"
