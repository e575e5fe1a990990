"""What a leaderboard is: boards of entries, and where each entry comes from. Plain data, no order in it yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.domain import Category

Kind = Literal["measured", "published"]
"""Published entries are numbers of a paper; nobody counted their bits here, and they have no intervals of ours."""

ColumnKind = Literal["metric", "mushra"]


@dataclass(frozen=True, slots=True)
class Value:
    """A mean with its 95 % interval. ``n`` are clips of a metric and listeners of a listening test.

    ``rank`` holds the best and the worst rank that the data leave open among the entries of the board that can be
    compared in pairs (the same run, or the same listening test), and ``rank_of`` how many those are; None where there
    is nothing to rank.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    n_missing: int = 0
    rank: tuple[int, int] | None = None
    rank_of: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A quantity of a metric, or the scores of one listening test; tests are never pooled or rescaled.

    ``key`` is the name of the quantity, or ``mushra:`` and the id of the test.
    """

    key: str
    label: str
    kind: ColumnKind
    unit: str = ""
    higher_is_better: bool | None = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One condition of one run (or of a published table) in one category at one sample rate and channel count."""

    source: str
    condition: str
    codec: str
    role: str
    kind: Kind = "measured"
    nominal_bps: int | None = None
    actual_bps: float = math.nan
    entropy_bps: Mapping[str, float] = field(default_factory=dict)
    """Measured bitrate after each lossless coder of codes (``adaptive``, ``lm``)."""
    bits_are: str = "counted"
    encode_rtf: float = math.nan
    decode_rtf: float = math.nan
    delay_ms: float = math.nan
    """Algorithmic delay: what a real-time encoder and decoder wait for. Infinite where a codec sees the whole clip."""
    parameters: int | None = None
    licence: str = ""
    """Of the weights, or of the program."""
    n: int = 0
    n_failed: int = 0
    complete: bool = True
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """All entries of one category at one sample rate and channel count of the judged references."""

    sample_rate: int
    channels: int
    category: Category
    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    sorted_by: str
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Such as ``24 kHz mono, speech``."""
        width = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.sample_rate / 1000:g} kHz {width}, {self.category.replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where entries or scores come from: a run, a listening test, or a published table."""

    id: str
    kind: Literal["run", "listening_test", "published"]
    date: str = ""
    complete: bool = True
    versions: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    """A sentence: machine of a run, listeners and screening of a test, citation of a table."""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Every board, in the order of sample rate, channels and category, and every source."""

    boards: tuple[Board, ...]
    sources: tuple[Source, ...]
    seed: int
