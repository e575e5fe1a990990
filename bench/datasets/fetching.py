"""A known set from the network to its folder: several downloads at once, each archive unpacked when it has come."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.datasets import accepted_licences, archives, records
from bench.datasets.base import DatasetContext, sha256_of
from bench.datasets.collection import Unit, archives_of, by_hand, fetched_to, state, subsets_of, units
from bench.datasets.download import PATIENCE, Patience
from bench.datasets.known.base import Archive, KnownSet
from bench.datasets.known.places import ALL, absent, missing_from, recordings_of_folder
from bench.datasets.parallel import Skipped, Watch, downloads, sizes
from bench.datasets.partial import bytes_there, discard, replacing, require_space, was_downloaded, writing
from bench.datasets.unpacking import RECORDS, BrokenArchive, FileRecord, Refused, require_place
from bench.errors import ConfigError, DatasetError
from bench.storage import is_remote
from bench.wording import listed

PARALLEL = 3
UNPACKED = 1.3
"""Bytes of audio for each byte of its archive, about: what is looked for on the disk before anything starts."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where the set lies, the archives that were unpacked now, and what is worth knowing."""

    folder: Path
    unpacked: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What fetching would do: ``left`` to fetch into ``folder``, what is ``lacking`` there, and if all was brought."""

    folder: Path
    left: tuple[Unit, ...]
    lacking: str
    brought: bool


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
    ahead = outlook(known, context, subsets)
    if not ahead.left and not ahead.lacking:
        note = "was brought here by hand; nothing was fetched."
        return Fetched(ahead.folder, (), (note,) if ahead.brought and known.archives else ())
    _require_licence(known, ahead, context, accept_licence)
    notes: list[str] = []
    if ahead.left:
        with _alone(archives_of(ahead.folder)):
            to_do = _left(ahead.folder, ahead.left)
            notes = _require_space(known, ahead.folder, to_do, patience, watch)
            notes += _fetch(known, ahead.folder, to_do, parallel, keep_archives, patience, watch)
    if lacking := _lacking(known, ahead.folder, subsets):
        raise DatasetError(
            f"{ahead.folder}: everything was unpacked, but it is not recognised as {known.title}: {lacking}. The "
            "publisher may have changed the archives."
        )
    return Fetched(ahead.folder, tuple(unit.archive.name for unit in ahead.left), tuple(notes))


def outlook(known: KnownSet, context: DatasetContext, subsets: Sequence[str] = ()) -> Outlook:
    """What of ``subsets`` is here, and what :func:`fetch` would do about the rest.

    Raises:
        ConfigError: no such subset; the data folder is a file.
        DatasetError: a folder or a table of the set that cannot be read.
    """
    wanted = units(known, subsets)
    data = context.data_dir
    if data is not None and not is_remote(data) and data.exists() and not data.is_dir():
        raise ConfigError(f"{data}: expected a folder for the data, but that is a file.")
    found = state(known, context)
    lacking = _lacking(known, found.folder, subsets)
    brought = not _begun(found.folder)
    left = _left(found.folder, wanted) if lacking or not brought else []
    return Outlook(found.folder, tuple(left), lacking, brought and not lacking)


def _lacking(known: KnownSet, folder: Path, subsets: Sequence[str]) -> str:
    """What of ``subsets`` is not in ``folder``, for people; empty where all of it is."""
    if missing := missing_from(known, folder):
        return f"nothing matches {', '.join(missing)}"
    found = recordings_of_folder(known, folder)
    parts = subsets_of(known)
    asked = list(subsets) or [known.split or ALL]
    names = [name for one in asked for name in (parts if one == ALL and parts else [one])]
    for name in names:
        of_it = [one for one in found if name == one.subset or name not in known.subsets]
        lost = absent(of_it)
        what = f" of {name}" if name in known.subsets else ""
        if not of_it:
            return f"there is no recording{what}"
        if lost:
            paths = [path.relative_to(folder) if path.is_relative_to(folder) else path for path in lost]
            return f"{len(lost)} of {len(of_it)} recordings{what} that it lists are missing: {listed(paths)}"
    return ""


def _require_licence(known: KnownSet, ahead: Outlook, context: DatasetContext, accept_licence: bool) -> None:
    """Raise ConfigError unless the licence is accepted; DatasetError then, for a set that has to be brought."""
    if known.archives:
        accepted_licences.require(known, context.cache_dir, accept_licence)
        return
    how = f"{by_hand(known, ahead.folder, ())}\nWhat is not there yet: {ahead.lacking}."
    try:
        accepted_licences.require(known, context.cache_dir, accept_licence)
    except ConfigError as error:
        raise ConfigError(f"{how}\n{error}") from None
    raise DatasetError(how)


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
    skipped: Counter[str] = Counter()
    wanted = [one for unit in to_do for one in unit.archives]
    with downloads(wanted, _place_in(folder), parallel, patience, watch) as coming:
        for unit in to_do:
            try:
                checksums = [coming[one.name].result() for one in unit.archives]
            except DatasetError as error:
                failed.append(unit)
                if isinstance(error, Skipped):
                    skipped[str(error)] += 1
                else:
                    problems.append(str(error))
                continue
            try:
                notes += _unpack(unit, folder, checksums[-1], keep_archives, watch)
            except DatasetError as error:
                problems.append(str(error))
    problems += [f"{silent}: {count} more of its files were not asked for." for silent, count in skipped.items()]
    if not problems or not fetched_to(folder):  # else the empty folder tells that there is more to come
        shutil.rmtree(folder / RECORDS / "unpacking", ignore_errors=True)
    if problems:
        for empty in (folder / RECORDS, folder):
            with suppress(OSError):
                empty.rmdir()
        raise DatasetError("\n".join([*problems, *([by_hand(known, folder, failed)] if failed else [])]))
    return notes


def _unpack(unit: Unit, folder: Path, checksum: str, keep_archives: bool, watch: Watch) -> list[str]:
    name = unit.archive.name
    file, *earlier = (archives_of(folder) / one.name for one in (unit.archive, *unit.earlier))
    inside = unit.archive.inside
    clashes: tuple[tuple[str, str], ...] = ()
    try:
        if archives.is_archive(name):
            done = archives.unpack(
                file,
                folder,
                folder / RECORDS / "unpacking" / name,
                inside,
                earlier,
                progress=lambda count, total: watch(name, "unpacking", count, total),
            )
            files, clashes = done.files, done.clashes
        else:
            require_place(file, folder, folder / inside / name)
            files = (_copied(file, folder / inside / name),)
    except (BrokenArchive, Refused) as error:
        if not was_downloaded(file):
            raise DatasetError(f"{error} Put the right file there, or delete it to fetch it.") from None
        for one in filter(was_downloaded, (file, *earlier)):
            discard(one)
        raise DatasetError(f"{error} It was deleted; the same command fetches it again.") from None
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


def _place_in(folder: Path) -> Callable[[Archive], Path]:
    """Where archives of the set in ``folder`` lie while they are needed."""
    return lambda archive: archives_of(folder) / archive.name


def _require_space(known: KnownSet, folder: Path, to_do: Sequence[Unit], patience: Patience, watch: Watch) -> list[str]:
    """Raise DatasetError where the disk is too small; a note where that could not be known for all files."""
    wanted = [one for unit in to_do for one in unit.archives]
    total = sizes(wanted, _place_in(folder), patience, watch)
    there = [bytes_there(archives_of(folder) / one.name) for one in wanted]
    needed = sum(total) - sum(there) + round(UNPACKED * sum(total))
    require_space(folder, needed, f"{known.title}: about what fetching and unpacking")
    if unknown := total.count(0):
        return [f"whether the disk has room was not known beforehand: {unknown} of {len(wanted)} files state no size."]
    return []


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
