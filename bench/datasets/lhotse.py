"""Lhotse manifests as a dataset: cuts, or recordings with supervisions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import audio
from bench.audio import Audio
from bench.datasets.base import DatasetContext, checks_options, clashes, sample_ids, warn_of_clashes
from bench.datasets.cutting import Cut as Part
from bench.datasets.cutting import Moment, cut, unread
from bench.datasets.extracted import keep_samples
from bench.datasets.index import Facts, facts_of
from bench.datasets.lhotse_lines import Cut, Entry, Recording, Supervision, read_lines
from bench.datasets.sampling import Limit, Seed
from bench.domain import Category, Clip
from bench.errors import AudioError, DatasetError
from bench.wording import listed

TOLERANCE_S = 0.1  # readers differ about the length of MP3 files by the delay of a coder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Segment:
    """A piece of a recording that becomes a clip; ``channels`` is empty where all are meant."""

    id: str
    recording: Recording
    start_s: float
    duration_s: float | None
    channels: tuple[int, ...]
    supervisions: Sequence[Supervision]


@checks_options
def lhotse(
    name: str,
    context: DatasetContext,
    category: Category,
    path: str,
    supervisions: str | None = None,
    root: str | None = None,
    lead_in_s: Moment = 0.0,
    limit: Limit = None,
    seed: Seed = 0,
    licence: str = "",
) -> list[Clip]:
    """The cuts of a Lhotse manifest as clips; or the supervisions of recordings; or whole recordings.

    Speaker, language, gender, text and custom fields are attributes. A cut of some channels of a file is judged on a
    copy with these channels alone, as 32-bit floats, which the attribute ``written_from`` says.

    Args:
        path: manifest of cuts or of recordings, ``.jsonl`` or ``.jsonl.gz``.
        supervisions: manifest of supervisions of these recordings; each becomes a clip.
        root: folder that relative paths of audio start at; default: the folder of the manifest.
        lead_in_s: seconds before each clip that are coded too.
        limit: that many clips, chosen by ``seed``.
        licence: of the recordings.
    Raises:
        ConfigError: options of the wrong kind, all of them.
        DatasetError: lines that do not fit, by number; audio that is no file, missing files, files that are not what
            the manifest says; all of them.
    """
    what = f"dataset {name!r}"
    file = _manifest(what, path, context)
    segments = _segments(what, file, supervisions, context)
    ids = [f"{name}/{segment.id}" for segment in segments]
    if twice := [one for one, times in Counter(ids).items() if times > 1]:
        raise DatasetError(f"{what}: {file}: expected every id once, these come again: {listed(twice)}; rename them.")
    warn_of_clashes(what, clashes(ids))
    taken = sample_ids(ids, limit, seed)
    chosen = {one: segment for one, segment in zip(ids, segments, strict=True) if one in taken}
    folder = context.folder(root, f"{what}, root") if root else file.parent
    places, problems = _places(what, chosen, folder)
    problems += _missing(what, places.values(), folder)
    if problems:
        raise DatasetError("\n".join(problems))
    made = {place: _with_channels(place, context.cache_dir) for place in dict.fromkeys(places.values())}
    files = {one: made[place] for one, place in places.items()}
    facts = dict(zip(chosen, facts_of([path for path, _ in files.values()], context.cache_dir, name), strict=True))
    if problems := [line for one in chosen for line in _differences(chosen[one], files[one][0], facts[one])]:
        raise DatasetError(
            "\n".join(
                f"{what}: {problem} Correct the manifest, or restore the file." for problem in dict.fromkeys(problems)
            )
        )
    clips = []
    for one, segment in chosen.items():
        how = Part(category, segment.start_s, segment.duration_s, lead_in_s, licence)
        clip = cut(unread(name, one, files[one][0], how, _attributes(segment) | files[one][1]), facts[one], how)
        clips.append(replace(clip, source=f"{name}/{segment.recording.id}"))
    return clips


def _manifest(what: str, path: str, context: DatasetContext) -> Path:
    file = context.resolve(path)
    if not file.is_file():
        raise DatasetError(f"{what}: expected a Lhotse manifest at {file}, but there is no such file. {context.remedy}")
    return file


def _segments(what: str, file: Path, supervisions: str | None, context: DatasetContext) -> list[Segment]:
    entries = read_lines(file)
    if not entries:
        raise DatasetError(f"{what}: {file}: expected cuts or recordings, got an empty file; write it again.")
    kinds = {type(entry) for entry in entries}
    if len(kinds) > 1 or Supervision in kinds:
        found = " and ".join(sorted(f"{kind.__name__.lower()}s" for kind in kinds))
        raise DatasetError(
            f"{what}: {file}: expected cuts or recordings, got {found}; give recordings as `path` and their "
            "supervisions as `supervisions`."
        )
    if Cut in kinds and supervisions:
        raise DatasetError(f"{what}: {file} holds cuts, which bring their supervisions: leave `supervisions` out.")
    if Cut in kinds:
        return [
            Segment(one.id, one.recording, one.start, one.duration, _channels(one.channel), one.supervisions)
            for one in entries
            if isinstance(one, Cut)
        ]
    recordings = {entry.id: entry for entry in entries if isinstance(entry, Recording)}
    if not supervisions:
        return [Segment(one.id, one, 0.0, None, (), ()) for one in recordings.values()]
    return _supervised(what, recordings, _manifest(what, supervisions, context))


def _supervised(what: str, recordings: dict[str, Recording], file: Path) -> list[Segment]:
    entries: list[Entry] = read_lines(file)
    found = [entry for entry in entries if isinstance(entry, Supervision)]
    if len(found) < len(entries) or not found:
        others = len(entries) - len(found)
        raise DatasetError(
            f"{what}: {file}: expected supervisions only, got {len(found)} and {others} other lines; correct "
            "`supervisions`."
        )
    if unknown := [one.id for one in found if one.recording_id not in recordings]:
        raise DatasetError(
            f"{what}: {file}: supervisions of recordings that are not in the manifest: {listed(unknown)}. Correct "
            "`path` or `supervisions`."
        )
    if silent := sorted(recordings.keys() - {one.recording_id for one in found}):
        log.warning("%s: %d recordings without a supervision are no clips: %s.", what, len(silent), listed(silent))
    return [
        Segment(one.id, recordings[one.recording_id], max(0.0, one.start), one.duration, _channels(one.channel), [one])
        for one in found
    ]


def _channels(channel: int | tuple[int, ...] | None) -> tuple[int, ...]:
    return () if channel is None else (channel,) if isinstance(channel, int) else channel


@dataclass(frozen=True)
class Place:
    """A file, and which of its channels are meant: None for all of them."""

    path: Path
    channels: tuple[int, ...] | None


def _places(what: str, chosen: dict[str, Segment], folder: Path) -> tuple[dict[str, Place], list[str]]:
    places: dict[str, Place] = {}
    problems: list[str] = []
    for one, segment in chosen.items():
        try:
            places[one] = _place(segment, folder)
        except ValueError as error:
            problems.append(f"{what}: {one}: {error}")
    return places, problems


def _place(segment: Segment, folder: Path) -> Place:
    recording = segment.recording
    for source in recording.sources:
        if source.type != "file":
            danger = "; it would run a program" if source.type == "command" else ""
            raise ValueError(
                f"the recording {recording.id!r} has audio of the type {source.type!r}{danger}. Only files are read: "
                "save it with Lhotse's save_audios()."
            )
    if recording.transforms:
        raise ValueError(f"the recording {recording.id!r} is changed while it is read (transforms); save it first.")
    wanted = segment.channels or tuple(channel for source in recording.sources for channel in source.channels)
    for source in recording.sources:
        if {*wanted} <= {*source.channels}:
            places = tuple(source.channels.index(channel) for channel in wanted)
            every = places == tuple(range(len(source.channels)))
            return Place((folder / source.source).absolute(), None if every else places)
    there = ", ".join(f"{listed(source.channels)} in {source.source}" for source in recording.sources)
    raise ValueError(f"the channels {listed(wanted)} of {recording.id!r} are in no single file: there are {there}.")


def _missing(what: str, places: Iterable[Place], folder: Path) -> list[str]:
    absent = sorted({str(place.path) for place in places if not place.path.is_file()})
    if not absent:
        return []
    return [
        f"{what}: {len(absent)} files are missing: {listed(absent)}. Relative paths start at {folder}, which `root` "
        "changes."
    ]


def _with_channels(place: Place, cache_dir: Path) -> tuple[Path, dict[str, Any]]:
    """The file with just the channels that are meant, and what its clip says about it."""
    if place.channels is None:
        return place.path, {}
    try:
        whole = audio.read(place.path)
        part = Audio(whole.samples[list(place.channels)], whole.rate)
    except (AudioError, IndexError):
        return place.path, {}  # a clip all the same; what is wrong shows below, or when it is measured
    numbers = ", ".join(str(channel) for channel in place.channels)
    return keep_samples(part, cache_dir), {"written_from": f"channel {numbers} of {place.path.name}"}


def _differences(segment: Segment, file: Path, facts: Facts) -> list[str]:
    """What the manifest says and the file is not; nothing of one that cannot be read, which fails when measured."""
    if not facts.rate:
        return []
    recording = segment.recording
    if facts.rate != recording.sampling_rate:
        return [f"{file}: the manifest says {recording.sampling_rate} Hz, the file has {facts.rate} Hz."]
    sources = [source for source in recording.sources if {*segment.channels} <= {*source.channels}]
    if not segment.channels or segment.channels == sources[0].channels:
        expected = len(sources[0].channels)
    else:
        expected = len(segment.channels)
    if facts.channels != expected:
        return [f"{file}: the manifest says {expected} channels, the file has {facts.channels}."]
    end_s = segment.start_s + (segment.duration_s or 0.0)
    length_s = facts.samples / facts.rate
    if end_s > length_s + TOLERANCE_S or segment.start_s >= length_s:
        return [f"{file}: {segment.id} ends at {end_s:.3f} s, the file at {length_s:.3f} s."]
    return []


def _attributes(segment: Segment) -> dict[str, Any]:
    """Of the supervisions: one value where all agree, else a list; texts joined; custom fields where there is one."""
    found: dict[str, Any] = {}
    for key in ("speaker", "language", "gender"):
        values = list(dict.fromkeys(value for one in segment.supervisions if (value := getattr(one, key)) is not None))
        if values:
            found[key] = values[0] if len(values) == 1 else values
    texts = [one.text for one in sorted(segment.supervisions, key=lambda one: one.start) if one.text is not None]
    if texts:
        found["text"] = " ".join(texts)
    if len(segment.supervisions) == 1:
        custom = segment.supervisions[0].custom or {}
        found |= {key: value for key, value in custom.items() if isinstance(value, str | int | float | bool)}
    return found
