"""What listeners said of each file: mean and its interval, over the listeners who count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.errors import ConfigError, DatasetError
from bench.ratings import ratings_for_leaderboard

SCORED = {"mushra": "MUSHRA", "acr": "ACR", "dcr": "DCR"}
"""Types of test whose answers are scores of one file."""

FILE = ["test", "clip", "condition", "decoded_sha256"]


def read_ratings(paths: Sequence[Path], with_simulated: bool = False) -> pd.DataFrame:
    """The ratings that count in all ``paths``, columns as of :mod:`bench.ratings`.

    Raises:
        ConfigError: no path; or two of them hold the same test.
        DatasetError: answers that are no scores of one file (ABX, AB); or as ``ratings_for_leaderboard``.
    """
    if not paths:
        raise ConfigError("--ratings: expected at least one ratings.parquet, or the folder of a test; got none.")
    tables, seen = [], dict[str, Path]()
    for path in paths:
        table = ratings_for_leaderboard(path, with_simulated)
        for test in sorted(set(table["test"].astype(str))):
            if test in seen:
                raise ConfigError(
                    f"--ratings: expected each test once, but {test!r} is in {seen[test]} and in {path}. "
                    "Leave one of them out."
                )
            seen[test] = path
        if other := sorted(set(table["test_type"].astype(str)) - set(SCORED)):
            raise DatasetError(
                f"{path}: expected scores of files ({', '.join(SCORED)}), got a test of type {', '.join(other)}. "
                "Answers about pairs have no mean to correlate with; leave the test out."
            )
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def files(ratings: pd.DataFrame) -> pd.DataFrame:
    """One row for each file of each test.

    Columns: FILE, ``test_type``, ``category`` (of the ratings), ``role``, ``n_listeners``, ``n_ratings``; ``mean``
    over listeners, a listener's repetitions being one rating; ``ci_half``, half the width of the 95 % interval of
    that mean by Student's distribution over listeners, NaN for a single one.

    Source:
        ITU-T P.1401 (01/2020), 7.4.
    """
    from scipy.special import stdtrit

    texts = ratings.assign(**{name: ratings[name].fillna("").astype(str) for name in [*FILE, "listener"]})
    texts = texts.sort_values([*FILE, "listener", "score"], kind="stable")  # means do not depend on the order of rows
    rows = []
    for key, group in texts.groupby(FILE, sort=True):
        per_listener = group.groupby("listener", sort=True)["score"].mean().to_numpy(dtype=float)
        k = len(per_listener)
        error = float(per_listener.std(ddof=1)) / math.sqrt(k) if k > 1 else math.nan
        first = group.iloc[0]
        rows.append(
            {
                **dict(zip(FILE, key, strict=True)),
                "test_type": str(first["test_type"]),
                "category": str(first["category"]),
                "role": str(first["role"]),
                "n_listeners": k,
                "n_ratings": len(group),
                "mean": float(np.mean(per_listener)),
                "ci_half": float(stdtrit(k - 1, 0.975)) * error if k > 1 else math.nan,
            }
        )
    columns = [*FILE, "test_type", "category", "role", "n_listeners", "n_ratings", "mean", "ci_half"]
    return pd.DataFrame(rows, columns=columns)
