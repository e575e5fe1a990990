"""What a leaderboard is: boards of entries, and where each entry comes from. Plain data, no order in it yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.domain import Category

Kind = Literal["measured", "test", "published"]
"""``test``: the hidden reference and the anchors of a listening test, which no run has coded. Published entries are
numbers of a paper: nobody counted their bits here, and their intervals are those of the paper."""

ColumnKind = Literal["metric", "mushra"]


@dataclass(frozen=True, slots=True)
class Value:
    """A mean with its 95 % interval. ``n`` are clips of a metric and listeners of a listening test.

    ``rank`` holds the best and the worst rank that the data leave open among the ``rank_of`` entries of the board that
    can be compared in pairs: metrics of runs that have clips in common, ratings of one listening test. Every pair is
    compared on what both have, and ``n_common`` is the smallest number of clips (listeners) that a pair of this entry
    has in common. ``rank`` is None where there is nothing to rank.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    n_ratings: int = 0
    """Of a listening test."""
    missing: Mapping[str, int] = field(default_factory=dict)
    """Clips without a value here, by what is the matter: ``failed``, ``undefined``, ``not_applicable``,
    ``band_limited``."""
    fewer: bool = False
    """The mean is over fewer clips than the entry has: it is not comparable with every mean of its column."""
    actual_bps: float = math.nan
    """Measured bitrate of the clips in this mean."""
    rank: tuple[int, int] | None = None
    rank_of: int = 0
    n_common: int = 0

    @property
    def n_missing(self) -> int:
        """Clips without a value."""
        return sum(self.missing.values())


@dataclass(frozen=True, slots=True)
class Column:
    """A quantity of a metric, or the scores of one listening test; tests are never pooled or rescaled.

    ``key`` is the name of the quantity, or ``mushra:`` and the id of the test, or ``mushra:SOURCE/SET`` of a published
    table. Where runs have measured a quantity with different versions, each version has a column of its own, and
    ``key`` ends with the version in brackets. ``mark`` is a warning that every output shows beside the label, such as
    ``simulated`` or ``published, not measured here``.
    """

    key: str
    label: str
    kind: ColumnKind
    unit: str = ""
    higher_is_better: bool | None = True
    low: float = -math.inf
    high: float = math.inf
    hint: str = ""
    mark: str = ""

    @property
    def name(self) -> str:
        """``key`` with the mark, as headings of files have it."""
        return f"{self.key} ({self.mark})" if self.mark else self.key


@dataclass(frozen=True, slots=True)
class Entry:
    """One condition of one run (or of a published table) in one category at one sample rate and channel count."""

    source: str
    condition: str
    codec: str
    role: str
    kind: Kind = "measured"
    codec_version: str = ""
    nominal_bps: int | None = None
    actual_bps: float = math.nan
    entropy_bps: Mapping[str, float] = field(default_factory=dict)
    """Measured bitrate after each lossless coder of codes (``adaptive``, ``lm``); ``stated`` in a published table."""
    bits_are: str = "counted"
    encode_rtf: float = math.nan
    decode_rtf: float = math.nan
    delay_ms: float = math.nan
    """Algorithmic delay: what a real-time encoder and decoder wait for. Infinite where a codec sees the whole clip."""
    parameters: int | None = None
    licence: str = ""
    """Of the weights; empty where there are none or it is not known."""
    n: int = 0
    n_failed: int = 0
    complete: bool = True
    values: Mapping[str, Value] = field(default_factory=dict)
    """By the key of a column."""


@dataclass(frozen=True, slots=True)
class Board:
    """All entries of one category at one sample rate and channel count of the judged references, in their order."""

    sample_rate: int
    channels: int
    category: Category
    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    sorted_by: str
    """Key of a column, or of a fixed field."""
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
    revision: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    """A sentence: clips of a run, listeners of a test, citation of a table."""
    notes: tuple[str, ...] = ()
    """What readers must know: a partial run, ratings that could not be joined, simulated listeners."""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Every board, in the order of sample rate, channels and category, and every source."""

    boards: tuple[Board, ...]
    sources: tuple[Source, ...]
    seed: int
