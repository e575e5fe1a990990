from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.datasets import levels
from bench.datasets.levels import SnrClasses
from bench.datasets.mixing import decibels, power

RATE = 16_000
FIVE = SnrClasses(classes=(0, 5, 10, 15, 20), moving=0.5)


def course_of(snr, number, seconds=8.0, seed=3):
    return levels.course(snr, seed, number, seconds, np.random.default_rng([seed, number]))


def test_every_class_comes_equally_often():
    courses = [course_of(FIVE, number) for number in range(200)]
    for first in range(0, 200, 5):
        assert Counter(one.start_db for one in courses[first : first + 5]) == dict.fromkeys(FIVE.classes, 1)
    kinds = Counter(one.kind for one in courses)
    assert 70 < kinds["still"] < 130
    assert min(kinds["step"], kinds["ramp"]) > 25
    assert {one.points[3][1] for one in courses if one.kind != "still"} == {*FIVE.classes}


def test_moving_goes_to_another_class_in_the_middle_of_the_clip():
    for number in range(50):
        one = course_of(SnrClasses(classes=(0, 10), moving=1), number)
        (start_s, a), (begin_s, b), (end_s, c), (stop_s, d) = one.points
        assert (start_s, stop_s) == (0.0, 8.0)
        assert a == b != c == d
        assert 0.15 * 8 < begin_s < end_s < 0.85 * 8
        assert end_s - begin_s == pytest.approx(0.05, abs=0.002) if one.kind == "step" else end_s - begin_s <= 2.01
    assert course_of(SnrClasses(classes=(0, 10), moving=1), 0, seconds=1.9).kind == "still"


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_the_snr_in_each_hold_is_the_one_asked_for(seed, number):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((2, 8 * RATE)) * np.repeat(rng.uniform(0.5, 2, 8), RATE)
    one = levels.course(FIVE, seed, number, 8.0, rng)
    out = levels.to_course(noise, -26.0, one, RATE)
    if one.kind == "still":
        assert -26 - decibels(power(out)) == pytest.approx(one.start_db, abs=1e-4)
        return
    begin, end = round(one.points[1][0] * RATE), round(one.points[2][0] * RATE)
    assert -26 - decibels(power(out[:, :begin])) == pytest.approx(one.points[0][1], abs=1e-4)
    assert -26 - decibels(power(out[:, end:])) == pytest.approx(one.points[3][1], abs=1e-4)
    assert levels.measured_db(out, -26.0, one, RATE) == pytest.approx([one.points[0][1], one.points[3][1]], abs=1e-3)


def test_the_level_never_jumps():
    one = levels.Course(((0.0, 0.0), (3.0, 0.0), (3.05, 20.0), (8.0, 20.0)), "step")
    out = levels.to_course(np.ones((1, 8 * RATE)), -20.0, one, RATE)[0]
    assert np.abs(np.diff(20 * np.log10(out))).max() < 20 / (0.05 * RATE) + 0.01
    assert 20 * np.log10(out[0] / out[-1]) == pytest.approx(20, abs=1e-3)


def test_a_hold_that_is_almost_silent_is_not_lifted_without_limit():
    noise = np.random.default_rng(0).standard_normal((1, 8 * RATE))
    noise[:, : 4 * RATE] = 0
    one = levels.Course(((0.0, 10.0), (3.0, 10.0), (3.05, 0.0), (8.0, 0.0)), "step")
    assert np.isfinite(levels.to_course(noise, -20.0, one, RATE)).all()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"classes": []}, "at least 1 item"),
        ({"classes": [5, 5]}, "expected every class once"),
        ({"classes": [5], "moving": 0.5}, "two classes or more"),
        ({"classes": [5, 6], "moving": 2}, "less than or equal to 1"),
    ],
)
def test_classes_that_cannot_be(options, problem):
    with pytest.raises(ValidationError, match=problem):
        SnrClasses(**options)
