"""The whole analysis of one test as one object, from which tables, pages and files are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.stats import DRAWS
from listening_test.analysis import choices, reliability
from listening_test.analysis.cautions import cautions, of_counts, of_missing, of_simulation
from listening_test.analysis.comparisons import comparisons
from listening_test.analysis.counts import fewest
from listening_test.analysis.descriptive import outliers, summary
from listening_test.analysis.frames import counted
from listening_test.analysis.screening import Screening, applicable, post_screen
from listening_test.analysis.variance import omnibus
from listening_test.model import Test

SCALED = ("mushra", "acr", "dcr")


@dataclass(frozen=True)
class Analysis:
    """Everything that is said about a test.

    ``ratings`` holds every row, ``excluded`` and ``reason`` set. ``conditions`` has a column ``category``, ``all`` for
    the means over categories. ``comparisons`` and ``all_systems`` are empty for ABX and AB, ``pairs`` and
    ``pairs_by_listener`` for the others.
    """

    test: str
    test_type: str
    seed: int
    screening: Screening
    ratings: pd.DataFrame
    checks: pd.DataFrame
    guarded: pd.DataFrame
    listeners: pd.DataFrame
    conditions: pd.DataFrame
    items: pd.DataFrame
    comparisons: pd.DataFrame
    all_systems: pd.DataFrame
    outliers: pd.DataFrame
    pairs: pd.DataFrame
    pairs_by_listener: pd.DataFrame
    panel: Mapping[str, Any]
    cautions: tuple[str, ...]

    @property
    def used(self) -> pd.DataFrame:
        """The ratings that count."""
        return counted(self.ratings)

    @property
    def simulated(self) -> bool:
        """Whether any listener is simulated."""
        return bool(self.ratings["simulated"].any())


def analyse(
    ratings: pd.DataFrame,
    screening: Screening,
    seed: int = 0,
    draws: int = DRAWS,
    with_simulated: bool = False,
    test: Test | None = None,
) -> Analysis:
    """Screen and describe the ratings of one test.

    See :func:`listening_test.analysis.screening.post_screen` for who counts.

    Args:
        ratings: RATING_COLUMNS of one test (``frames.one_test``), training and all.
        screening: whom to leave out.
        seed: of bootstrap, permutations and splits.
        draws: of the permutation tests.
        with_simulated: count simulated listeners beside people.
        test: where it is known, a stimulus with fewer ratings than it asks for is a caution.
    """
    test_type = str(ratings["test_type"].iloc[0])
    screened = post_screen(ratings, screening, with_simulated)
    marked = screened.ratings
    used = counted(marked)
    people = reliability.listeners(marked)
    scaled = test_type in SCALED
    scores = used if scaled else used.head(0)
    conditions = _conditions(scores, seed)
    everywhere = conditions[conditions["category"] == ALL]
    answers = used if not scaled else used.head(0)
    return Analysis(
        test=str(ratings["test"].iloc[0]),
        test_type=test_type,
        seed=seed,
        screening=applicable(ratings, screening),
        ratings=marked,
        checks=screened.checks,
        guarded=screened.guarded,
        listeners=people,
        conditions=conditions,
        items=summary(scores, ["category", "clip", "condition"], seed),
        comparisons=comparisons(scores, seed, draws),
        all_systems=omnibus(scores) if len(scores) else omnibus(scores).head(0),
        outliers=outliers(scores),
        pairs=choices.choices(answers, seed),
        pairs_by_listener=choices.by_listener(answers),
        panel=reliability.panel(scores, seed) if len(scores) else {},
        cautions=(
            *_cautions(marked, used, everywhere, people, scaled),
            *(of_counts(fewest(used, test)) if test and len(used) else ()),
        ),
    )


ALL, NO_CATEGORY = "all", "no category"


def _conditions(scores: pd.DataFrame, seed: int) -> pd.DataFrame:
    parts = [summary(scores.assign(category=ALL), ["category", "condition"], seed)]
    if len(scores["category"].unique()) > 1:
        parts.append(summary(scores, ["category", "condition"], seed))
    return pd.concat(parts, ignore_index=True)


def _cautions(
    ratings: pd.DataFrame, used: pd.DataFrame, conditions: pd.DataFrame, people: pd.DataFrame, scaled: bool
) -> list[str]:
    missing = of_missing(ratings)
    if not len(used):
        return [*missing, "Nobody's ratings count: there are no results. See who was left out, and why."]
    if scaled:
        return [*cautions(ratings, used, conditions, people), *missing]
    return [*of_simulation(ratings), *missing]
