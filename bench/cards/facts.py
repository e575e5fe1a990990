"""What a data card says of a dataset, as numbers and texts. Pure: from clips and what was measured of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.audit.marks import TABLE as MARKS
from bench.auditing import AuditRow
from bench.cards.attribution import attribution_of
from bench.datasets.bandwidth import bandwidth_class
from bench.datasets.known.base import KnownSet
from bench.datasets.licence_terms import NOT_STATED, asks, is_stated, read
from bench.datasets.sampling import UNKNOWN, stratum_of
from bench.domain import Category, Clip

SPEECH: tuple[Category, ...] = ("speech", "noisy_reverberant_speech")
MUSIC: tuple[Category, ...] = ("music",)
EVERYTHING: tuple[Category, ...] = (*SPEECH, *MUSIC)

ATTRIBUTES: tuple[tuple[str, tuple[Category, ...]], ...] = (
    ("set", EVERYTHING), ("subset", EVERYTHING), ("language", SPEECH), ("accent", SPEECH), ("gender", SPEECH),
    ("genre", MUSIC),
)  # fmt: skip
"""Attributes that are counted, and the categories in which a clip without one counts as unknown."""


@dataclass(frozen=True, slots=True)
class Count:
    """Clips that share a value, and how long they are together."""

    value: str
    clips: int
    hours: float


@dataclass(frozen=True, slots=True)
class Table:
    """How the clips divide over the values of ``key``."""

    key: str
    title: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values of the clips by category, and how many clips have none."""

    key: str
    title: str
    unit: str
    values: Mapping[str, tuple[float, ...]]
    without: int

    @property
    def all(self) -> list[float]:
        """Every value, from the smallest."""
        return sorted(value for values in self.values.values() for value in values)


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """Clips under the same words; a mixture counts under those of each of its recordings.

    ``links`` are ``(name, url)`` of the licences that the words name.
    """

    stated: str
    identifiers: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    asks: tuple[str, ...]
    clips: int
    hours: float


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A kind of trouble that the audit found, and in how many clips."""

    name: str
    serious: bool
    meaning: str
    clips: int


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that stands on a card.

    ``hours`` is that of the parts that are judged; ``without_speaker`` counts clips of speech that name no speaker.
    Whoever made the dataset may add a ``warning``, the ``licence`` of the whole, and ``more`` pairs of term and text.
    """

    name: str
    title: str
    about: str
    sets: tuple[KnownSet, ...]
    clips: int
    unreadable: int
    hours: float
    sources: int
    speakers: int
    without_speaker: int
    languages: tuple[str, ...]
    tables: tuple[Table, ...]
    distributions: tuple[Distribution, ...]
    licences: tuple[LicenceRow, ...]
    attribution: str
    marks: tuple[MarkRow, ...]
    samplings: tuple[str, ...]
    sha256: str
    warning: str = ""
    licence: str = ""
    more: tuple[tuple[str, str], ...] = ()


def card_of(
    name: str, rows: Sequence[AuditRow], sets: Mapping[str, KnownSet], title: str = "", about: str = ""
) -> Card:
    """The card of the clips in ``rows``.

    Args:
        sets: the known sets by name, for what is published about them; the attribute ``set`` of a clip names its own.
        title: else that of the known set, or the name.
        about: what the author of the dataset has to say of it.
    """
    clips = [_with_language(row.clip, sets) for row in rows]
    used = tuple(
        sets[one] for one in dict.fromkeys(str(clip.attributes.get("set", "")) for clip in clips) if one in sets
    )
    seconds = {row.clip.id: seconds_of(row) for row in rows}
    known_title = used[0].title if len(used) == 1 else name
    spoken = [clip for clip in clips if clip.category in SPEECH]
    return Card(
        name=name,
        title=title or known_title,
        about=about,
        sets=used,
        clips=len(clips),
        unreadable=sum(row.facts is None for row in rows),
        hours=math.fsum(seconds.values()) / 3600,
        sources=len({(clip.dataset, clip.source or clip.id) for clip in clips}),
        speakers=len(
            {(clip.dataset, str(clip.attributes["speaker"])) for clip in spoken if clip.attributes.get("speaker")}
        ),
        without_speaker=sum(not clip.attributes.get("speaker") for clip in spoken),
        languages=tuple(sorted({value for clip in spoken for value in stratum_of(clip, ["language"])} - {UNKNOWN})),
        tables=tuple(_tables(clips, rows, seconds)),
        distributions=tuple(_distributions(rows)),
        licences=tuple(_licences(clips, seconds)),
        attribution=attribution_of(title or name, clips, sets),
        marks=tuple(_marks(rows)),
        samplings=tuple(sorted({_sampling(clip) for clip in clips if "sampling" in clip.attributes})),
        sha256=content_hash(clips),
    )


def content_hash(clips: Sequence[Clip]) -> str:
    """SHA-256 over the hashes of the clips' files, sorted, one a line: what ``sort | sha256sum`` gives for them."""
    lines = sorted(f"{clip.sha256}\n" for clip in clips)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def seconds_of(row: AuditRow) -> float:
    """Duration of the part that is judged; 0 where the file cannot be read."""
    return row.facts.seconds if row.facts is not None else 0.0


def _with_language(clip: Clip, sets: Mapping[str, KnownSet]) -> Clip:
    """A clip of a set in one language speaks it, also where no file says so."""
    known = sets.get(str(clip.attributes.get("set", "")))
    if known is None or len(known.languages) != 1 or "language" in clip.attributes:
        return clip
    return replace(clip, attributes={**clip.attributes, "language": known.languages[0]})


def _tables(clips: Sequence[Clip], rows: Sequence[AuditRow], seconds: Mapping[str, float]) -> list[Table]:
    def table(key: str, title: str, values: Mapping[str, str]) -> Table:
        return _table(key, title, [(value, seconds[clip_id]) for clip_id, value in values.items()])

    made = [table("category", "Categories", {clip.id: clip.category.replace("_", " ") for clip in clips})]
    for key, categories in ATTRIBUTES:
        if any(key in clip.attributes for clip in clips):
            meant = [clip for clip in clips if clip.category in categories or key in clip.attributes]
            made.append(table(key, f"{key.capitalize()}s", {clip.id: stratum_of(clip, [key])[0] for clip in meant}))
    rates = {clip.id: f"{clip.sample_rate} Hz" if clip.sample_rate else UNKNOWN for clip in clips}
    return [
        *made,
        table("rate", "Sample rates", rates),
        table("channels", "Channels", {clip.id: str(clip.channels or UNKNOWN) for clip in clips}),
        table("bandwidth", "Bandwidths", {row.clip.id: _band(row) for row in rows}),
    ]


def _table(key: str, title: str, values: Sequence[tuple[str, float]]) -> Table:
    """Counts and durations of ``values``, pairs of value and seconds; the most frequent first, unknown last."""
    found: dict[str, list[float]] = {}
    for value, seconds in values:
        found.setdefault(value, []).append(seconds)
    ordered = sorted(found.items(), key=lambda item: (item[0] == UNKNOWN, -len(item[1]), item[0]))
    return Table(key, title, tuple(Count(value, len(each), math.fsum(each) / 3600) for value, each in ordered))


def _band(row: AuditRow) -> str:
    return UNKNOWN if row.facts is None or not row.facts.bandwidth_hz else bandwidth_class(row.facts.bandwidth_hz)


def _distributions(rows: Sequence[AuditRow]) -> list[Distribution]:
    def of_facts(name: str) -> Callable[[AuditRow], Any]:
        return lambda row: None if row.facts is None else getattr(row.facts, name)

    def of_attribute(name: str) -> Callable[[AuditRow], Any]:
        return lambda row: row.clip.attributes.get(name)

    stated_rt60 = any(of_attribute("rt60_s")(row) is not None for row in rows)
    made = [
        _distribution("bandwidth_hz", "Bandwidth", "kHz", rows, lambda row: _thousands(of_facts("bandwidth_hz")(row))),
        _distribution("loudness_lufs", "Loudness", "LUFS", rows, of_facts("loudness_lufs")),
        _distribution("seconds", "Duration", "s", rows, of_facts("seconds")),
        _distribution("range_db", "Loud parts above the noise floor", "dB", rows, of_facts("range_db")),
        _distribution("snr_db", "Signal-to-noise ratio, as stated", "dB", rows, of_attribute("snr_db")),
        _distribution("rt60_s", "Reverberation time, as stated", "s", rows, of_attribute("rt60_s"))
        if stated_rt60
        else _distribution("rt60_s", "Reverberation time, measured", "s", rows, lambda row: row.rt60_s),
    ]
    return [one for one in made if one.all]


def _thousands(value: float | None) -> float | None:
    return value / 1000 if value else None


def _distribution(
    key: str, title: str, unit: str, rows: Sequence[AuditRow], value: Callable[[AuditRow], Any]
) -> Distribution:
    found: dict[str, list[float]] = {}
    without = 0
    for row in rows:
        number = value(row)
        if isinstance(number, int | float) and math.isfinite(number):
            found.setdefault(row.clip.category, []).append(float(number))
        else:
            without += 1
    return Distribution(key, title, unit, {name: tuple(values) for name, values in found.items()}, without)


def _stated(clip: Clip) -> list[str]:
    """The licence of the clip, or of a mixture those of its recordings, each once."""
    used = [str(one.get("licence") or "") for one in clip.attributes.get("materials") or ()] or [clip.licence]
    return list(dict.fromkeys(words.strip() if is_stated(words) else NOT_STATED for words in used))


def _licences(clips: Sequence[Clip], seconds: Mapping[str, float]) -> list[LicenceRow]:
    by_words: dict[str, list[Clip]] = {}
    for clip in clips:
        for stated in _stated(clip):
            by_words.setdefault(stated, []).append(clip)
    rows = []
    for stated, members in sorted(by_words.items(), key=lambda item: (-len(item[1]), item[0])):
        named = read(stated).licences
        rows.append(
            LicenceRow(
                stated=stated,
                identifiers=tuple(one.identifier for one in named),
                links=tuple((one.name, one.url) for one in named),
                asks=tuple(asks(stated)),
                clips=len(members),
                hours=math.fsum(seconds[clip.id] for clip in members) / 3600,
            )
        )
    return rows


def _marks(rows: Sequence[AuditRow]) -> list[MarkRow]:
    found = Counter(mark for row in rows for mark in row.marks)
    return [MarkRow(mark.name, mark.serious, mark.meaning, found[mark.name]) for mark in MARKS if found[mark.name]]


def _sampling(clip: Clip) -> str:
    return json.dumps(clip.attributes["sampling"], sort_keys=True, ensure_ascii=False)
