"""Links from a page to audio files beside it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def link(path: Path, folder: Path) -> str:
    """A relative URL of ``path`` for a page in ``folder``: both can be moved together, and nothing else is named."""
    relative = os.path.relpath(path.resolve(), folder.resolve())
    return quote(Path(relative).as_posix())
