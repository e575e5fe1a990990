"""What is known of the files of a folder: one list of hashes for each archive that was unpacked there.

They lie in ``.codecbench`` below the folder, one JSON Lines file for each archive: a line on the archive, then a line
for each of its files. It is written when the archive is in place, so that it also says that this is done.
``files.jsonl`` there lists what came from no archive.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from bench.datasets.base import sha256_of
from bench.datasets.partial import Progress, ignore, replacing
from bench.datasets.unpacking import RECORDS, FileRecord
from bench.datasets.walking import Closed, refuse
from bench.errors import DatasetError
from bench.untrusted import parse_json

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 4
OWN = "files"
"""Name of the record of files that came from no archive."""


@dataclass(frozen=True, slots=True)
class Record:
    """The files that ``archive``, with ``checksum`` and from ``url``, put into a folder."""

    archive: str
    url: str
    checksum: str
    files: tuple[FileRecord, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a folder differs from its records.

    ``changed``: path, expected hashes (several archives may hold one file), found hash; for links, their targets.
    ``unreadable``: by path, why.
    """

    files: int
    changed: tuple[tuple[str, tuple[str, ...], str], ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unreadable: Mapping[str, str]


def write(folder: Path, record: Record) -> None:
    """Keep ``record``, whole or not at all."""
    head = {"archive": record.archive, "url": record.url, "checksum": record.checksum}
    with (
        replacing(_path(folder, record.archive)) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        for line in (head, *map(asdict, record.files)):
            file.write(json.dumps(line) + "\n")


def read(folder: Path, archive: str) -> Record | None:
    """The record of an archive, None where it was not unpacked here."""
    path = _path(folder, archive)
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8") as file:
            head = parse_json(next(file))
            return Record(**head, files=tuple(FileRecord(**parse_json(line)) for line in file))
    except (ValueError, TypeError, StopIteration) as error:
        raise DatasetError(
            f"{path}: cannot be read as a list of hashes ({error}). Delete it, and fetch the set again, or let "
            "`codecbench data verify` record it again."
        ) from None


def read_all(folder: Path) -> list[Record]:
    """Every record of a folder."""
    found = [read(folder, path.stem) for path in sorted((folder / RECORDS).glob("*.jsonl"))]
    return [record for record in found if record]


def in_place(folder: Path) -> set[str]:
    """The archives all files of which are there, with the size that one of the archives that hold them gave them."""
    kept = read_all(folder)
    sizes: dict[str, set[int]] = {}
    for record in kept:
        for one in record.files:
            sizes.setdefault(one.path, set()).add(one.size)

    def fits(one: FileRecord) -> bool:
        try:
            found = (folder / one.path).lstat()
        except OSError:
            return False
        return bool(one.link) or found.st_size in sizes[one.path]

    return {record.archive for record in kept if all(fits(one) for one in record.files)}


def files_below(folder: Path, closed: Closed = refuse) -> Iterator[str]:
    """Every file and link below ``folder``, relative to it, but not the records; ``closed`` is told of gaps."""
    for parent, folders, names in os.walk(folder, onerror=closed):
        if RECORDS in folders:
            folders.remove(RECORDS)
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        yield from (Path(parent, name).relative_to(folder).as_posix() for name in [*names, *linked])


def scan(folder: Path, paths: Iterable[str], progress: Progress = ignore) -> tuple[list[FileRecord], dict[str, str]]:
    """The records of files as they are, and of those that cannot be read, by path, why."""

    def look(path: str) -> FileRecord | OSError:
        place = folder / path
        try:
            if place.is_symlink():
                return FileRecord(path, 0, "", str(place.readlink()))
            return FileRecord(path, place.stat().st_size, sha256_of(place))
        except OSError as error:
            return error

    paths = list(paths)
    total = sum(_size(folder / path) for path in paths)
    found: list[FileRecord] = []
    unreadable: dict[str, str] = {}
    done = 0
    for path, record in zip(paths, threaded(look, paths), strict=True):
        if isinstance(record, OSError):
            unreadable[path] = f"{folder / path}: cannot be read ({record.strerror})."
        else:
            found.append(record)
            done += record.size
            progress(done, total)
    return found, unreadable


def compare(folder: Path, there: Collection[str], records: Iterable[Record], progress: Progress = ignore) -> Comparison:
    """Hash every recorded file of ``folder``, where the files ``there`` lie, and look for others."""
    expected: dict[str, set[str]] = {}
    for record in records:
        for one in record.files:
            expected.setdefault(one.path, set()).add(_content(one))
    found, unreadable = scan(folder, sorted(set(there) & set(expected)), progress)
    return Comparison(
        files=len(expected),
        changed=tuple(
            (one.path, tuple(sorted(expected[one.path])), _content(one))
            for one in found
            if _content(one) not in expected[one.path]
        ),
        missing=tuple(sorted(set(expected) - set(there))),
        extra=tuple(sorted(set(there) - set(expected))),
        unreadable=unreadable,
    )


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # reading it tells why
        return 0


def threaded(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``work`` on every item, a few at a time, in order; what is left is dropped when the caller stops."""
    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(work, items)


def _content(record: FileRecord) -> str:
    return f"a link to {record.link}" if record.link else f"sha256 {record.sha256}"


def _path(folder: Path, archive: str) -> Path:
    return folder / RECORDS / f"{archive}.jsonl"
