"""Ranks as intervals: ties, certainty, infinities, and how often they hold the truth."""

import math

import numpy as np
import pytest

from bench.stats import rank_intervals


def three(random, clips=40):
    base = random.normal(size=clips)
    return {
        "good": base + 1 + random.normal(scale=0.3, size=clips),
        "same": base + 1 + random.normal(scale=0.3, size=clips),
        "bad": base + random.normal(scale=0.3, size=clips),
    }


def test_equal_conditions_tie_and_others_do_not():
    values = three(np.random.default_rng(1))
    assert rank_intervals(values, range(40), True, seed=0) == {"good": (1, 2), "same": (1, 2), "bad": (3, 3)}
    assert rank_intervals(values, range(40), False, seed=0) == {"good": (2, 3), "same": (2, 3), "bad": (1, 1)}
    small = {name: 1e-6 * column for name, column in values.items()}
    assert rank_intervals(small, range(40), True, seed=0) == rank_intervals(values, range(40), True, seed=0)


def test_identical_columns_tie():
    values = np.random.default_rng(2).normal(size=20)
    assert rank_intervals({"one": values, "two": values}, range(20), True, seed=0) == {"one": (1, 2), "two": (1, 2)}


def test_a_perfect_copy_is_first_and_breaks_nothing():
    finite = three(np.random.default_rng(3))
    inf = np.full(40, math.inf)
    found = rank_intervals({**finite, "copy": inf}, range(40), True, seed=0)
    assert found == {"good": (2, 3), "same": (2, 3), "bad": (4, 4), "copy": (1, 1)}
    found = rank_intervals({"copy": inf, **finite, "other copy": inf}, range(40), True, seed=0)
    assert found["copy"] == found["other copy"] == (1, 2)
    assert found["bad"] == (5, 5)


def test_infinitely_bad_is_last():
    finite, inf = three(np.random.default_rng(4)), np.full(40, math.inf)
    assert rank_intervals({**finite, "lost": -inf}, range(40), True, seed=0)["lost"] == (4, 4)
    assert rank_intervals({**finite, "lost": inf}, range(40), False, seed=0)["lost"] == (4, 4)
    assert rank_intervals({**finite, "copy": -inf}, range(40), False, seed=0)["copy"] == (1, 1)


def test_what_has_no_mean_has_no_rank_and_changes_no_other():
    finite, nan, inf = three(np.random.default_rng(5)), np.full(40, math.nan), np.full(40, math.inf)
    some = np.where(np.arange(40) == 3, math.inf, 1.0)
    both = np.where(np.arange(40) == 3, -math.inf, inf)
    found = rank_intervals({"nothing": nan, **finite, "some": some, "both": both}, range(40), True, seed=0)
    assert found == rank_intervals(finite, range(40), True, seed=0)


def test_a_failed_cell_leaves_out_one_clip_of_one_pair():
    values = three(np.random.default_rng(6))
    values["good"][7] = math.nan
    assert rank_intervals(values, range(40), True, seed=0) == {"good": (1, 2), "same": (1, 2), "bad": (3, 3)}


def test_conditions_without_a_clip_in_common_are_not_compared():
    early = np.where(np.arange(20) < 10, 1.0, math.nan)
    late = np.where(np.arange(20) >= 10, 9.0, math.nan)
    assert rank_intervals({"early": early, "late": late}, range(20), True, seed=0) == {"early": (1, 2), "late": (1, 2)}


def test_one_clip_says_nothing_about_ranks():
    assert rank_intervals({"a": [1.0], "b": [2.0]}, ["x"], True, seed=0) == {"a": (1, 2), "b": (1, 2)}
    assert rank_intervals({"a": [1.0], "b": [math.inf]}, ["x"], True, seed=0) == {"a": (2, 2), "b": (1, 1)}
    assert rank_intervals({}, [], True, seed=0) == {}


def test_order_of_rows_and_of_conditions_and_names_change_nothing():
    random = np.random.default_rng(7)
    values = {f"codec {one}": random.normal(0.25 * one, 1, size=30) for one in range(6)}
    clusters = random.integers(12, size=30)
    known = rank_intervals(values, clusters, True, seed=0)
    order = random.permutation(30)
    assert rank_intervals({k: v[order] for k, v in values.items()}, clusters[order], True, seed=0) == known
    names = [f"renamed {one}" for one in range(6)]
    renamed = rank_intervals(dict(zip(names, values.values(), strict=True)), clusters, True, seed=0)
    assert list(renamed.values()) == list(known.values())


def test_copies_of_clips_of_the_same_source_make_nothing_surer():
    random = np.random.default_rng(8)
    values = {f"codec {one}": random.normal(0.3 * one, 1, size=20) for one in range(5)}
    tiled = {name: np.tile(column, 10) for name, column in values.items()}
    once = rank_intervals(values, np.arange(20), True, seed=0)
    assert rank_intervals(tiled, np.tile(np.arange(20), 10), True, seed=0) == once


@pytest.mark.slow
@pytest.mark.parametrize("clips", [12, 40])
def test_all_true_ranks_at_once_are_covered(clips):
    """Two of six codecs are equal, so both may take either place; the others are 0.4 apart."""
    truth = np.array([0.0, 0.4, 0.8, 0.8, 1.2, 1.6])
    possible = [(6, 6), (5, 5), (3, 4), (3, 4), (2, 2), (1, 1)]
    random, trials, hits = np.random.default_rng(clips), 500, 0
    for trial in range(trials):
        base = random.normal(size=clips)
        values = {str(one): base + mean + random.normal(scale=0.7, size=clips) for one, mean in enumerate(truth)}
        found = rank_intervals(values, range(clips), True, seed=trial, draws=999)
        hits += all(
            low <= first and last <= high for (low, high), (first, last) in zip(found.values(), possible, strict=True)
        )
    assert hits / trials >= 0.94  # 95 % less the error of 500 trials


@pytest.mark.slow
def test_equal_codecs_come_out_as_ties():
    random, trials, ties = np.random.default_rng(3), 400, 0
    for trial in range(trials):
        base = random.beta(4, 1.5, size=25) * 4 + 1
        values = {str(one): base + random.normal(scale=0.3, size=25) for one in range(8)}
        found = rank_intervals(values, range(25), True, seed=trial, draws=999)
        ties += set(found.values()) == {(1, 8)}
    assert ties / trials >= 0.93
