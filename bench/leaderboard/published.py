"""Scores of a paper, as entries and columns of their own: shown beside what was measured, never mixed with it."""

from __future__ import annotations

from collections.abc import Sequence

from bench.leaderboard.model import Column, Entry, Source, Value
from bench.leaderboard.parts import Place
from bench.records.published import PublishedScore

MARK = "published, not measured here"


def place_of(score: PublishedScore) -> Place:
    """Which board a score belongs to."""
    return score.sample_rate, score.channels, score.category


def key_of(score: PublishedScore) -> str:
    """Of its column: the clips of each set of a source are others."""
    return f"mushra:{score.source}/{score.set}"


def published_columns(rows: Sequence[PublishedScore]) -> list[Column]:
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
        for key in dict.fromkeys(key_of(row) for row in rows)
    ]


def published_entries(rows: Sequence[PublishedScore]) -> list[Entry]:
    """An entry for each codec and bitrate of a source, with a value for each of its sets."""
    grouped: dict[tuple[str, str, str, int | None], list[PublishedScore]] = {}
    for row in rows:
        grouped.setdefault((row.source, row.label, row.codec, row.nominal_bps), []).append(row)
    return [_entry(group) for group in grouped.values()]


def _entry(rows: Sequence[PublishedScore]) -> Entry:
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
        values={key_of(row): Value(row.mean, row.mean - row.ci95, row.mean + row.ci95) for row in rows},
    )


def published_sources(rows: Sequence[PublishedScore]) -> list[Source]:
    """Where the rows come from."""
    citations = {row.source: row.citation for row in rows}
    return [Source(name, "published", about=text, notes=(f"{MARK}.",)) for name, text in citations.items()]
