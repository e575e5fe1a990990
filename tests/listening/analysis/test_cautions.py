"""What a reader is warned of, word for word, and where each warning begins."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from listening_test.analysis.analysed import analyse
from listening_test.analysis.cautions import cautions, of_counts, of_missing, of_simulation
from listening_test.analysis.counts import Fewest
from listening_test.analysis.frames import as_ratings
from listening_test.analysis.screening import PRESETS, SIMULATED
from tests.listening.analysis.made import of_listeners, rating


def ratings_of(people: int = 6, systems: dict[str, float] | None = None, **anchors: float) -> pd.DataFrame:
    """Five clips; every other listener is a point above the others, everywhere."""
    means = {"reference": 99.0, "anchor70": 50.0, "anchor35": 30.0, **anchors, **(systems or {"a": 60.0, "b": 70.0})}
    return of_listeners(
        {f"L{who}": {name: [mean + (who % 2)] * 5 for name, mean in means.items()} for who in range(people)}
    )


def conditions_of(ratings: pd.DataFrame, **more: Any) -> pd.DataFrame:
    """The columns of a summary that cautions read."""
    groups = ratings.groupby(["condition", "role"])["score"]
    table = groups.agg(["median", "mean", "size"]).reset_index().rename(columns={"size": "n"})
    return table.assign(mean_of_clips=table["mean"], bimodality=math.nan).assign(**more)


def people_of(**columns: Any) -> pd.DataFrame:
    default = {"listener": ["x", "y"], "excluded": [False] * 2, "agreement": [0.9] * 2, "never_played": [0] * 2}
    return pd.DataFrame(default | columns)


def warned(ratings: pd.DataFrame, **more: Any) -> list[str]:
    return cautions(ratings, ratings, conditions_of(ratings, **more), people_of())


def test_a_test_by_the_book_has_no_caution():
    assert warned(ratings_of()) == []


def test_few_listeners():
    said = "listeners count: intervals are wide and tests blind."
    assert warned(ratings_of(5)) == [f"Only 5 {said}"]
    assert "Only 1 listener count: intervals are wide and tests blind." in warned(ratings_of(1))


def test_equal_ratings():
    rows = [rating(f"L{who}", "t", name, 3.0, test_type="acr") for who in range(6) for name in "ab"]
    assert warned(as_ratings(rows)) == ["All ratings are equal (3): there is nothing to compare."]


def test_clips_that_were_rated_unequally_often():
    ratings = ratings_of()
    assert warned(ratings, mean_of_clips=0.0) == [
        'Some clips were rated more often than others: "mean of ratings", with its intervals, gives them more weight; '
        '"mean of clips" counts every clip alike.'
    ]


def test_two_groups():
    ratings = ratings_of(systems={"a": 60.0, "b": 70.0, "c": 65.0})
    table = conditions_of(ratings).set_index("condition")
    table["bimodality"] = pd.Series({"a": 0.567, "b": 5 / 9, "c": 0.9, "reference": 0.9, "anchor35": 0.7})
    table.loc["a", "n"], table.loc["c", "n"] = 10, 9
    assert cautions(ratings, ratings, table.reset_index(), people_of()) == [
        "The ratings may come from two groups (bimodality coefficient above 5/9, BS.1534-3 Attachment 3): a (0.57), "
        "anchor35 (0.70). Look at the violins; strong skewness alone raises it, too."
    ]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (9.0, 0.0, "+1.38, BS.1534-3 Attachment 4): prefer the permutation and Wilcoxon tests."),
        (-9.0, 0.0, "-1.38, BS.1534-3 Attachment 4): prefer the permutation and Wilcoxon tests."),
        (9.0, -4.5, "+0.90, BS.1534-3 Attachment 4): look at the distributions."),
        (9.0, -7.2, ""),
    ],
)
def test_skewed_residuals(first, second, said):
    """Two of eighteen cells are off; of opposite sign they make up for each other, and below 0.5 nothing is said."""
    ratings = ratings_of(systems={"a": 60.0, "b": 70.0, "c": 65.0})
    for who, name, by in (("L0", "a", first), ("L1", "b", second)):
        ratings.loc[(ratings["listener"] == who) & (ratings["condition"] == name), "score"] += by
    assert warned(ratings) == ([f"Residuals are skewed ({said}"] if said else [])


def test_a_standard_that_is_not_met():
    ratings = ratings_of()
    systems = ratings[ratings["role"] == "system"].reset_index(drop=True)
    assert warned(systems) == [
        "No condition is the hidden reference or the low anchor or the mid anchor: by BS.1534-3 (5.1) this may not be "
        "called MUSHRA, and rules about it left nobody out."
    ]
    assert warned(ratings[ratings["role"] != "mid_anchor"])[0].startswith("No condition is the mid anchor: by")
    assert warned(systems.assign(test_type="acr")) == []


def test_systems_near_the_top():
    ratings = ratings_of()
    three = conditions_of(ratings_of(systems={"a": 79.0, "b": 79.0, "c": 79.0})).set_index("condition")
    for medians, said in (
        ((80.0, 79.9, 91.0), ["2 of 3"]),
        ((80.0, 79.9, 79.9), []),
        ((80.0, 80.0, 80.0), ["3 of 3"]),
    ):
        three.loc[list("abc"), "median"] = medians
        assert cautions(ratings, ratings, three.reset_index(), people_of()) == [
            f"{share} systems have a median of 80 to 100: the test may be unable to tell them apart (BS.1534-3, 9); "
            "BS.1116 is for small impairments."
            for share in said
        ]
    half = conditions_of(ratings_of(systems={"a": 79.0, "b": 91.0}))
    assert cautions(ratings, ratings, half, people_of()) == [], "a half is no majority"


def test_anchors_that_are_too_near():
    assert warned(ratings_of(anchor70=49.9)) == [
        "The mid anchor is 19.9 points above the low one; BS.1534-3 (Attachment 5) expects 20 to 30."
    ]
    assert warned(ratings_of(anchor70=50.0)) == []


def test_too_few_clips():
    ratings = ratings_of()
    assert warned(ratings[ratings["clip"] != "t00"]) == ["4 clips for 2 systems; BS.1534-3 (5.1) asks for at least 5."]
    five = {name: 50.0 + 4 * place for place, name in enumerate("abcde")}
    assert warned(ratings_of(systems=five)) == ["5 clips for 5 systems; BS.1534-3 (5.1) asks for at least 7.5."]


def test_people_who_agree_little_or_did_not_listen():
    ratings = ratings_of()
    people = people_of(
        listener=["u", "v", "w", "x", "y"],
        excluded=[False, False, True, False, False],
        agreement=[0.1, 0.3, -0.5, -0.2, math.nan],
        never_played=[0, 1, 3, 0, 2],
    )
    assert cautions(ratings, ratings, conditions_of(ratings), people) == [
        "Agree little with the others (correlation below 0.3): u, x.",
        "Rated stimuli that they never played: v, y.",
    ]


def test_missing_scores():
    rows = [
        rating("x", "t0", "a", math.nan),
        rating("x", "t1", "a", 50.0),
        rating("x", "t2", "a", math.nan, training=True),
        rating("x", "t3", "a", math.nan) | {"role": "reference"},
    ]
    assert of_missing(as_ratings(rows)) == ["1 of 2 ratings have no score and are used nowhere."]
    assert of_missing(as_ratings(rows[1:])) == []


def test_simulated_listeners():
    rows = [rating(who, clip, "a", 50.0, simulated=who == "x") for who in "xyz" for clip in ("t0", "t1")]
    ratings = as_ratings(rows)
    assert of_simulation(ratings) == ["33 % of the listeners are simulated: these are no results of people."]
    assert of_simulation(ratings.assign(simulated=False)) == []
    apart = ratings.assign(reason=ratings["simulated"].map({True: SIMULATED, False: ""}))
    assert of_simulation(apart) == ["Simulated listeners are left out; the results are those of people."]


def test_stimuli_with_too_few_ratings():
    assert of_counts(Fewest("a", "song", 10, 10)) == []
    assert of_counts(Fewest("a", "song", 9, 10)) == [
        "a on song has 9 ratings that count; the test asks for at least 10 of each stimulus."
    ]


def test_an_analysis_of_nobody_and_of_answers():
    nobody = analyse(ratings_of(2).assign(training=True), PRESETS["none"])
    assert nobody.cautions == ("Nobody's ratings count: there are no results. See who was left out, and why.",)
    rows = [rating(who, "t", "a", score, test_type="ab", against="b") for who, score in (("x", 1.0), ("y", math.nan))]
    answered = analyse(as_ratings(rows).assign(simulated=True), PRESETS["none"])
    assert answered.cautions == (
        "100 % of the listeners are simulated: these are no results of people.",
        "1 of 2 ratings have no score and are used nowhere.",
    )
