"""A known set from the network to its folder: several downloads at once, each archive unpacked when it has come."""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bench.datasets import archives, licences, records
from bench.datasets.base import DatasetContext, sha256_of
from bench.datasets.collection import Unit, archives_of, by_hand, fetched_to, state, units
from bench.datasets.download import PATIENCE, Patience, download, remote_size
from bench.datasets.known.base import Archive, KnownSet
from bench.datasets.known.places import missing_from
from bench.datasets.part import bytes_there, discard, replacing, require_space, was_downloaded, writing
from bench.datasets.unpacking import RECORDS, FileRecord, require_place
from bench.errors import DatasetError

PARALLEL = 3
UNPACKED = 1.3
"""Bytes of audio for each byte of its archive, about: what is looked for on the disk before anything starts."""

GRACE_S = 2.0  # for the downloads to note that they were stopped


class Watch(Protocol):
    """Told, from several threads, how far each file is: ``doing`` is ``downloading`` or ``unpacking``."""

    def __call__(self, name: str, doing: str, done: int, total: int | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where the set lies, the archives that were unpacked now, and what is worth knowing."""

    folder: Path
    unpacked: tuple[str, ...]
    notes: tuple[str, ...] = ()


class _StoppedError(Exception):
    """The user stopped it."""


def unwatched(name: str, doing: str, done: int, total: int | None) -> None:
    """A watch that nobody looks at."""


def fetch(
    known: KnownSet,
    context: DatasetContext,
    subsets: Sequence[str] = (),
    accept_licence: bool = False,
    parallel: int = PARALLEL,
    keep_archives: bool = False,
    patience: Patience = PATIENCE,
    watch: Watch = unwatched,
) -> Fetched:
    """Bring ``known`` to its folder, or the rest of it; what is there already is not fetched again.

    Archives that lie in :func:`~bench.datasets.collection.archives_of` its folder are used as if they had been
    downloaded. Those that were downloaded are deleted when they are unpacked, unless ``keep_archives``. It may be
    stopped or killed at any time, and continues where it was.

    Raises:
        ConfigError: no such subset; the licence has not been accepted.
        DatasetError: what could not be fetched or unpacked, all of it, and how to bring it by hand; another process
            fetches the same set; the disk has no room.
    """
    found = state(known, context)
    wanted = units(known, subsets)
    if found.status == "there" and not _begun(found.folder):
        note = "was brought here by hand; nothing was fetched."
        return Fetched(found.folder, (), (note,) if known.archives else ())
    if not known.archives:
        raise DatasetError(by_hand(known, found.folder, ()))
    if not _left(found.folder, wanted):
        return Fetched(found.folder, (), ())
    licences.require(known, context.cache_dir, accept_licence)
    with _alone(archives_of(found.folder)):
        to_do = _left(found.folder, wanted)
        _require_space(known, found.folder, to_do, patience)
        notes = _fetch(known, found.folder, to_do, parallel, keep_archives, patience, watch)
    if missing := missing_from(known, found.folder):
        raise DatasetError(
            f"{found.folder}: everything was unpacked, but it is not recognised as {known.title}: nothing matches "
            f"{', '.join(missing)}. The publisher may have changed the archives."
        )
    return Fetched(found.folder, tuple(unit.archive.name for unit in to_do), tuple(notes))


def _fetch(
    known: KnownSet,
    folder: Path,
    to_do: Sequence[Unit],
    parallel: int,
    keep_archives: bool,
    patience: Patience,
    watch: Watch,
) -> list[str]:
    """Fetch and unpack, in the listed order, so that what a later archive replaces does not depend on the network."""
    with writing(folder):
        (folder / RECORDS / "unpacking").mkdir(parents=True, exist_ok=True)
    notes: list[str] = []
    problems: list[str] = []
    failed: list[Unit] = []
    with _downloads([one for unit in to_do for one in unit.archives], folder, parallel, patience, watch) as coming:
        for unit in to_do:
            try:
                checksums = [coming[one.name].result() for one in unit.archives]
                notes += _unpack(unit, folder, checksums[-1], keep_archives, watch)
            except DatasetError as error:
                problems.append(str(error))
                failed.append(unit)
    if not problems or not fetched_to(folder):  # else the empty folder tells that there is more to come
        shutil.rmtree(folder / RECORDS / "unpacking", ignore_errors=True)
    if problems:
        for empty in (folder / RECORDS, folder):
            with suppress(OSError):
                empty.rmdir()
        raise DatasetError("\n".join([*problems, by_hand(known, folder, failed)]))
    return notes


def _unpack(unit: Unit, folder: Path, checksum: str, keep_archives: bool, watch: Watch) -> list[str]:
    name = unit.archive.name
    file, *earlier = (archives_of(folder) / one.name for one in (unit.archive, *unit.earlier))
    inside = unit.archive.inside
    clashes: tuple[tuple[str, str], ...] = ()
    if archives.is_archive(name):
        try:
            done = archives.unpack(
                file,
                folder,
                folder / RECORDS / "unpacking" / name,
                inside,
                earlier,
                progress=lambda count, total: watch(name, "unpacking", count, total),
            )
        except archives.BrokenArchive as error:
            if not was_downloaded(file):
                raise DatasetError(f"{error} Put the right file there, or delete it to fetch it.") from None
            for one in (file, *earlier):
                discard(one)
            raise DatasetError(f"{error} It was deleted; the same command fetches it again.") from None
        files, clashes = done.files, done.clashes
    else:
        require_place(file, folder, folder / inside / name)
        files = (_copied(file, folder / inside / name),)
    if inside:
        files = tuple(replace(one, path=f"{inside}/{one.path}") for one in files)
    records.write(folder, records.Record(name, unit.archive.url, checksum, files))
    for one in (file, *earlier):
        if was_downloaded(one) and not keep_archives:
            discard(one)
    return [f"{name}: {one!r} and {other!r} differ in case only." for one, other in clashes]


def _copied(file: Path, place: Path) -> FileRecord:
    with replacing(place) as temporary:
        shutil.copyfile(file, temporary)
    return FileRecord(place.name, place.stat().st_size, sha256_of(place))


def _begun(folder: Path) -> bool:
    """Whether :func:`fetch` put something into ``folder``, or was about to."""
    return bool(fetched_to(folder)) or (folder / RECORDS / "unpacking").exists()


def _left(folder: Path, wanted: Sequence[Unit]) -> list[Unit]:
    done = records.in_place(folder)
    return [unit for unit in wanted if unit.archive.name not in done]


def _require_space(known: KnownSet, folder: Path, to_do: Sequence[Unit], patience: Patience) -> None:
    def size(one: Archive) -> tuple[int, int]:
        there = bytes_there(archives_of(folder) / one.name)
        total = one.size_bytes or remote_size(one.url, replace(patience, timeout_s=min(10.0, patience.timeout_s)))
        return there, max(there, total or 0)

    sizes = list(records.threaded(size, [one for unit in to_do for one in unit.archives]))
    needed = sum(total - there for there, total in sizes) + round(UNPACKED * sum(total for _, total in sizes))
    require_space(folder, needed, f"{known.title}: about what fetching and unpacking")


@contextmanager
def _downloads(
    wanted: Sequence[Archive], folder: Path, parallel: int, patience: Patience, watch: Watch
) -> Iterator[dict[str, Future[str]]]:
    """The checksums of the archives, as they come. The threads are daemons: a silent server must not delay Ctrl-C."""
    waiting = deque(wanted)
    coming: dict[str, Future[str]] = {one.name: Future() for one in wanted}
    stopped = threading.Event()

    def work() -> None:
        while waiting and not stopped.is_set():
            try:
                one = waiting.popleft()
            except IndexError:
                return

            def tell(done: int, total: int | None, name: str = one.name) -> None:
                if stopped.is_set():
                    raise _StoppedError
                watch(name, "downloading", done, total)

            try:
                target = archives_of(folder) / one.name
                coming[one.name].set_result(
                    download(one.url, target, one.checksum, one.size_bytes, patience=patience, progress=tell)
                )
            except BaseException as error:  # noqa: BLE001  # raised again where the result is asked for
                coming[one.name].set_exception(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(parallel, len(wanted)))]
    for thread in threads:
        thread.start()
    try:
        yield coming
    finally:
        stopped.set()
        for thread in threads:
            thread.join(GRACE_S / len(threads))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The right to fetch into ``folder``; it ends with the process. An empty folder is removed in the end."""
    from filelock import FileLock, Timeout

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise DatasetError(f"{folder}: another process is fetching this set. Wait until it ends.") from None
    try:
        yield
    finally:
        lock.release()
        if {path.name for path in folder.iterdir()} <= {".lock"}:
            shutil.rmtree(folder, ignore_errors=True)
