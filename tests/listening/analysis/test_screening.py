"""Who is left out, to the listener and the trial."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pandas as pd
import pytest

from bench.errors import ConfigError, UnknownName
from listening_test.analysis.descriptive import summary
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.importers import import_ratings
from listening_test.analysis.screening import PRESETS, SIMULATED, applicable, post_screen, rule, screen, screening
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


def test_five_point_scales_are_not_screened():
    rows = [rating("l", f"t{i}", "reference", 5.0, test_type="dcr") for i in range(5)]
    assert not post_screen(as_ratings(rows), PRESETS["bs1534"]).ratings["excluded"].any()
    assert applicable(as_ratings(rows), PRESETS["bs1534"]).name == "none"


def test_screening_starts_anew():
    ratings = of_listeners({"l": {"reference": [10.0] * 5}})
    marked = screen(ratings, PRESETS["bs1534"]).ratings
    assert marked["excluded"].all()
    again = screen(marked, PRESETS["none"]).ratings
    assert not again["excluded"].any()
    assert (again["score"] == ratings["score"]).all()


def test_every_listener_and_rule_is_in_the_checks():
    """``two`` breaks both rules, ``one`` the second, and of the guarded trial nobody."""
    fine, high = [40.0] * 4, [95.0, 40.0, 40.0, 40.0]
    ratings = of_listeners(
        {
            "two": {"reference": [80.0, 80.0, 99.0, 99.0], "anchor70": [95.0, 95.0, 40.0, 40.0]},
            "one": {"reference": [99.0] * 4, "anchor70": [95.0, 40.0, 95.0, 95.0]},
            **{f"fine{place}": {"reference": [99.0] * 4, "anchor70": fine} for place in range(8)},
            **{f"high{place}": {"reference": [99.0] * 4, "anchor70": high} for place in range(2)},
        }
    )
    screened = screen(ratings, PRESETS["bs1534"])
    first, second = (one.text for one in PRESETS["bs1534"].rules)
    assert list(screened.checks.columns) == ["listener", "rule", "trials", "broken", "share", "excluded"]
    assert len(screened.checks) == 2 * 12
    assert screened.checks["listener"].is_monotonic_increasing
    assert list(screened.checks.index) == list(range(24))
    rows = screened.checks.set_index(["listener", "rule"])
    assert rows.loc[("two", first)].tolist() == [4, 2, 0.5, True]
    assert rows.loc[("two", second)].tolist() == [3, 1, 1 / 3, True]
    assert rows.loc[("one", first)].tolist() == [4, 0, 0.0, False]
    assert rows.loc[("one", second)].tolist() == [3, 2, 2 / 3, True]
    assert rows.loc[("high0", second)].tolist() == [3, 0, 0.0, False]
    assert screened.guarded.to_dict("records") == [{"rule": second, "trial": "t00", "broken": 4, "listeners": 12}]
    assert left_out(ratings, "bs1534") == {
        "one": f"{second}: 2 of 3 trials (66.7 %)",
        "two": f"{first}: 2 of 4 trials (50.0 %); {second}: 1 of 3 trials (33.3 %)",
    }
    assert set(screened.ratings.loc[~screened.ratings["excluded"], "reason"]) == {""}


def test_scores_that_are_missing_and_training_break_no_rule():
    rows = [rating("x", f"t{clip}", "reference", 99.0 if clip else math.nan) for clip in range(3)]
    rows += [rating("x", "t9", "reference", 0.0, training=True)]
    [check] = screen(as_ratings(rows), PRESETS["mpeg"]).checks.query("rule != 'ranks on > 0%'").to_dict("records")
    assert (check["trials"], check["broken"], check["excluded"]) == (2, 0, False)
    nothing = screen(as_ratings(rows), PRESETS["none"])
    assert (len(nothing.checks), len(nothing.guarded)) == (0, 0)
    assert list(nothing.guarded.columns) == ["rule", "trial", "broken", "listeners"]


def test_ranks_compare_what_is_there_in_each_trial():
    def ranked(**roles: float) -> list[tuple[int, int]]:
        rows = [rating("x", "t", role, score, role=role) for role, score in roles.items()]
        checks = screen(as_ratings(rows), screening("", ["ranks on > 0%"])).checks
        return list(zip(checks["broken"], checks["trials"], strict=True))

    assert ranked(hidden_reference=90.0, mid_anchor=50.0, low_anchor=20.0) == [(0, 1)]
    assert ranked(hidden_reference=90.0, mid_anchor=91.0, low_anchor=20.0) == [(1, 1)]
    assert ranked(hidden_reference=90.0, mid_anchor=50.0, low_anchor=51.0) == [(1, 1)]
    assert ranked(hidden_reference=90.0, low_anchor=91.0) == [(1, 1)]
    assert ranked(mid_anchor=50.0, low_anchor=51.0) == [(1, 1)]
    assert ranked(mid_anchor=50.0, low_anchor=50.0) == [(0, 1)]
    assert ranked(hidden_reference=90.0, system=99.0) == [], "one of the three is not compared"


def test_simulated_listeners_are_put_aside_only_beside_people():
    rows = [rating(who, "t", "reference", 99.0, simulated=who == "m") for who in ("m", "p")]
    rows += [rating("bad", "t", "reference", 10.0)]
    ratings = as_ratings(rows)
    beside = post_screen(ratings, PRESETS["mpeg"])
    assert beside.ratings.set_index("listener")["reason"].to_dict() == {
        "bad": "hidden_reference < 90 on > 0%: 1 of 1 trials (100.0 %)", "m": SIMULATED, "p": "",
    }  # fmt: skip
    assert beside.ratings["excluded"].tolist() == [True, True, False]
    assert set(beside.checks["listener"]) == {"bad", "p"}
    counted_too = post_screen(ratings, PRESETS["mpeg"], with_simulated=True)
    assert counted_too.ratings["excluded"].tolist() == [True, False, False]
    alone = post_screen(ratings[ratings["listener"] == "m"], PRESETS["mpeg"])
    assert alone.ratings["excluded"].tolist() == [False]


def test_screenings_have_names_and_sources():
    assert screening("mpeg") is PRESETS["mpeg"]
    assert [one.text for one in PRESETS["encodec_paper"].rules] == [
        "hidden_reference < 90 on >= 20%", "low_anchor > 80 on > 50%",
    ]  # fmt: skip
    own = screening("mpeg", ["ranks on > 10%", "system < 1 on > 50%"])
    assert (own.name, own.source) == ("own rules", "given on the command line")
    assert [one.text for one in own.rules] == ["ranks on > 10%", "system < 1 on > 50%"]
    with pytest.raises(UnknownName) as told:
        screening("bernouli")
    assert str(told.value).startswith("no screening is called 'bernouli'.")
    assert "bernoulli" in str(told.value).partition("Known")[0]
    assert str(told.value).endswith(
        "Known: bs1534, encodec_paper, mpeg, bernoulli, none; or give rules of your own with --exclude."
    )
    with pytest.raises(ConfigError) as told:
        rule("nobody < 9 on > 1%")
    assert str(told.value) == (
        "screening rule 'nobody < 9 on > 1%': expected such as 'hidden_reference < 90 on > 15%', 'mid_anchor > 90 on > "
        "15% guard 25%' or 'ranks on > 0%'. Roles: hidden_reference, mid_anchor, low_anchor, anchor, system."
    )
    ranks = rule("ranks on >= 12.5% guard > 30 %")
    assert (ranks.role, ranks.sign, ranks.score, ranks.inclusive) == ("", "", 0.0, True)
    assert (ranks.share, ranks.guard) == (Fraction(1, 8), Fraction(3, 10))
    assert rule("anchor < 2.5 on > 1%").score == 2.5
    assert not ranks.too_many(0, 0)


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
