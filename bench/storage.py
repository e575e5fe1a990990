"""Places by name: a local path, or the URL of a store such as ``s3://bucket/folder``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import TypeIs
    from upath import UPath

    Place = Path | UPath
    """A folder or a file: both kinds have the methods of ``pathlib`` that are used here."""


def place(name: str | os.PathLike[str]) -> Place:
    """The place called ``name``: a URL has ``://`` in it, everything else is a path of this machine."""
    if not isinstance(name, str) or "://" not in name:
        return Path(name)
    from upath import UPath

    return UPath(name)


def is_remote(where: Place) -> TypeIs[UPath]:
    """Whether ``where`` is no file of this machine."""
    return not isinstance(where, Path)
