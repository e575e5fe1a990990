"""Whether the files of a set, a folder or a manifest are still what they were, and can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench import audio
from bench.datasets import base, records
from bench.datasets.base import AUDIO_FILES, find_files
from bench.datasets.fetch import is_url, place
from bench.datasets.known.base import KnownSet
from bench.datasets.manifest import read_manifest
from bench.datasets.part import Progress, ignore
from bench.datasets.records import OWN, Comparison, Record
from bench.errors import AudioError, CodecbenchError, DatasetError


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. ``recordings`` were opened; each of the other fields names files; ``notes`` are no problems."""

    place: Path
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

    A folder of which nothing is known, since the user brought it, is recorded, and every recording is decoded.

    Args:
        known: the set that lies there, which knows its recordings; without it, they are all audio files.
        record: take what no archive brought as right, as it is, from here on.
        decode: decode recordings to their end, not only read their headers.
    """
    kept = records.read_all(folder)
    notes: list[str] = []
    first = not kept
    if first or record:
        of_archives = [one for one in kept if one.archive != OWN]
        theirs = {file.path for one in of_archives for file in one.files}
        paths = sorted(path for path in records.files_below(folder) if path not in theirs)
        own = Record(OWN, "", "", tuple(records.scan(folder, paths, progress if first else ignore)))
        notes.append(_keep(folder, own))
        kept = [*of_archives, own]
    found = Comparison(len(kept[0].files), (), (), ()) if first else records.compare(folder, kept, progress)
    readable, absent, unreadable = _opened(_recordings(folder, known), decode or first)
    if absent:
        notes.append(f"{absent} recordings that the set's own lists name are not here; were all its subsets fetched?")
    return Verified(folder, found.files, readable, found.changed, found.missing, found.extra, unreadable, tuple(notes))


def verify_manifest(path: Path, cache_dir: Path, decode: bool = False, progress: Progress = ignore) -> Verified:
    """Compare the files of a manifest with its hashes, and open them; a clip behind a URL where it has been fetched."""
    clips = read_manifest(path)
    absent = 0
    changed: list[tuple[str, tuple[str, ...], str]] = []
    missing: list[str] = []
    good: list[Path] = []
    expected: dict[Path, set[str]] = {}
    for clip in clips:
        file = place(clip.path, clip.sha256, cache_dir) if is_url(clip.path) else Path(clip.path)
        if is_url(clip.path) and not file.is_file():
            absent += 1
        else:
            expected.setdefault(file, set()).add(clip.sha256)
    for number, (file, hashes) in enumerate(expected.items(), start=1):
        if not file.is_file():
            missing.append(str(file))
        elif {got := base.sha256_of(file)} != hashes:
            changed.append((str(file), tuple(f"sha256 {one}" for one in sorted(hashes)), f"sha256 {got}"))
        else:
            good.append(file)
        progress(number, len(expected))
    readable, _, unreadable = _opened(good, decode)
    notes = [f"{absent} clips have a URL and have not been fetched."] if absent else []
    return Verified(path, len(expected), readable, tuple(changed), tuple(missing), (), unreadable, tuple(notes))


def _keep(folder: Path, own: Record) -> str:
    try:
        records.write(folder, own)
    except DatasetError as error:
        return f"the hashes of {len(own.files)} files could not be kept for the next time: {error}"
    return f"the hashes of {len(own.files)} files were recorded now; the next time they are compared."


def _recordings(folder: Path, known: KnownSet | None) -> Iterable[Path]:
    if known is None:
        return find_files(folder, AUDIO_FILES, ())
    try:
        return [recording.path for recording in known.recordings(folder)]
    except (CodecbenchError, OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{folder}: the recordings of {known.title} cannot be listed: {error}") from None


def _opened(paths: Iterable[Path], decode: bool) -> tuple[int, int, tuple[str, ...]]:
    """How many can be read, how many are not there, and what is wrong with the others."""
    reader: Callable[[Path], object] = audio.read if decode else audio.info

    def problem(path: Path) -> str | None:
        if not path.exists():
            return None
        try:
            reader(path)
        except AudioError as error:
            return str(error)
        return ""

    found = list(records.threaded(problem, paths))
    return found.count(""), found.count(None), tuple(reason for reason in found if reason)
