"""Quartiles, intervals, shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats import mean_ci
from listening_test.analysis.comparisons import comparisons
from listening_test.analysis.descriptive import (
    BIMODAL,
    COLUMNS,
    bimodality,
    clustered_error,
    outliers,
    outlying,
    quartiles,
    summary,
    two_way_interval,
    unbalanced,
)
from listening_test.analysis.frames import as_ratings, counted
from tests.listening.analysis.made import of_listeners, panel, rating

SCORES = st.lists(st.integers(0, 100), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7], (7, 7, 7)),
        ([1, 2], (1, 1.5, 2)),
        ([1, 2, 3], (1.5, 2, 2.5)),
        ([1, 2, 3, 4], (1.5, 2.5, 3.5)),
        ([1, 2, 3, 4, 5], (2, 3, 4)),
        ([1, 2, 3, 4, 5, 6, 7], (2.5, 4, 5.5)),
        ([6, 1, 4, 2, 5, 3], (2, 3.5, 5)),
    ],
)
def test_quartiles_by_hand(values, expected):
    assert quartiles(values) == expected


def test_fourteen_listeners_as_hazen():
    """BS.1534-3 shows 14 listeners; there its quartiles are those of Hazen's rule."""
    values = np.random.default_rng(0).permutation(14) ** 2
    assert quartiles(values) == tuple(np.quantile(values, [0.25, 0.5, 0.75], method="hazen"))


@given(SCORES)
def test_quartiles_are_those_of_known_rules(values):
    rule = "linear" if len(values) % 2 else "hazen"
    assert quartiles(values) == pytest.approx(np.quantile(values, [0.25, 0.5, 0.75], method=rule))


def test_quartiles_of_nothing():
    assert all(map(math.isnan, quartiles([])))


def test_outliers_lie_beyond_one_and_a_half_boxes():
    values = [40, 42, 44, 46, 48, 50, 59, 60]  # quartiles 43 and 54.5: bounds 25.75 and 71.75
    assert not outlying(values).any()
    assert outlying([*values[:-1], 72]).tolist() == [False] * 7 + [True]
    assert not outlying([5, 5, 5, 5]).any()


def test_bimodality_coefficient():
    """Two equal points: skewness 0, so b = 1 / (excess + 3 (n-1)^2 / ((n-2)(n-3))), by hand for n = 4."""
    assert bimodality([0, 0, 1, 1]) == pytest.approx(1 / (-6 + 13.5))
    uniform = bimodality(np.linspace(0, 100, 10_001))
    assert uniform == pytest.approx(BIMODAL, abs=1e-3)
    random = np.random.default_rng(0)
    assert bimodality(random.normal(50, 10, 5000)) < 0.4
    assert bimodality(np.concatenate([random.normal(20, 5, 50), random.normal(80, 5, 50)])) > 0.8
    assert math.isnan(bimodality([3, 3, 3, 3, 3]))
    assert math.isnan(bimodality([1, 2, 3]))


def test_a_summary_does_not_depend_on_the_order_of_rows():
    ratings = counted(panel())
    shuffled = ratings.sample(frac=1, random_state=1)
    for by in (["condition"], ["category", "clip", "condition"]):
        pd.testing.assert_frame_equal(summary(ratings, by, 3), summary(shuffled, by, 3), check_exact=True)


def test_conditions_come_reference_first_then_systems_by_mean_then_anchors():
    table = summary(counted(panel()), ["condition"], 0)
    assert table["condition"].tolist() == ["reference", "c", "b", "a", "anchor70", "anchor35"]


def test_one_listener_one_clip_and_equal_ratings_have_no_interval_but_a_mean():
    table = summary(of_listeners({"l": {"a": [50.0]}}), ["condition"], 0)
    [row] = table.to_dict("records")
    assert (row["mean"], row["median"], row["n_listeners"]) == (50, 50, 1)
    assert math.isnan(row["ci_low"])
    assert math.isnan(row["t_low"])
    table = summary(of_listeners({name: {"a": [50.0] * 3} for name in "xyz"}), ["condition"], 0)
    [row] = table.to_dict("records")
    assert (row["ci_low"], row["ci_high"], row["t_low"], row["both_high"]) == (50, 50, 50, 50)


@pytest.mark.parametrize(("test_type", "low", "high"), [("mushra", 0, 100), ("acr", 1, 5), ("dcr", 1, 5)])
def test_no_interval_leaves_the_scale(test_type, low, high):
    """Ratings at both ends, where few listeners give intervals that would reach beyond."""
    near = (high - low) / 10
    scores = {
        "x": {"best": [high, high - near], "worst": [low, low]},
        "y": {"best": [high, high], "worst": [low, low + near]},
    }
    ratings = of_listeners({**scores, "z": {"best": [high, high - 2 * near], "worst": [low + near, low]}})
    ratings = ratings.assign(test_type=test_type)
    table = summary(ratings, ["condition"], 0).set_index("condition")
    for kind in ("ci", "t", "both"):
        assert (table[f"{kind}_low"] >= low).all()
        assert (table[f"{kind}_high"] <= high).all()
    assert table.loc["best", "t_high"] == high
    assert table.loc["worst", "both_low"] == low
    [pair] = comparisons(ratings, 0, 100).to_dict("records")
    assert 0 < pair["t_low"] < pair["difference"] < pair["t_high"] == high - low


def described(scores: list[float], **more: Any) -> pd.DataFrame:
    """Five ratings by three people of two clips."""
    places = (("L0", "t0"), ("L0", "t1"), ("L1", "t0"), ("L1", "t1"), ("L2", "t0"))
    rows = [rating(who, clip, "a", score, **more) for (who, clip), score in zip(places, scores, strict=True)]
    return as_ratings(rows)


def test_every_column_of_a_summary_by_hand():
    ratings = described([60.0, 80.0, 50.0, 96.0, 70.0], codec="opus", bitrate_bps=6000)
    ratings["actual_bps"] = [5900.0, 6100.0, math.nan, 6300.0, math.nan]
    table = summary(ratings, ["category", "condition"], seed=4)
    assert list(table.columns) == ["category", "condition", *COLUMNS]
    [row] = table.to_dict("records")
    known = {
        "category": "speech", "condition": "a", "role": "system", "codec": "opus", "bitrate_bps": 6000,
        "actual_bps": 6100.0, "n": 5, "n_listeners": 3, "n_clips": 2, "median": 70.0, "q1": 60.0, "q3": 80.0,
        "iqr": 20.0, "outliers": 0,
    }  # fmt: skip
    assert {name: row[name] for name in known} == known
    assert row["mean"] == pytest.approx(71.2)
    assert row["mean_of_clips"] == pytest.approx(((60 + 50 + 70) / 3 + (80 + 96) / 2) / 2)
    scores = pd.Series([60.0, 80.0, 50.0, 96.0, 70.0])
    assert row["sd"] == pytest.approx(math.sqrt(((scores - 71.2) ** 2).sum() / 4))
    assert row["skewness"] == pytest.approx(scores.skew())
    assert row["bimodality"] == pytest.approx((scores.skew() ** 2 + 1) / (scores.kurt() + 3 * 16 / (3 * 2)))
    listeners, clips = ["L0", "L0", "L1", "L1", "L2"], ["t0", "t1", "t0", "t1", "t0"]
    interval = mean_ci(scores, listeners, seed=4)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))
    error, _ = clustered_error(scores, listeners)
    reach = 4.302652729911275 * error  # Student's quantile of 0.975 with 2 degrees of freedom
    assert (row["t_low"], row["t_high"]) == pytest.approx((71.2 - reach, 71.2 + reach))
    low, high = two_way_interval(scores, listeners, clips)
    assert (row["both_low"], row["both_high"]) == (max(low, 0.0), min(high, 100.0))


def test_what_differs_within_a_group_is_not_named():
    ratings = described([50.0, 50.0, 50.0, 50.0, 90.0])
    ratings["codec"], ratings["bitrate_bps"] = ["opus", "opus", "dac", "dac", "dac"], [6000, 6000, 8000, 8000, 8000]
    ratings["role"] = ["system", "anchor", "anchor", "anchor", "anchor"]
    [row] = summary(ratings, ["condition"], 0).to_dict("records")
    assert (row["codec"], row["bitrate_bps"], row["role"], row["outliers"]) == ("", None, "", 1)
    assert math.isnan(row["actual_bps"])
    some = ratings.assign(codec="opus", bitrate_bps=[6000, pd.NA, pd.NA, 6000, pd.NA])
    [row] = summary(some, ["condition"], 0).to_dict("records")
    assert (row["codec"], row["bitrate_bps"]) == ("opus", 6000)


def test_two_ratings_have_a_spread_but_no_shape():
    two = as_ratings([rating("L0", "t0", "a", 40.0), rating("L1", "t0", "a", 60.0)])
    [row] = summary(two, ["condition"], 0).to_dict("records")
    assert row["sd"] == pytest.approx(math.sqrt(200))
    assert math.isnan(row["skewness"])
    assert math.isnan(row["bimodality"])
    three = as_ratings([rating(f"L{who}", "t0", "a", score) for who, score in enumerate((40.0, 60.0, 90.0))])
    [row] = summary(three, ["condition"], 0).to_dict("records")
    assert row["skewness"] == pytest.approx(pd.Series([40, 60, 90]).skew())
    [row] = summary(two.head(1), ["condition"], 0).to_dict("records")
    assert math.isnan(row["sd"])


def test_rows_come_by_other_keys_then_role_then_mean_then_name():
    ranks = {"low_anchor": 90, "mid_anchor": 80, "anchor": 70, "system": 60, "hidden_reference": 10, "reference": 95}
    rows = [
        rating("L0", clip, f"{clip} {role}", score, role=role) for clip in ("t1", "t0") for role, score in ranks.items()
    ]
    rows += [rating("L0", "t0", name, 65.0) for name in ("z", "y")]
    table = summary(as_ratings(rows), ["clip", "condition"], 0)
    roles = ["hidden_reference", "system", "anchor", "mid_anchor", "low_anchor", "reference"]
    assert table["condition"].tolist() == [
        "t0 hidden_reference", "y", "z", *(f"t0 {role}" for role in roles[1:]), *(f"t1 {role}" for role in roles),
    ]  # fmt: skip
    assert list(table.index) == list(range(len(table)))
    assert list(table.columns[-2:]) == ["bimodality", "outliers"]
    by_clip = summary(as_ratings(rows), ["clip"], 0)
    assert by_clip["clip"].tolist() == ["t0", "t1"]


def test_unbalanced_is_where_both_means_differ():
    assert unbalanced(pd.DataFrame({"mean": [50.0, 60.0], "mean_of_clips": [50.0, 61.0]}))
    assert unbalanced(pd.DataFrame({"mean": [50.0, 60.0], "mean_of_clips": [49.0, 60.0]}))
    assert not unbalanced(pd.DataFrame({"mean": [50.0, math.nan], "mean_of_clips": [50.0 + 1e-12, math.nan]}))
    assert not unbalanced(pd.DataFrame({"mean": [], "mean_of_clips": []}, dtype=float))


def test_outliers_are_sorted_and_numbered():
    rows = [
        rating(who, clip, name, 90.0 if who == "z" else 50.0, replicate=again)
        for name in ("b", "a") for clip in ("t1", "t0") for again in (1, 0) for who in ("z", "v", "w", "x", "y")
    ]  # fmt: skip
    found = outliers(as_ratings(rows[5:]))
    keys = found[["condition", "clip", "listener", "replicate"]].to_numpy().tolist()
    assert keys == [
        ["a", "t0", "z", 0], ["a", "t0", "z", 1], ["a", "t1", "z", 0], ["a", "t1", "z", 1],
        ["b", "t0", "z", 0], ["b", "t0", "z", 1], ["b", "t1", "z", 0],
    ]  # fmt: skip
    assert list(found.index) == list(range(7))
