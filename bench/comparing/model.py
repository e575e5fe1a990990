"""What a comparison of two runs is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from bench.runs.results import Results

Verdict = Literal["better", "worse", "changed", "equal", "unclear", "not tested", "no values", "not comparable"]
"""``better``, ``worse`` and, where neither end is good, ``changed``: significant after Holm. ``equal``: no clip
differs. ``unclear``: clips differ, and chance may have done it. ``not tested``: fewer than two sources, an infinite
difference, or a measure of a whole set."""

Kind = Literal["score", "rate", "speed", "set"]

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """NEW less BASE: one quantity of one condition in one category, over the clips that have a value in both.

    ``mean``, ``low`` and ``high`` of a speed are relative (0.1: 10 % faster); ``base`` and ``new`` are always in the
    quantity's unit. ``condition`` is the name in NEW, ``base_condition`` that in BASE. ``n_lost`` counts the clips
    with a value in BASE and none in NEW, ``n_gained`` the reverse; neither is in the mean. ``p_holm`` is corrected over
    everything in the comparison that differs on any clip and can be tested.
    """

    category: str
    condition: str
    base_condition: str
    quantity: str
    kind: Kind
    unit: str
    higher_is_better: bool | None
    base: float
    new: float
    mean: float
    low: float
    high: float
    n: int
    n_sources: int
    n_lost: int
    n_gained: int
    p: float
    p_holm: float
    p_wilcoxon: float
    effect_dz: float
    rank_biserial: float
    verdict: Verdict
    note: str = ""

    @property
    def tested(self) -> bool:
        """Whether it counts in the correction: what is equal on every clip needs no test, and its p is 1."""
        return not math.isnan(self.p) and self.verdict != "equal"

    @property
    def significant(self) -> bool:
        return self.p_holm <= SIGNIFICANT

    @property
    def relative(self) -> float:
        """The change as a share of the size of BASE's mean; NaN where that is 0 or infinite."""
        if self.kind == "speed":
            return self.mean
        return self.mean / abs(self.base) if self.base and math.isfinite(self.base) else math.nan


@dataclass(frozen=True, slots=True)
class Failure:
    """How many cells of a condition in a category gave something in BASE, or did not fail there, and fail in NEW.

    ``reason`` is what NEW says of the first of the ``examples``; empty where NEW has no such row.
    """

    category: str
    condition: str
    count: int
    examples: tuple[str, ...]
    reason: str

    @property
    def shown(self) -> str:
        """The examples, and why the first of them failed."""
        return "; ".join(self.examples) + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class ClipChange:
    """A clip under a condition, in both runs. ``audio`` holds the files that exist: reference, BASE, NEW."""

    category: str
    clip: str
    condition: str
    base_condition: str
    quantity: str
    base: float
    new: float
    difference: float
    better: bool | None
    audio: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Names that only one of the runs has."""

    conditions: list[str]
    clips: list[str]
    quantities: list[str]


@dataclass(frozen=True, slots=True)
class Gap:
    """What NEW cannot be compared on, of a category of BASE.

    ``clips`` are those that NEW does not have. ``quantities`` are those that BASE has values of where no clip of the
    category is compared, else empty.
    """

    category: str
    clips: list[str]
    quantities: list[str]


@dataclass(frozen=True)
class Matched:
    """What both runs have. ``clips`` has the columns clip, category and source (a number), sorted by clip.

    ``categories`` are those of either run; ``gaps`` are what NEW lacks.
    ``versions`` maps a quantity to the sentence that says why its values in the two runs are not of one metric.
    """

    conditions: list[tuple[str, str]]
    categories: list[str]
    clips: pd.DataFrame
    quantities: list[str]
    set_quantities: list[str]
    versions: dict[str, str]
    only_base: Unmatched
    only_new: Unmatched
    gaps: list[Gap]
    notices: list[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that was compared, and what could not be. ``notices`` are sentences that a reader must see."""

    base: Results
    new: Results
    seed: int
    matched: Matched
    changes: list[Change]
    failures: list[Failure]
    clips: list[ClipChange]
    notices: list[str]

    @property
    def n_tested(self) -> int:
        return sum(change.tested for change in self.changes)
