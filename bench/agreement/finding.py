"""Runs and ratings in, findings out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from bench.agreement.coefficients import errors_p, fisher_p, pearson, williams_p
from bench.agreement.joining import Joined, joined
from bench.agreement.levels import DRAWS, Points, kept, over_conditions, over_files, within_conditions, within_items
from bench.agreement.mapping import COEFFICIENTS, errors_of_fit, fit
from bench.agreement.model import ALL, LEVELS, Agreement, Comparison, Estimate, Findings
from bench.agreement.names import Names
from bench.agreement.verdicts import verdict
from bench.domain import CATEGORIES
from bench.errors import UnknownName
from bench.registry import nearest
from bench.runs.results import Results
from bench.stats import cluster_bootstrap, holm
from bench.tables import in_order


def agreement(
    runs: Sequence[Results],
    ratings: pd.DataFrame,
    names: Names | None = None,
    with_: Collection[str] = (),
    quantities: Sequence[str] = (),
    seed: int = 0,
    draws: int = DRAWS,
) -> Findings:
    """Every quantity of ``runs`` against every test of ``ratings``, for each category and for all together.

    Args:
        ratings: those that count, as of :func:`bench.agreement.rated.read_ratings`. Tests are never pooled.
        names: what the runs call clips and conditions that ratings from elsewhere call otherwise.
        with_: ``reference``, ``anchors``: rated besides the systems.
        quantities: which; all where it is empty.
        seed: of every bootstrap.
    Raises:
        UnknownName: no run has that quantity.
        ConfigError: nothing can be joined, or as :func:`bench.agreement.joining.joined`.
    """
    join = joined(runs, ratings, names, with_)
    for name in quantities:
        if name not in join.quantities:
            raise UnknownName(
                f"--quantity: the runs have no {name!r}.{nearest(name, join.quantities)} "
                f"There: {', '.join(join.quantities) or 'none'}."
            )
    chosen = [name for name in join.quantities if name in quantities or not quantities]
    people = ratings.assign(decoded_sha256=ratings["decoded_sha256"].fillna("").astype(str))
    found, compared = [], []
    for test, category, rows in _scopes(join):
        here = [_one(join, test, category, quantity, rows, people, seed, draws) for quantity in chosen]
        found += here
        usable = [one.quantity for one in here if one.verdict.kind != "undefined"]
        compared += _compared(join, test, category, usable, rows, seed, draws)
    tests = dict(zip(join.files["test"], join.files["test_type"], strict=True))
    table = pd.concat([join.files.drop(columns="decoded_sha256"), join.scores[chosen]], axis=1)
    ordered = table.sort_values(["test", "category", "clip", "condition"], kind="stable").reset_index(drop=True)
    return Findings(
        tuple(results.name for results in runs), dict(sorted(tests.items())), tuple(found), tuple(compared), ordered,
        join.notes, seed, draws,
    )  # fmt: skip


def points_of(join: Joined, quantity: str, rows: pd.Index) -> Points:
    """The files among ``rows`` that have a finite value, in an order that does not depend on that of the tables."""
    values = join.scores.loc[rows, quantity]
    there = join.files.loc[values.index[np.isfinite(values.to_numpy(dtype=float))]]
    there = there.sort_values(["clip", "condition", "mean"], kind="stable")
    sign = -1.0 if join.quantities[quantity].get("higher_is_better") is False else 1.0
    return Points(
        sign * values.loc[there.index].to_numpy(dtype=float),
        there["mean"].to_numpy(dtype=float),
        there["ci_half"].to_numpy(dtype=float),
        pd.factorize(there["clip"], sort=True)[0],
        pd.factorize(there["condition"], sort=True)[0],
        there["source"].to_numpy(dtype=str),
    )


def _scopes(join: Joined) -> Iterator[tuple[str, str, pd.Index]]:
    """Tests by name, in each its categories, and all of them together where there are several."""
    for test, files in join.files.groupby("test", sort=True):
        names = in_order(files["category"].unique(), CATEGORIES)
        for category in names:
            yield str(test), category, files.index[files["category"] == category]
        if len(names) > 1:
            yield str(test), ALL, files.index


def _one(
    join: Joined, test: str, category: str, quantity: str, rows: pd.Index, people: pd.DataFrame, seed: int, draws: int
) -> Agreement:
    about: Mapping[str, Any] = join.quantities[quantity]
    missing = Counter(status for status in join.statuses.loc[rows, quantity] if status != "ok")
    measured = join.scores.loc[rows, quantity].to_numpy(dtype=float)
    if infinite := int(np.isinf(measured).sum()):
        missing["infinite"] = infinite
    points = points_of(join, quantity, rows)
    used = join.files.loc[rows[np.isfinite(measured)]]
    estimates: dict[str, Estimate] = {}
    if not (undefined := _why_undefined(points, missing)):
        by_level = {
            "files": over_files(points, seed, draws),
            "conditions": over_conditions(points, seed, draws),
            "items": within_items(points, seed),
            "within_conditions": within_conditions(points, seed, draws),
        }
        estimates = {f"{level}.{name}": by_level[level][name] for level in LEVELS for name in by_level[level]}
    n_sources = len(set(points.clusters.tolist()))
    better = about.get("higher_is_better")
    return Agreement(
        test=test,
        category=category,
        quantity=quantity,
        unit=str(about.get("unit") or ""),
        higher_is_better=better,
        n_files=len(points),
        n_clips=int(used["clip"].nunique()),
        n_sources=n_sources,
        n_conditions=int(used["condition"].nunique()),
        n_listeners=_listeners(join.files.loc[rows][join.statuses.loc[rows, quantity] == "ok"], people),
        n_ratings=int(used["n_ratings"].sum()),
        missing=dict(sorted(missing.items())),
        estimates=estimates,
        mapping=None if undefined else fit(points.metric, points.ratings),
        verdict=verdict(quantity, estimates, len(points), n_sources, better, undefined),
    )


def _why_undefined(points: Points, missing: Mapping[str, int]) -> str:
    if len(points) < 3:
        why = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(missing.items()))
        return f"{len(points)} rated files have a value{f' ({why})' if why else ''}, and 3 is the least"
    if not np.ptp(points.metric):
        return "constant: it is the same for every file"
    if not np.ptp(points.ratings):
        return "constant: listeners gave every file the same mean"
    return ""


def _listeners(files: pd.DataFrame, ratings: pd.DataFrame) -> int:
    """How many people rated at least one of ``files``."""
    keys = ["test", "rated_clip", "rated_condition", "decoded_sha256"]
    there = files[keys].set_axis(["test", "clip", "condition", "decoded_sha256"], axis=1).drop_duplicates()
    names = ["test", "clip", "condition", "decoded_sha256"]
    texts = ratings[[*names, "listener"]].astype(dict.fromkeys(names, "object"))
    return int(texts.merge(there.astype("object"), on=names)["listener"].nunique())


def _compared(
    join: Joined, test: str, category: str, usable: Sequence[str], rows: pd.Index, seed: int, draws: int
) -> list[Comparison]:
    """Every two metrics on the files that have a finite value of both."""
    finite = {name: np.isfinite(join.scores.loc[rows, name].to_numpy(dtype=float)) for name in usable}
    sides: dict[tuple[str, bytes], _Side] = {}
    made = []
    for pair in combinations(usable, 2):
        both = finite[pair[0]] & finite[pair[1]]
        for name in pair:
            if (name, both.tobytes()) not in sides:
                sides[name, both.tobytes()] = _Side(points_of(join, name, rows[both]))
        one, two = (sides[name, both.tobytes()] for name in pair)
        if not (math.isnan(one.r) or math.isnan(two.r)):
            made.append(_pair(test, category, pair, one, two, seed, draws))
    corrected = iter(holm([one.p_williams for one in made if not math.isnan(one.p_williams)]))
    return [replace(one, p_holm=math.nan if math.isnan(one.p_williams) else next(corrected)) for one in made]


class _Side:
    """A metric on the files of a comparison."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self.correlation = kept(lambda rows: pearson(points.metric[rows], points.ratings[rows]))
        self.r = pearson(points.metric, points.ratings)
        self.rmse = errors_of_fit(points.metric, points.ratings, points.halves).rmse


def _pair(
    test: str, category: str, names: tuple[str, str], one: _Side, two: _Side, seed: int, draws: int
) -> Comparison:
    n = len(one.points)
    low, high, _ = cluster_bootstrap(
        one.points.clusters, lambda rows: one.correlation(rows) - two.correlation(rows), seed, draws=draws
    )
    between = pearson(one.points.metric, two.points.metric)
    return Comparison(
        test, category, *names, n, one.r, two.r, Estimate(one.r - two.r, low, high, n),
        williams_p(one.r, two.r, between, n), math.nan, fisher_p(one.r, two.r, n),
        one.rmse, two.rmse, errors_p(one.rmse, two.rmse, n - COEFFICIENTS),
    )  # fmt: skip
