"""Who is left out, to the listener and the trial."""

from __future__ import annotations

import json
from fractions import Fraction

import pandas as pd
import pytest

from bench.errors import ConfigError, UnknownName
from listening_test.analysis.descriptive import summary
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.importers import import_ratings
from listening_test.analysis.screening import PRESETS, rule, screen, screening
from tests.listening.analysis.made import of_listeners, rating


def left_out(ratings: pd.DataFrame, name: str) -> dict[str, str]:
    marked = screen(ratings, PRESETS[name]).ratings
    out = marked[marked["excluded"]]
    return dict(zip(out["listener"], out["reason"], strict=True))


def low_on(count: int, of: int, low: float = 89.0) -> list[float]:
    return [low] * count + [95.0] * (of - count)


def test_exactly_15_percent_stays_and_more_goes():
    ratings = of_listeners(
        {
            "three of twenty": {"reference": low_on(3, 20)},
            "four of twenty": {"reference": low_on(4, 20)},
            "never": {"reference": low_on(0, 20)},
            "exactly 90": {"reference": low_on(20, 20, 90.0)},
            "six of forty": {"reference": low_on(6, 40)},
        }
    )
    assert left_out(ratings, "bs1534") == {"four of twenty": "hidden_reference < 90 on > 15%: 4 of 20 trials (20.0 %)"}


def test_the_mid_anchor_may_not_be_heard_as_the_reference():
    fine, wrong = [40.0] * 20, [91.0] * 4 + [40.0] * 16
    ratings = of_listeners({"wrong": {"anchor70": wrong}, **{f"fine{i}": {"anchor70": fine} for i in range(5)}})
    assert left_out(ratings, "bs1534") == {"wrong": "mid_anchor > 90 on > 15% guard 25%: 4 of 20 trials (20.0 %)"}


def test_an_item_whose_mid_anchor_many_rate_high_is_not_used():
    """Trials t00 to t03: the anchor is transparent for 2 of 7 (28.6 %), and so they speak against nobody."""
    high, fine = [95.0] * 4 + [40.0] * 16, [40.0] * 20
    listeners = {"a": {"anchor70": high}, "b": {"anchor70": high}, **{f"f{i}": {"anchor70": fine} for i in range(5)}}
    screened = screen(of_listeners(listeners), PRESETS["bs1534"])
    assert not screened.ratings["excluded"].any()
    assert screened.guarded["trial"].tolist() == ["t00", "t01", "t02", "t03"]
    used = screened.checks[screened.checks["rule"].str.startswith("mid")]
    assert set(used["trials"]) == {16}


def test_a_quarter_is_not_more_than_a_quarter():
    """2 of 8 listeners are exactly 25 %: the trials are used, and both go."""
    high, fine = [95.0] * 4 + [40.0] * 16, [40.0] * 20
    listeners = {"a": {"anchor70": high}, "b": {"anchor70": high}, **{f"f{i}": {"anchor70": fine} for i in range(6)}}
    assert set(left_out(of_listeners(listeners), "bs1534")) == {"a", "b"}


def test_the_guard_does_not_help_against_the_rule_on_the_reference():
    listeners = {f"l{i}": {"reference": low_on(10, 20), "anchor70": [40.0] * 20} for i in range(4)}
    assert set(left_out(of_listeners(listeners), "bs1534")) == set(listeners)


def test_training_is_never_used():
    rows = [rating("l", f"t{i}", "reference", 95.0) for i in range(5)]
    rows += [rating("l", f"training{i}", "reference", 10.0, training=True) for i in range(5)]
    assert left_out(as_ratings(rows), "bs1534") == {}
    assert left_out(as_ratings(rows), "mpeg") == {}


def test_rules_read_roles_and_not_names():
    rows = [rating("l", f"t{i}", "reference", 10.0, role="system") for i in range(5)]
    assert left_out(as_ratings(rows), "bs1534") == {}
    rows = [rating("l", f"t{i}", "ORIGINAL & co", 10.0, role="hidden_reference") for i in range(5)]
    assert set(left_out(as_ratings(rows), "bs1534")) == {"l"}


def test_encodec_paper_counts_at_least_a_fifth_and_more_than_a_half():
    listeners = {
        "a fifth": {"reference": low_on(2, 10), "anchor35": [10.0] * 10},
        "less": {"reference": low_on(1, 10), "anchor35": [81.0] * 5 + [10.0] * 5},
        "low anchor": {"reference": low_on(0, 10), "anchor35": [81.0] * 6 + [10.0] * 4},
        "eighty": {"reference": low_on(0, 10), "anchor35": [80.0] * 10},
    }
    assert set(left_out(of_listeners(listeners), "encodec_paper")) == {"a fifth", "low anchor"}


def test_mpeg_leaves_out_for_one_item():
    listeners = {
        "one low": {"reference": low_on(1, 20), "anchor70": [50.0] * 20, "anchor35": [20.0] * 20},
        "anchors swapped once": {"reference": [100.0] * 20, "anchor70": [50.0] * 20, "anchor35": [51.0] + [20.0] * 19},
        "reference below the mid anchor": {"reference": [95.0] * 3, "anchor70": [96.0, 50.0, 50.0]},
        "reference below the low anchor": {"reference": [95.0] * 3, "anchor35": [96.0, 50.0, 50.0]},
        "equal": {"reference": [90.0] * 20, "anchor70": [90.0] * 20, "anchor35": [90.0] * 20},
    }
    assert set(left_out(of_listeners(listeners), "mpeg")) == set(listeners) - {"equal"}


def test_repetitions_of_a_trial_are_trials():
    rows = [rating("l", "t", "reference", 80.0 if i == 0 else 99.0, replicate=i) for i in range(7)]
    [check] = screen(as_ratings(rows), PRESETS["bernoulli"]).checks.to_dict("records")
    assert (check["trials"], check["broken"], check["excluded"]) == (7, 1, True)


def test_a_listener_without_the_role_stays():
    assert left_out(of_listeners({"l": {"a": [10.0] * 5}}), "bs1534") == {}


def test_screening_starts_anew():
    ratings = of_listeners({"l": {"reference": [10.0] * 5}})
    marked = screen(ratings, PRESETS["bs1534"]).ratings
    assert marked["excluded"].all()
    again = screen(marked, PRESETS["none"]).ratings
    assert not again["excluded"].any()
    assert (again["score"] == ratings["score"]).all()


def test_own_rules():
    one = rule("low_anchor > 80 on >= 33.3 % guard 25%")
    assert (one.role, one.share, one.guard, one.inclusive) == ("low_anchor", Fraction(333, 1000), Fraction(1, 4), True)
    assert len(screening("bs1534", ["ranks on > 10%"]).rules) == 1
    for wrong in ("reference < 90 on > 15%", "hidden_reference < 90", "hidden_reference = 90 on > 15%", ""):
        with pytest.raises(ConfigError, match="screening rule"):
            rule(wrong)
    with pytest.raises(UnknownName, match="bs1534, encodec_paper"):
        screening("itu")


def test_the_raw_file_of_bernoulli_becomes_exactly_their_filtered_file(real_data):
    raw, filtered = (
        import_ratings("bernoulli", real_data(f"ratings/bernoulli_mushra/ratings_formated{name}.csv")).ratings
        for name in ("", "_filtered")
    )
    assert (len(raw), len(filtered)) == (1512, 1368)
    kept = counted(screen(raw, PRESETS["bernoulli"]).ratings)
    columns = ["listener", "clip", "condition", "role", "score"]
    pd.testing.assert_frame_equal(kept[columns], filtered[columns])


def test_the_condition_means_of_bernoulli_are_those_of_the_readme(real_data):
    raw = import_ratings("bernoulli", real_data("ratings/bernoulli_mushra/ratings_formated.csv")).ratings
    table = summary(counted(raw), ["condition"], seed=0).set_index("condition")
    assert table["mean_of_clips"].round(1).to_dict() == {
        "Reference": 98.3,
        "AudioDec": 65.4,
        "Proposed 5.51": 59.9,
        "Proposed 1.38": 53.9,
        "Proposed 5.51 16kHz": 49.0,
        "Proposed 1.38 16kHz": 48.3,
        "Lyra 6": 46.0,
        "Lyra 3": 29.3,
        "Anchor": 20.3,
    }
    assert json.loads(table["n"].to_json()) == dict.fromkeys(table.index, 168)
