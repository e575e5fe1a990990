"""What the tables of an analysis say, to the letter: of numbers that are written here, not computed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from listening_test.analysis import outputs, sheets
from listening_test.analysis.analysed import Analysis
from listening_test.analysis.descriptive import BIMODAL
from listening_test.analysis.screening import PRESETS
from listening_test.analysis.sheets import SHOWN, Sheet, number, p_text
from tests.listening.analysis.made import of_listeners

NAN = math.nan


def holding(test_type: str = "mushra", **tables: list[dict[str, Any]]) -> Analysis:
    """An analysis of one rating with these tables; the others are empty."""
    return Analysis(
        test="made",
        test_type=test_type,
        seed=3,
        screening=PRESETS["none"],
        ratings=of_listeners({"x": {"opus": [50.0]}}),
        panel={"icc_cells": 0},
        cautions=("Beware.", "And look."),
        **{name: pd.DataFrame(tables.get(name, [])) for name in outputs.TABLES},
    )


def condition(name: str, role: str, mean: float, **more: Any) -> dict[str, Any]:
    row = {"category": "all", "condition": name, "role": role, "codec": "", "n": 12, "n_listeners": 4, "n_clips": 3}
    box = {"median": mean + 1, "q1": mean - 4, "q3": mean + 5.25, "iqr": 9.25, "mean": mean, "mean_of_clips": mean}
    bounds = {"ci_low": mean - 2, "ci_high": mean + 2, "t_low": mean - 3, "t_high": mean + 3}
    shape = {"both_low": mean - 6, "both_high": mean + 6, "bimodality": 0.25, "outliers": 0}
    return {**row, **box, **bounds, **shape, **more}


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (None, 1, ""),
        (pd.NA, 1, ""),
        (NAN, 1, ""),
        (3.14159, 1, "3.1"),
        (3.14159, 0, "3"),
        (math.inf, 1, "∞"),
        (-math.inf, 1, "-∞"),
        (0.0, 2, "0.00"),
        (17, 2, "17"),
    ],
)
def test_a_number_in_a_cell(value, digits, expected):
    assert number(value, digits) == expected
    assert number(2.25) == "2.2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NAN, ""),
        (0.0, "<0.001"),
        (0.00099, "<0.001"),
        (0.001, "0.001"),
        (0.0994, "0.099"),
        (0.1, "0.10"),
        (1.0, "1.00"),
    ],
)
def test_a_p_has_the_digits_that_mean_something(value, expected):
    assert p_text(value) == expected


def test_conditions():
    rows = [
        condition("reference", "hidden_reference", 99.0, ci_low=NAN, t_low=NAN, both_low=NAN, bimodality=NAN),
        condition("opus", "system", 61.25, bimodality=0.6),
        condition("lyra", "mid_anchor", 40.0, bimodality=BIMODAL),
    ]
    assert sheets.of_conditions(holding(conditions=rows)) == Sheet(
        "Conditions",
        ("condition", "role", "median", "IQR", "quartiles", "mean", "95 % CI (bootstrap, widened)", "95 % CI (t)",
         "95 % CI (other clips, too)", "ratings", "listeners", "clips", "bimodality"),
        (
            ("reference", "hidden reference", "100.0", "9.2", "95.0 … 104.2", "99.0", "", "", "", "12", "4", "3", ""),
            ("opus", "system", "62.2", "9.2", "57.2 … 66.5", "61.2", "59.2 … 63.2", "58.2 … 64.2", "55.2 … 67.2", "12",
             "4", "3", "0.60 !"),
            ("lyra", "mid anchor", "41.0", "9.2", "36.0 … 45.2", "40.0", "38.0 … 42.0", "37.0 … 43.0", "34.0 … 46.0",
             "12", "4", "3", "0.56"),
        ),
        frozenset({"role"}),
    )  # fmt: skip


def test_conditions_of_a_category_on_a_scale_of_five_points_with_both_means():
    rows = [
        condition("opus", "system", 3.0),
        condition("opus", "system", 2.5, category="music", mean_of_clips=2.75),
    ]
    analysis = holding("acr", conditions=rows)
    music = sheets.of_conditions(analysis, "music")
    assert music.title == "Conditions: music"
    [row] = [dict(zip(music.columns, row, strict=True)) for row in music.rows]
    assert (row["mean of ratings"], row["mean of clips"], row["median"], row["IQR"]) == ("2.50", "2.75", "3.50", "9.25")
    assert (row["quartiles"], row["95 % CI (t)"]) == ("-1.50 … 7.75", "-0.50 … 5.50")
    assert (row["95 % CI (bootstrap, widened)"], row["95 % CI (other clips, too)"]) == ("0.50 … 4.50", "-3.50 … 8.50")
    assert "mean" not in row
    assert [row[5:7] for row in sheets.of_conditions(analysis).rows] == [("3.00", "3.00")]


def test_conditions_on_single_clips():
    rows = [condition("opus", "system", 61.25, category="music", clip="song", outliers=2, t_low=NAN)]
    assert sheets.of_items(holding(items=rows)) == Sheet(
        "Conditions on single clips",
        ("clip", "category", "condition", "median", "IQR", "mean", "95 % CI (t)", "ratings", "outliers"),
        (("song", "music", "opus", "62.2", "9.2", "61.2", "", "12", "2"),),
        frozenset({"category", "condition"}),
    )
    [row] = sheets.of_items(holding("dcr", items=rows)).rows
    assert row[3:6] == ("62.25", "9.25", "61.25")


PAIR = {
    "family": "systems", "better": "opus", "worse": "lyra", "n_listeners": 7, "difference": 12.345, "t_low": 2.0,
    "t_high": 22.69, "p_permutation": 0.0123, "p_permutation_holm": 0.0369, "p_wilcoxon": 0.0005,
    "p_wilcoxon_holm": 0.25, "p_attachment3": 0.4567, "effect_dz": math.inf, "rank_biserial": 0.987,
    "cliffs_delta": -0.1251,
}  # fmt: skip


def test_pairs_of_conditions():
    nobody = {**dict.fromkeys(PAIR, NAN), "family": "systems", "better": "opus", "worse": "dac", "n_listeners": 0}
    analysis = holding(comparisons=[PAIR, nobody])
    assert sheets.of_comparisons(analysis) == Sheet(
        "Pairs",
        ("better", "worse", "difference", "95 % CI (t)", "p permutation, paired", "Holm", "p Wilcoxon", "Holm ",
         "p Att. 3, unpaired, one-sided", "d_z", "rank-biserial", "Cliff's delta", "listeners"),
        (
            ("opus", "lyra", "12.3", "2.0 … 22.7", "0.012", "0.037", "<0.001", "0.25", "0.46", "∞", "0.99", "-0.13",
             "7"),
            ("opus", "dac", *[""] * 10, "0"),
        ),
        frozenset({"worse"}),
    )  # fmt: skip
    assert sheets.of_comparisons(holding("dcr", comparisons=[PAIR])).rows[0][2:4] == ("12.35", "2.00 … 22.69")


def test_all_systems_at_once():
    anova = {
        "test": "rm-ANOVA", "effect": "condition", "n_listeners": 8, "left_out": 1, "statistic": 3.794, "df1": 3.0,
        "df2": 21.0, "p": 0.0256, "epsilon_gg": 0.5328, "p_gg": 0.0626, "epsilon_hf": 0.6658, "p_hf": 0.0483,
        "effect_size": 0.3515, "note": "on the listeners' means",
    }  # fmt: skip
    friedman = {**dict.fromkeys(anova, NAN), "test": "Friedman", "effect": "condition", "n_listeners": 8, "left_out": 1}
    friedman |= {"df1": 3.0, "note": "none"}
    assert sheets.of_all_systems(holding(all_systems=[anova, friedman])) == Sheet(
        "All systems at once",
        ("test", "effect", "statistic", "df", "p", "epsilon (GG)", "p (GG)", "epsilon (HF)", "p (HF)", "effect size",
         "listeners", "left out", "note"),
        (
            ("rm-ANOVA", "condition", "3.79", "3, 21", "0.026", "0.53", "0.063", "0.67", "0.048", "0.35", "8", "1",
             "on the listeners' means"),
            ("Friedman", "condition", "", "3", *[""] * 6, "8", "1", "none"),
        ),
        frozenset({"effect", "note"}),
    )  # fmt: skip


def test_listeners_and_their_checks():
    person = {
        "listener": "x", "simulated": False, "excluded": True, "reason": "too low", "n": 9, "n_trials": 3,
        "agreement": 0.8766, "repeatability": 4.25, "reference_mean": 97.75, "spread": 20.5, "never_played": 0,
        "median_trial_s": 41.6,
    }  # fmt: skip
    machine = {**dict.fromkeys(person, NAN), "listener": "y", "simulated": True, "excluded": False, "reason": ""}
    machine |= {"n_trials": 2, "never_played": 1}
    checks = [
        {"listener": "x", "rule": "ranks on > 5%", "trials": 8, "broken": 1, "share": 0.125, "excluded": True},
        {"listener": "y", "rule": "ranks on > 5%", "trials": 8, "broken": 0, "share": 0.0, "excluded": False},
    ]
    analysis = holding(listeners=[person, machine], checks=checks)
    assert sheets.of_listeners(analysis) == Sheet(
        "Listeners",
        ("listener", "counts", "why not", "trials", "agreement", "repeatability", "reference mean", "spread",
         "never played", "seconds a trial"),
        (
            ("x", "no", "too low", "3", "0.88", "4.2", "97.8", "20.5", "0", "42"),
            ("y (simulated)", "yes", "", "2", "", "", "", "", "1", ""),
        ),
        frozenset({"why not", "counts"}),
    )  # fmt: skip
    assert sheets.of_checks(analysis) == Sheet(
        "Every listener and rule",
        ("listener", "rule", "broken", "trials", "share", "left out"),
        (("x", "ranks on > 5%", "1", "8", "12.5 %", "yes"), ("y", "ranks on > 5%", "0", "8", "0.0 %", "no")),
        frozenset({"rule"}),
    )


def test_outliers_are_counted_in_the_heading_and_long_tables_end():
    row = {"condition": "opus", "clip": "song", "listener": "x", "score": 12.0, "cell_median": 55.5}
    for count, more in ((SHOWN, 0), (SHOWN + 1, 1)):
        sheet = sheets.of_outliers(holding(outliers=[row] * count))
        assert (sheet.title, len(sheet.rows), sheet.more) == (f"Outliers: {count}, none removed", SHOWN, more)
    assert sheet.columns == ("condition", "clip", "listener", "score", "median of the others and this")
    assert sheet.rows[0] == ("opus", "song", "x", "12.0", "55.5")
    assert sheet.words == {"clip", "listener"}


CHOICE = {
    "condition": "opus", "against": "reference", "n": 20, "n_listeners": 4, "share": 0.65, "low": 0.4329,
    "high": 0.8188, "ci_low": 0.5, "ci_high": 0.8, "p": 0.2632, "p_holm": 0.5264, "p_sign": 0.0625,
    "p_sign_holm": 0.125,
}  # fmt: skip


@pytest.mark.parametrize(("test_type", "asked"), [("abx", "right"), ("ab", "for it")])
def test_pairs_of_answers(test_type, asked):
    alone = {**CHOICE, "low": NAN, "high": NAN, "ci_low": NAN}
    own = {"listener": "x", **CHOICE}
    analysis = holding(test_type, pairs=[CHOICE, alone], pairs_by_listener=[own])
    assert sheets.of_pairs(analysis) == Sheet(
        "Pairs",
        ("condition", "against", asked, "answers", "95 % CI (Wilson)", "95 % CI (over listeners)", "p binomial", "Holm",
         "p sign test", "Holm ", "listeners"),
        (
            ("opus", "reference", "65.0 %", "20", "43.3 … 81.9 %", "50.0 … 80.0 %", "0.26", "0.53", "0.062", "0.12",
             "4"),
            ("opus", "reference", "65.0 %", "20", "", "", "0.26", "0.53", "0.062", "0.12", "4"),
        ),
        frozenset({"against"}),
    )  # fmt: skip
    assert sheets.of_pairs_by_listener(analysis) == Sheet(
        "Every listener",
        ("listener", "condition", "against", asked, "answers", "95 % CI (Wilson)", "p binomial", "Holm"),
        (("x", "opus", "reference", "65.0 %", "20", "43.3 … 81.9 %", "0.26", "0.53"),),
        frozenset({"condition", "against"}),
    )


def test_a_terminal_shows_a_part_of_the_tables():
    conditions = [condition("opus", "system", 61.25)]
    people = [
        {"listener": "x", "excluded": True, "reason": "too low"},
        {"listener": "y", "excluded": True, "reason": "simulated listener, left out beside people"},
        {"listener": "z", "excluded": False, "reason": ""},
    ]
    analysis = holding(conditions=conditions, comparisons=[PAIR], listeners=people)
    lines, [described, compared] = outputs.terminal(analysis)
    assert lines == [
        "3 listeners, 2 left out by screening (none); 1 rating of 1 condition on 1 clip count.",
        "Left out: x: too low",
        "Left out: 1 simulated, beside people; --with-simulated counts them, too",
        "Caution: Beware.",
        "Caution: And look.",
    ]
    assert described == Sheet(
        "Conditions",
        ("condition", "median", "IQR", "mean", "95 % CI (boot-\nstrap, widened)", "listeners"),
        (("opus", "62.2", "9.2", "61.2", "59.2 … 63.2", "4"),),
        frozenset({"role"}),
    )
    assert compared == Sheet(
        "Pairs",
        ("better > worse", "differ-\nence", "95 % CI (t)", "p permu-\ntation", "Holm"),
        (("opus > lyra", "12.3", "2.0 … 22.7", "0.012", "0.037"),),
        frozenset({"worse"}),
    )


@pytest.mark.parametrize(("test_type", "asked"), [("abx", "right"), ("ab", "for it")])
def test_a_terminal_shows_the_answers(test_type, asked):
    people = [{"listener": "x", "excluded": False, "reason": ""}]
    lines, [shown] = outputs.terminal(holding(test_type, pairs=[CHOICE] * (SHOWN + 2), listeners=people))
    assert lines[0].startswith("1 listener, 0 left out")
    assert (shown.title, shown.words, shown.more) == ("Pairs", {"against"}, 2)
    assert shown.columns == (
        "condition vs the other", asked, "answers", "95 % CI\n(Wilson)", "p bino-\nmial", "Holm",
    )  # fmt: skip
    assert shown.rows[0] == ("opus vs reference", "65.0 %", "20", "43.3 … 81.9 %", "0.26", "0.53")


def test_programs_get_every_table_with_nothing_for_no_number():
    analysis = holding(conditions=[{"condition": "opus", "mean": 3.5, "ci_low": NAN, "n": np.int64(3)}])
    found = outputs.as_json(analysis)
    assert list(found) == [
        "test", "type", "seed", "simulated", "screening", "cautions", "panel", "listeners", "checks", "guarded",
        "conditions", "items", "comparisons", "all_systems", "outliers", "pairs", "pairs_by_listener",
    ]  # fmt: skip
    assert (found["test"], found["type"], found["seed"], found["simulated"]) == ("made", "mushra", 3, False)
    assert found["conditions"] == [{"condition": "opus", "mean": 3.5, "ci_low": None, "n": 3}]
    assert (found["cautions"], found["panel"]) == (["Beware.", "And look."], {"icc_cells": 0})
    assert found["screening"] == {"name": "none", "source": "everybody counts", "rules": []}
    rules = outputs.as_json(replace(analysis, screening=PRESETS["mpeg"]))["screening"]["rules"]
    assert rules == ["hidden_reference < 90 on > 0%", "ranks on > 0%"]
