"""What an operating system must have for worker processes."""

from __future__ import annotations

import os

from bench.errors import MissingRequirement


def missing() -> str:
    """Why nothing can be measured on this operating system, and what to do; empty where it can."""
    if os.name == "posix":
        return ""
    return (
        "measuring needs Linux or macOS: worker processes are ended as process groups, and Windows has none. "
        "To get it: install the Windows Subsystem for Linux (wsl --install) and codecbench in it. Reports, "
        "leaderboards and comparisons of finished runs work natively; docs/platforms.md has the list."
    )


def require() -> None:
    """Raise MissingRequirement where nothing can be measured."""
    if why := missing():
        raise MissingRequirement(why)
