"""Scores of a paper, as entries and columns of their own: shown beside what was measured, never mixed with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.domain import Category
from bench.leaderboard.model import Column, Entry, Source, Value
from bench.leaderboard.parts import Place
from bench.records.layout import published_below
from bench.records.published import read_published as read_scores
from bench.records.published import read_source

MARK = "published, not measured here"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A mean opinion of a paper. ``half_width`` is that of its 95 % interval, NaN where it states none.

    ``codec`` is our name of the codec and ``label`` that of the paper. ``set`` tells the clips of one source apart:
    each is a column of its own. ``entropy_bps`` is the bitrate that the paper states after lossless coding.
    """

    source: str
    set: str
    sample_rate: int
    channels: int
    category: Category
    codec: str
    label: str
    role: str
    mean: float
    half_width: float = math.nan
    nominal_bps: int | None = None
    entropy_bps: int | None = None
    citation: str = ""

    @property
    def place(self) -> Place:
        """Which board it belongs to."""
        return self.sample_rate, self.channels, self.category

    @property
    def key(self) -> str:
        """Of its column."""
        return f"mushra:{self.source}/{self.set}"


def read_published(places: Sequence[Path]) -> list[PublishedRow]:
    """The rows of the published tables in ``places``: files, or folders of them.

    Raises:
        DatasetError: no table there, or one with faults.
    """
    rows: list[PublishedRow] = []
    for place in places:
        files = published_below(place) if place.is_dir() else [place]
        about = {source.source: source for source in map(read_source, files)}
        rows += [
            PublishedRow(
                source=score.source, set=score.set, sample_rate=score.sample_rate, channels=score.channels,
                category=score.category, codec=score.codec, label=score.label, role=score.role, mean=score.mean,
                half_width=score.ci95, nominal_bps=score.nominal_bps, entropy_bps=score.entropy_bps,
                citation=about[score.source].citation,
            )
            for score in read_scores(place)
        ]  # fmt: skip
    return list(dict.fromkeys(rows))


def published_columns(rows: Sequence[PublishedRow]) -> list[Column]:
    """A column for each source and table."""
    return [
        Column(
            key=key,
            label=f"MUSHRA {key.removeprefix('mushra:')}",
            kind="mushra",
            low=0.0,
            high=100.0,
            hint="As the paper states it, with its 95 % interval: other listeners, other clips, other files.",
            mark=MARK,
        )
        for key in dict.fromkeys(row.key for row in rows)
    ]


def published_entries(rows: Sequence[PublishedRow]) -> list[Entry]:
    """An entry for each codec and bitrate of a source, with a value for each of its sets."""
    grouped: dict[tuple[str, str, str, int | None], list[PublishedRow]] = {}
    for row in rows:
        grouped.setdefault((row.source, row.label, row.codec, row.nominal_bps), []).append(row)
    return [_entry(group) for group in grouped.values()]


def _entry(rows: Sequence[PublishedRow]) -> Entry:
    first = rows[0]
    return Entry(
        source=first.source,
        condition=first.label if first.nominal_bps is None else f"{first.label}@{first.nominal_bps}",
        codec=first.codec,
        role=first.role,
        kind="published",
        nominal_bps=first.nominal_bps,
        entropy_bps={} if first.entropy_bps is None else {"stated": float(first.entropy_bps)},
        bits_are="stated",
        values={row.key: Value(row.mean, row.mean - row.half_width, row.mean + row.half_width) for row in rows},
    )


def published_sources(rows: Sequence[PublishedRow]) -> list[Source]:
    """Where the rows come from."""
    citations = {row.source: row.citation for row in rows}
    return [Source(name, "published", about=text, notes=(f"{MARK}.",)) for name, text in citations.items()]
