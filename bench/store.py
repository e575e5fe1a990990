"""Files that survive: atomic writes, the journal of a run, the cache of bitstreams, the lock on a run folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.domain import Encoded
from bench.errors import RunInUse, StoreError
from bench.untrusted import parse_json

if TYPE_CHECKING:
    import pandas as pd

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns a full disk, or a folder that cannot be written, into a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            advice = "the disk is full. Free some space and start the same command again: finished cells are kept."
        else:
            advice = f"it cannot be written ({error.strerror}). Choose another place."
        raise StoreError(f"{path}: {advice}") from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write the whole file or nothing: a temporary file, then a rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_bytes(path, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Write ``rows`` as Parquet with exactly ``columns`` (name -> pandas type), atomically."""
    import io

    import pandas as pd

    table = pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    write_bytes(path, buffer.getvalue())
    return table


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write numpy arrays by name, compressed, atomically."""
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, Any]:
    """What :func:`write_arrays` has written.

    Raises:
        StoreError: it is not there, or damaged.
    """
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as found:
            return dict(found)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{path}: cannot be read ({reason}). Start the same command again: it is made anew.") from None


def digest(value: object) -> str:
    """SHA-256 of ``value`` as canonical JSON: a key made of content, not of the way it was written down."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Journal:
    """The finished cells of a run, appended as they finish: ``key -> row``, the last line of a key counts.

    One JSON object a line. A process that is killed leaves at most one torn line at the end, which is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Mapping[str, Any]]
        self.rows, whole = _read_journal(path)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
            self._file.truncate(whole)

    @staticmethod
    def read(path: Path) -> dict[str, Mapping[str, Any]]:
        """The finished cells in the journal at ``path``, without opening it for writing."""
        return _read_journal(path)[0]

    def append(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Add finished rows; they are in the file when this returns."""
        lines = [json.dumps({"key": key, "row": row}, ensure_ascii=False) + "\n" for key, row in rows.items()]
        with writing(self.path):
            self._file.write("".join(lines).encode())
            self._file.flush()
        self.rows.update(rows)

    def close(self) -> None:
        with writing(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def _read_journal(path: Path) -> tuple[dict[str, Mapping[str, Any]], int]:
    """The rows by key, and the length of the file without a torn last line."""
    rows: dict[str, Mapping[str, Any]] = {}
    whole = 0
    if path.exists():
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                entry = parse_json(line)
                rows[entry["key"]] = entry["row"]
            except (ValueError, KeyError, TypeError):
                continue  # a damaged line costs its own cells, which are measured again
    return rows, whole


COUNTED = ("payload_bits", "delay_samples", "stated", "lag_samples")
"""What an entry of the cache says of its bitstream."""


class Cache:
    """Bitstreams by the content key of their cell. Immutable, safe to delete, shared by all runs.

    An entry is a checksum, one line of JSON and then the stream. An entry that cannot be read counts as absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / "bitstreams" / key[:2] / f"{key}.cbs"

    def get(self, key: str) -> tuple[Encoded, dict[str, Any]] | None:
        """The bitstream of ``key`` and the facts that were stored with it."""
        try:
            head, _, stream = self.path(key).read_bytes().partition(b"\n")
            checksum, _, facts_text = head.partition(b" ")
            if checksum.decode() != hashlib.sha256(facts_text + stream).hexdigest():
                return None
            facts = parse_json(facts_text)
            return Encoded(stream, *(facts[name] for name in COUNTED)), facts
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, encoded: Encoded, facts: Mapping[str, Any]) -> None:
        counted = {name: getattr(encoded, name) for name in COUNTED}
        facts_text = json.dumps({**facts, **counted}).encode()
        checksum = hashlib.sha256(facts_text + encoded.stream).hexdigest().encode()
        write_bytes(self.path(key), checksum + b" " + facts_text + b"\n" + encoded.stream)

    def prune(self, limit_bytes: int) -> int:
        """Delete the entries that were used longest ago until the rest fits; returns how many."""
        entries = [(path.stat(), path) for path in self.folder.glob("bitstreams/*/*.cbs")]
        excess = sum(stat.st_size for stat, _ in entries) - limit_bytes
        removed = 0
        for stat, path in sorted(entries, key=lambda entry: max(entry[0].st_atime, entry[0].st_mtime)):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= stat.st_size
            removed += 1
        return removed


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The right to write into a run folder; it ends with the process, however that ends.

    Raises:
        RunInUse: another process has it.
    """
    from filelock import FileLock, Timeout

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            owner = folder / ".owner"
            who = owner.read_text(encoding="utf-8") if owner.exists() else "another process"
            raise RunInUse(
                f"{folder}: {who} is writing to this run. Wait until it ends, stop it, or choose another --output."
            ) from None
    try:
        with writing(folder):
            (folder / ".owner").write_text(f"process {os.getpid()} on {os.uname().nodename}", encoding="utf-8")
        yield
    finally:
        (folder / ".owner").unlink(missing_ok=True)
        lock.release()
