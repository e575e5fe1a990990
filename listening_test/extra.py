"""What the extra ``listen`` installs: a command that misses a part of it says so in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import MissingRequirement

PACKAGES = ("alembic", "argon2", "pingouin", "sqlalchemy", "starlette", "streamlit", "uvicorn")
"""What is imported of it, by its first name."""


@contextmanager
def needing(what: str) -> Iterator[None]:
    """Import packages of the extra within.

    Args:
        what: what needs them, as the message begins.
    Raises:
        MissingRequirement: one of PACKAGES is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in PACKAGES:
            raise
        raise MissingRequirement(f"{what} needs {package}: pip install 'codecbench[listen]'") from None
