"""The hash of a file, for identities and keys: made once for as long as the file does not change."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Hex digest of the content; OSError where it cannot be read."""
    status = path.stat()
    return _digest(str(path.absolute()), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)  # a plan asks for the same files at every cell
def _digest(path: str, _size: int, _changed: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
