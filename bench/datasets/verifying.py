"""Whether the files of a set, a folder or a manifest are still what they were, and can be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bench import audio
from bench.datasets import base, records, walking
from bench.datasets.base import SUFFIXES
from bench.datasets.by_hash import is_url
from bench.datasets.by_hash import place as place_by_hash
from bench.datasets.known.base import KnownSet
from bench.datasets.known.places import recordings_of_folder
from bench.datasets.manifest import read_manifest
from bench.datasets.partial import Progress, ignore
from bench.datasets.records import OWN, Comparison, Record
from bench.errors import AudioError, DatasetError
from bench.storage import Place, is_remote, local_copy, place


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. ``recordings`` were opened; each of the other fields names files; ``notes`` are no problems."""

    place: Place
    files: int
    recordings: int
    changed: tuple[tuple[str, tuple[str, ...], str], ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> list[str]:
        """One line for each thing that is wrong."""
        return [
            *(f"changed: {path}: expected {' or '.join(want)}, got {got}" for path, want, got in self.changed),
            *(f"missing: {path}" for path in self.missing),
            *(f"extra: {path}: no archive or earlier check knows it" for path in self.extra),
            *(f"unreadable: {reason}" for reason in self.unreadable),
        ]


def verify_folder(
    folder: Path, known: KnownSet | None = None, record: bool = False, decode: bool = False, progress: Progress = ignore
) -> Verified:
    """Compare ``folder`` with the hashes that were kept when it was fetched or first verified; open its recordings.

    A folder of which nothing is known, since the user brought it, is recorded, and every recording is decoded; what
    cannot be read is not recorded.

    Args:
        known: the set that lies there, which knows its recordings; without it, they are all audio files.
        record: take what no archive brought as right, as it is, from here on.
        decode: decode recordings to their end, not only read their headers.
    """
    kept = records.read_all(folder)
    closed: list[OSError] = []
    there = set(records.files_below(folder, closed.append))
    unreadable = {Path(str(error.filename)): str(walking.unreadable(error)) for error in closed}
    first = not kept
    listing, broken = _recordings(folder, known, there)
    readable, absent, broken_files = _opened(listing, decode or first)
    unreadable |= broken | broken_files
    notes: list[str] = []
    if first or record:
        of_archives = [one for one in kept if one.archive != OWN]
        theirs = {file.path for one in of_archives for file in one.files}
        paths = sorted(path for path in there if path not in theirs and folder / path not in unreadable)
        files, gone = records.scan(folder, paths, progress if first else ignore)
        unreadable |= {folder / path: why for path, why in gone.items()}
        own = Record(OWN, "", "", tuple(files))
        notes.append(_keep(folder, own))
        kept = [*of_archives, own]
    found = Comparison(len(kept[0].files), (), (), (), {}) if first else records.compare(folder, there, kept, progress)
    unreadable |= {folder / path: why for path, why in found.unreadable.items()}
    hidden = [Path(str(error.filename)) for error in closed]
    missing = tuple(path for path in found.missing if not any((folder / path).is_relative_to(one) for one in hidden))
    if absent:
        notes.append(f"{absent} recordings that the set's own lists name are not here; were all its subsets fetched?")
    reasons = [unreadable[path] for path in sorted(unreadable)]
    if known is not None and not readable and not reasons:
        reasons.append(f"{folder}: no recording of {known.title} is here.")
    return Verified(folder, found.files, readable, found.changed, missing, found.extra, tuple(reasons), tuple(notes))


def verify_manifest(path: Place, cache_dir: Path, decode: bool = False, progress: Progress = ignore) -> Verified:
    """Compare the files of a manifest with its hashes, and open them; a clip behind a URL where it has been fetched."""
    clips = read_manifest(path)
    absent = 0
    changed: list[tuple[str, tuple[str, ...], str]] = []
    missing: list[str] = []
    good: list[Place] = []
    expected: dict[Place, set[str]] = {}
    for clip in clips:
        fetched = place_by_hash(clip.path, clip.sha256, cache_dir) if is_url(clip.path) else None
        if fetched and not os.path.isfile(fetched):  # noqa: PTH113 - is_file raises below a closed folder
            absent += 1
        else:
            expected.setdefault(fetched or place(clip.path), set()).add(clip.sha256)
    closed: dict[Place, str] = {}
    for number, (file, hashes) in enumerate(expected.items(), start=1):
        try:
            got = base.sha256_of(local_copy(file))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            missing.append(str(file))
        except OSError as error:
            closed[file] = f"{file}: cannot be read ({error.strerror})."
        else:
            if {got} != hashes:
                changed.append((str(file), tuple(f"sha256 {one}" for one in sorted(hashes)), f"sha256 {got}"))
            else:
                good.append(file)
        progress(number, len(expected))
    readable, _, broken = _opened(good, decode)
    unreadable = tuple(why for _, why in sorted({**closed, **broken}.items(), key=lambda one: str(one[0])))
    notes = [f"{absent} clips have a URL and have not been fetched."] if absent else []
    return Verified(path, len(expected), readable, tuple(changed), tuple(missing), (), unreadable, tuple(notes))


def _keep(folder: Path, own: Record) -> str:
    try:
        records.write(folder, own)
    except DatasetError as error:
        return f"the hashes of {len(own.files)} files could not be kept for the next time: {error}"
    return f"the hashes of {len(own.files)} files were recorded now; the next time they are compared."


def _recordings(folder: Path, known: KnownSet | None, there: Collection[str]) -> tuple[list[Path], dict[Path, str]]:
    """The recordings of a folder; where they cannot be listed, why."""
    if known is None:
        return [folder / path for path in sorted(there) if path.lower().endswith(SUFFIXES)], {}
    try:
        return [recording.path for recording in recordings_of_folder(known, folder)], {}
    except DatasetError as error:
        return [], {folder: str(error)}


P = TypeVar("P", bound=Place)


def _opened(paths: Iterable[P], decode: bool) -> tuple[int, int, dict[P, str]]:
    """How many can be read, how many are not there, and what is wrong with the others."""
    reader: Callable[[Place], object] = audio.read if decode else audio.info

    def problem(path: P) -> str | None:
        try:
            if not is_remote(path):
                path.stat()
            reader(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return f"{path}: cannot be read ({error.strerror})."
        except AudioError as error:
            return str(error)
        return ""

    paths = list(paths)
    found = dict(zip(paths, records.threaded(problem, paths), strict=True))
    wrong = {path: why for path, why in found.items() if why}
    reasons = list(found.values())
    return reasons.count(""), reasons.count(None), wrong
