"""What agreement is: for each test, category and metric what was found, and what it means. Plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pandas as pd

from bench.agreement.mapping import Cubic

ALL = "all"
"""In place of a category: all categories of a test together."""

Kind = Literal["speaks", "weak", "says little", "misleading", "undecided", "undefined"]

LEVELS: Mapping[str, str] = {
    "files": "over single files",
    "conditions": "over means of conditions",
    "items": "within items: mean over clips of the correlation across conditions",
    "within_conditions": "within conditions: mean over conditions of the correlation across clips",
}

STATISTICS: Mapping[str, tuple[str, ...]] = {
    "files": ("pearson", "spearman", "kendall", "rmse", "rmse_star", "outlier_ratio"),
    "conditions": ("pearson", "spearman", "kendall"),
    "items": ("pearson", "spearman", "kendall"),
    "within_conditions": ("pearson", "spearman"),
}
"""What is computed on each level."""


class Estimate(NamedTuple):
    """A statistic with its 95 % interval; ``n`` files, conditions or clips are behind it."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)


@dataclass(frozen=True, slots=True)
class Verdict:
    """In a word, and in a sentence that names the numbers behind it."""

    kind: Kind
    sentence: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One metric against one test in one category. Signs are turned: positive agrees with listeners.

    ``missing`` counts rated files without a value, by status (``infinite`` among them). ``estimates`` maps
    ``LEVEL.STATISTIC`` to what was found, with LEVELS and STATISTICS of this module. ``mapping`` takes the turned
    metric to the scale of the ratings.
    """

    test: str
    category: str
    quantity: str
    unit: str
    higher_is_better: bool | None
    n_files: int
    n_clips: int
    n_sources: int
    n_conditions: int
    n_listeners: int
    n_ratings: int
    missing: Mapping[str, int]
    estimates: Mapping[str, Estimate]
    mapping: Cubic | None
    verdict: Verdict

    def __getitem__(self, key: str) -> Estimate:
        return self.estimates.get(key, Estimate())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two metrics on the files that have a value of both: first less second.

    ``p_williams`` takes files as independent and corrects for nothing, ``p_holm`` is it after Holm over all pairs of
    the category; ``p_fisher`` and ``p_rmse`` are the tests of ITU-T P.1401, which take the metrics as independent, too.
    """

    test: str
    category: str
    first: str
    second: str
    n_files: int
    pearson_first: float
    pearson_second: float
    difference: Estimate
    p_williams: float
    p_holm: float
    p_fisher: float
    rmse_first: float
    rmse_second: float
    p_rmse: float


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything about some runs and tests. ``files`` holds what every number comes from: a row per rated file."""

    runs: tuple[str, ...]
    tests: Mapping[str, str]
    """Name of each test to its type."""
    agreements: tuple[Agreement, ...]
    comparisons: tuple[Comparison, ...]
    files: pd.DataFrame
    notes: tuple[str, ...]
    seed: int
    draws: int
