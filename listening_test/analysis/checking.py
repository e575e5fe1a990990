"""What a table of ratings must be before it is analysed, wherever it came from."""

from __future__ import annotations

from typing import get_args

import pandas as pd

from bench.errors import DatasetError
from listening_test.model import Role, TestType
from listening_test.mushra import CHOICES, SCALES

ONCE = ["test", "listener", "trial", "replicate", "condition", "against"]
"""What is rated once: a trial that comes again has another ``replicate``."""

SHOWN = ["listener", "trial", "condition"]


def checked(ratings: pd.DataFrame, where: str) -> pd.DataFrame:
    """``ratings`` (RATING_COLUMNS), where its types, roles and scores are known ones and nothing was rated twice.

    A score may be missing; no rule and no statistic uses such a row.

    Raises:
        DatasetError: with the first row that is wrong.
    """
    _known(ratings, "test_type", get_args(TestType), where)
    _known(ratings, "role", get_args(Role), where)
    for kind, (low, high) in {**SCALES, **dict.fromkeys(CHOICES, (0, 1))}.items():
        rows = ratings[ratings["test_type"] == kind]
        wrong = rows[(rows["score"].notna() & ~rows["score"].between(low, high)).astype(bool)]
        if len(wrong):
            raise DatasetError(
                f"{where}: expected scores from {low:g} to {high:g} in a test of type {kind}, got "
                f"{wrong['score'].iloc[0]:g} ({_row(wrong)}; {len(wrong)} in all)."
            )
    again = ratings[ratings.duplicated(ONCE)]
    if len(again):
        raise DatasetError(
            f"{where}: expected one rating of a listener for each stimulus, got several ({_row(again)}; {len(again)} "
            "in all). Remove those that were written twice, or number the repetitions of a trial in `replicate`."
        )
    return ratings


def _known(ratings: pd.DataFrame, column: str, known: tuple[str, ...], where: str) -> None:
    wrong = ratings[~ratings[column].isin(known)]
    if len(wrong):
        raise DatasetError(
            f"{where}, column {column}: expected one of {', '.join(known)}, got {wrong[column].iloc[0]!r} "
            f"({_row(wrong)}; {len(wrong)} in all)."
        )


def _row(wrong: pd.DataFrame) -> str:
    return ", ".join(f"{name} {wrong[name].iloc[0]}" for name in SHOWN)
