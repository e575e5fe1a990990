"""The small parts of the analysis: by hand, and against other packages."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from bench.errors import ConfigError, DatasetError, MissingRequirement
from listening_test.analysis.borrowed import pingouin
from listening_test.analysis.checking import checked
from listening_test.analysis.counts import fewest
from listening_test.analysis.descriptive import outliers
from listening_test.analysis.devices import devices
from listening_test.analysis.frames import as_ratings, counted, one_test
from listening_test.analysis.reliability import correlation, listeners
from listening_test.analysis.screening import rule
from listening_test.analysis.variance import huynh_feldt
from tests.listening.analysis.made import rating
from tests.listening.conftest import tiny_test


def test_people_name_what_they_listened_with():
    def answer(kind: str, /, **values: Any) -> dict[str, Any]:
        return {"listener": "L", "kind": kind, "values": values}

    given = [
        answer("device", kind="headphones", model="HD 600"),
        answer("device", model="", kind="in-ear"),
        answer("level", kind="loud"),
        answer("device"),
        answer("device", kind="headphones", model="HD 600", other="x"),
    ]
    assert list(devices(given).items()) == [("headphones, HD 600", 2), ("in-ear", 1), ("no answer", 1)]


def test_a_correlation_needs_three_pairs_and_spread():
    one, two = np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 7.0])
    assert correlation(one, two) == pytest.approx(scipy_stats.pearsonr(one, two).statistic)
    for x, y in ((one[:2], two[:2]), (one, np.ones(3)), (np.ones(3), two)):
        assert math.isnan(correlation(x, y))


def test_epsilon_of_huynh_and_feldt_is_the_greater_and_at_most_one():
    assert huynh_feldt(0.5, 10, 4) == pytest.approx((10 * 4 * 0.5 - 2) / (4 * (9 - 4 * 0.5)))
    assert huynh_feldt(0.95, 10, 4) == 1
    assert huynh_feldt(1.0, 5, 4) == 1, "no degree of freedom is left"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"test_type": "mos"},
            "here, column test_type: expected one of mushra, acr, dcr, abx, ab, got 'mos' "
            "(listener L1, trial t0, condition a; 1 in all).",
        ),
        ({"role": "piano"}, "got 'piano' (listener L1, trial t0, condition a; 1 in all)."),
        (
            {"score": 100.5},
            "here: expected scores from 0 to 100 in a test of type mushra, got 100.5 "
            "(listener L1, trial t0, condition a; 1 in all).",
        ),
        (
            {"score": 0.0, "test_type": "dcr"},
            "here: expected scores from 1 to 5 in a test of type dcr, got 0 "
            "(listener L1, trial t0, condition a; 1 in all).",
        ),
        ({"score": 2.0, "test_type": "ab"}, "here: expected scores from 0 to 1 in a test of type ab, got 2 "),
        (
            {"listener": "L0"},
            "here: expected one rating of a listener for each stimulus, got several "
            "(listener L0, trial t0, condition a; 1 in all). Remove those that were written twice, or number",
        ),
    ],
)
def test_what_no_test_can_have_given_is_told(changes, message):
    good = [rating("L0", "t0", "a", 50.0), rating("L2", "t0", "a", math.nan)]
    assert len(checked(as_ratings(good), "here")) == 2
    with pytest.raises(DatasetError) as told:
        checked(as_ratings([*good, rating("L1", "t0", "a", 50.0) | changes]), "here")
    assert message in str(told.value)


def test_a_repetition_is_no_second_rating():
    rows = [rating("L0", "t0", "a", 50.0, replicate=index) for index in range(2)]
    assert len(checked(as_ratings(rows), "here")) == 2


def test_rows_get_their_types_and_one_order():
    rows = [
        rating("L1", "t0", "a", "50", training="False", plays="3"),
        rating("L0", "t1", "b", 7, simulated="TRUE", bitrate_bps=None),
    ]
    table = as_ratings(rows)
    pd.testing.assert_frame_equal(table, as_ratings(reversed(rows)))
    assert table["listener"].tolist() == ["L0", "L1"]
    assert table["score"].tolist() == [7.0, 50.0]
    assert (table["training"].tolist(), table["simulated"].tolist()) == ([False, False], [True, False])
    assert (table["plays"].tolist(), table["reason"].tolist()) == ([pd.NA, 3], ["", ""])
    assert (table["block"].tolist(), table["excluded"].tolist()) == ([0, 0], [False, False])
    with pytest.raises(DatasetError, match=r"^ratings: expected no columns but test, .*; got also mood, time\."):
        as_ratings([{"time": 1, "mood": 2, "score": 3}])
    with pytest.raises(DatasetError, match=r"^ratings, column plays: expected values of type Int64 \(.*often"):
        as_ratings([rating("L", "t", "a", 1, plays="often")])


def test_only_scores_of_what_is_rated_count():
    rows = [
        rating("L0", "t0", "a", 1),
        rating("L0", "t1", "a", 2, training=True),
        rating("L0", "t2", "a", 3, excluded=True),
        rating("L0", "t3", "a", math.nan),
        rating("L0", "t4", "a", 5) | {"role": "reference"},
        rating("L0", "t5", "a", 6) | {"role": "hidden_reference"},
    ]
    found = counted(as_ratings(rows))
    assert (found["score"].tolist(), list(found.index)) == ([1, 6], [0, 1])


def test_one_test_is_analysed_at_a_time():
    one, other = rating("L0", "t0", "a", 1), rating("L0", "t0", "a", 2) | {"test": "other"}
    both = as_ratings([one, other])
    assert one_test(as_ratings([one]))["score"].tolist() == [1]
    assert one_test(both, "other")["score"].tolist() == [2]
    assert list(one_test(both, "other").index) == [0]
    for given, name, message in (
        (both, "", "ratings: expected one test, got 'made', 'other'. Scores of different tests are not comparable"),
        (both, "third", "--test 'third': the ratings are of 'made', 'other'. Choose one of them."),
        (as_ratings([]), "", "ratings: expected at least one row, there is none. Nobody has submitted a trial yet."),
        (as_ratings([one, one | {"trial": "t1", "test_type": "acr"}]), "", "ratings: expected one test, got 'made'."),
    ):
        with pytest.raises(DatasetError) as told:
            one_test(given, name)
        assert str(told.value).startswith(message)


def test_what_each_listener_did_by_hand():
    rows = [
        rating("L0", "t0", "reference", 100, plays=0, trial_s=10.0),
        rating("L0", "t0", "a", 40, plays=1, trial_s=10.0),
        rating("L0", "t0", "reference", 90, plays=2, replicate=1, trial_s=30.0),
        rating("L0", "t0", "a", 60, replicate=1, trial_s=30.0, reason="why", excluded=True),
        rating("L1", "t0", "a", 55, simulated=True),
    ]
    found = listeners(as_ratings(rows)).set_index("listener")
    known = {"n": 4, "n_trials": 2, "repeatability": 15.0, "reference_mean": 95.0, "never_played": 1}
    assert {name: found.loc["L0", name] for name in known} == known
    assert found.loc["L0", "spread"] == pytest.approx(np.std([100, 40, 90, 60], ddof=1))
    assert found.loc["L0", "median_trial_s"] == 20
    assert found["simulated"].tolist() == [False, True]
    assert found["excluded"].tolist() == [True, False]
    assert found.loc["L1", ["spread", "repeatability", "reference_mean", "median_trial_s"]].isna().all()


def test_the_rarest_stimulus_is_named(tmp_path):
    test = tiny_test(tmp_path, trials=2, rules={"minimum_ratings": 2})
    conditions = [stimulus.condition for stimulus in test.counted[0].stimuli]

    def of(clips: dict[str, int], without: str = "") -> Any:
        rows = [
            rating(f"L{who}", clip, condition, 50)
            for clip, people in clips.items() for who in range(people) for condition in conditions
            if condition != without or who
        ]  # fmt: skip
        return fewest(as_ratings(rows), test)

    found = of({"clip1": 3, "clip2": 3}, without="anchor70")
    assert (found.condition, found.clip, found.ratings, found.needed, found.enough) == ("anchor70", "clip1", 2, 2, True)
    found = of({"clip1": 3})
    assert (found.condition, found.clip, found.ratings, found.enough) == (conditions[0], "clip2", 0, False)
    pairs = tiny_test(tmp_path, "abx", trials=1)
    assert fewest(as_ratings([]), pairs).condition == "codec0@6000 vs reference"


def test_outliers_are_listed_with_the_median_of_their_cell():
    rows = [rating(f"L{who}", "t0", "a", score) for who, score in enumerate((50, 51, 52, 53, 90))]
    rows += [rating(f"L{who}", "t1", "a", score) for who, score in enumerate((90, 90, 90, 90, 10))]
    found = outliers(as_ratings(rows))
    assert list(found.columns) == ["listener", "clip", "condition", "role", "replicate", "score", "cell_median"]
    assert found[["listener", "clip", "score", "cell_median"]].to_numpy().tolist() == [
        ["L4", "t0", 90.0, 52.0],
        ["L4", "t1", 10.0, 90.0],
    ]


def test_a_rule_says_how_many_are_too_many():
    strict = rule("  mid_anchor  > 90 on >= 15%  guard 25%")
    assert (strict.text, strict.role, strict.sign, strict.score) == (
        "mid_anchor > 90 on >= 15% guard 25%",
        "mid_anchor",
        ">",
        90,
    )
    assert [strict.too_many(broken, 20) for broken in (2, 3)] == [False, True]
    for wrong in ("nobody < 9 on > 1%", "hidden_reference < 90", "", "ranks > 3%"):
        with pytest.raises(ConfigError) as told:
            rule(wrong)
        assert str(told.value).startswith(
            f"screening rule {wrong!r}: expected such as 'hidden_reference < 90 on > 15%', "
        )


def test_an_analysis_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pingouin", None)  # as if it were not there
    with pytest.raises(MissingRequirement) as told:
        pingouin("rm_anova", pd.DataFrame())
    assert str(told.value) == "the analysis of a listening test needs pingouin: pip install 'codecbench[listen]'"
