"""Files that survive: atomic writes, keys and hashes of content, the lock on a folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import FolderInUse, StoreError
from bench.storage import Place, is_remote, put

if TYPE_CHECKING:
    import pandas as pd


_FULL = {errno.ENOSPC, errno.EDQUOT}
_IN_THE_WAY = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY}


@contextmanager
def writing(path: Place) -> Iterator[None]:
    """Turns a full disk, or a folder that cannot be written, into a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            advice = "the disk is full. Free some space and start the same command again: finished cells are kept."
        elif error.errno in _IN_THE_WAY:
            advice = f"it cannot be written ({error.strerror}). Delete what is in its place and start again."
        else:
            advice = f"it cannot be written ({error.strerror}). Choose another place."
        raise StoreError(f"{path}: {advice}") from error


def write_bytes(path: Place, data: bytes) -> None:
    """Write the whole file or nothing: a temporary file, then a rename; one object at a URL."""
    if is_remote(path):
        put(path, data)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")  # two machines may share a number
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Place, value: Mapping[str, Any]) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_bytes(path, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def write_table(path: Place, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Write ``rows`` as Parquet with exactly ``columns`` (name -> pandas type), atomically."""
    import io

    import pandas as pd

    table = pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    write_bytes(path, buffer.getvalue())
    return table


def write_arrays(path: Place, arrays: Mapping[str, Any]) -> None:
    """Write numpy arrays by name, compressed, atomically."""
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
"""JSON that is the same for equal values."""


def digest(value: object) -> str:
    """SHA-256 of ``value`` as canonical JSON: a key made of content, not of the way it was written down."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


@contextmanager
def locked(folder: Place) -> Iterator[None]:
    """The right to write into a folder; it ends with the process, however that ends. A URL has no locks.

    Raises:
        FolderInUse: another process has it.
    """
    if is_remote(folder):
        yield
        return
    from filelock import FileLock, Timeout

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            owner = folder / ".owner"
            who = owner.read_text(encoding="utf-8") if owner.exists() else "another process"
            raise FolderInUse(
                f"{folder}: {who} is writing into this folder. Wait until it ends, stop it, or choose another --output."
            ) from None
    try:
        with writing(folder):
            (folder / ".owner").write_text(f"process {os.getpid()} on {os.uname().nodename}", encoding="utf-8")
        yield
    finally:
        (folder / ".owner").unlink(missing_ok=True)
        lock.release()


def sha256_of(path: Path) -> str:
    """Hex digest of a file, made once for as long as the file does not change; OSError where it cannot be read."""
    status = path.stat()
    return _sha256(str(path.absolute()), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)  # a plan asks for the same files at every cell
def _sha256(path: str, _size: int, _changed: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
