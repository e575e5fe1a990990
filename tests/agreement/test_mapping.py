"""The monotone third-order mapping against a general solver, and between what is above and below it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.optimize import isotonic_regression, minimize

from bench.agreement.mapping import Cubic, errors, errors_of_fit, fit

SEEDS = some.integers(0, 10_000)


def made(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(5, 60))
    values = random.normal(size=n) * 10 ** random.uniform(-2, 2)
    t = (values - values.mean()) / values.std()
    shape = random.normal(size=4)
    return values, 50 + 10 * (shape[0] * t + shape[1] * t**2 / 2 + shape[2] * t**3 / 3) + random.normal(0, 5, n)


def squares(values, ratings, mapping):
    return float(np.square(ratings - mapping(values)).sum())


@given(SEEDS)
def test_it_never_falls_and_lies_between_isotonic_and_linear(seed):
    values, ratings = made(seed)
    mapping = fit(values, ratings)
    grid = np.linspace(values.min(), values.max(), 3001)
    mapped = mapping(grid)
    assert (np.diff(mapped) >= -1e-9 * max(1.0, np.abs(mapped).max())).all()
    order = np.argsort(values)
    best = float(np.square(ratings[order] - isotonic_regression(ratings[order]).x).sum())
    slope = max(0.0, float(np.polyfit(values, ratings, 1)[0]))
    line = float(np.square((ratings - ratings.mean()) - slope * (values - values.mean())).sum())
    assert best * (1 - 1e-9) <= squares(values, ratings, mapping) <= line * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_no_general_solver_finds_a_better_one(seed):
    values, ratings = made(seed)
    t = (values - values.min()) / np.ptp(values)
    powers = np.stack([t**0, t, t**2, t**3], axis=1)
    grid = np.linspace(0, 1, 801)
    slopes = np.stack([0 * grid, 1 + 0 * grid, 2 * grid, 3 * grid**2], axis=1)
    scale = float(np.square(ratings - ratings.mean()).sum())
    solved = minimize(
        lambda c: np.square(powers @ c - ratings).sum() / scale, [ratings.mean(), 1, 0, 0], method="SLSQP",
        jac=lambda c: 2 * powers.T @ (powers @ c - ratings) / scale, options={"maxiter": 500, "ftol": 1e-14},
        constraints=[{"type": "ineq", "fun": lambda c: slopes @ c, "jac": lambda c: slopes}],
    )  # fmt: skip
    assert squares(values, ratings, fit(values, ratings)) / scale <= solved.fun + 1e-4


def test_a_cubic_is_found_and_a_wrong_order_gets_a_flat_line():
    values = np.linspace(1, 5, 20)
    ratings = 10 + 3 * (values - 1) + 0.5 * (values - 1) ** 3
    assert errors_of_fit(values, ratings, np.ones(20)) == pytest.approx((0, 0, 0), abs=1e-9)
    flat = fit(values, -ratings)
    assert flat(values) == pytest.approx(np.full(20, -ratings.mean()))
    assert errors_of_fit(values, -ratings, np.ones(20)).rmse == pytest.approx(ratings.std() * math.sqrt(20 / 16))


def test_too_few_or_constant_values_have_no_mapping():
    assert fit(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])) is None
    assert fit(np.ones(9), np.arange(9.0)) is None
    assert math.isnan(errors_of_fit(np.ones(9), np.arange(9.0), np.ones(9)).rmse)


def test_errors_by_hand():
    residuals, halves = np.array([3.0, -4.0, 0.5, -1.0, 2.0, 0.0]), np.array([1.0, 5.0, 1.0, 0.0, 1.0, 1.0])
    found = errors(residuals, halves)
    assert found.rmse == pytest.approx(math.sqrt((9 + 16 + 0.25 + 1 + 4) / 2))
    assert found.rmse_star == pytest.approx(math.sqrt((4 + 1 + 1) / 2))
    assert found.outlier_ratio == 0.5
    alone = errors(residuals, np.where(halves == 5, np.nan, halves))
    assert alone.rmse == found.rmse
    assert math.isnan(alone.rmse_star)
    assert math.isnan(errors(residuals[:4], halves[:4]).rmse)


def test_a_mapping_is_a_polynomial_between_its_ends():
    assert Cubic((1, 2, 3, 4), 10, 20)(np.array([10.0, 15.0, 20.0])).tolist() == [1.0, 3.25, 10.0]
