"""What curves are made of: all points of one quantity in one category of a run, or of a listening test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.domain import CATEGORIES, Role
from bench.errors import ConfigError
from bench.registry import nearest
from bench.runs.results import Results
from bench.tables import categories, conditions, in_order, is_complete, measured, quantities, roles
from bench.tables.codes import coded

Floats = NDArray[np.float64]

SCALES = {"mushra": (0.0, 100.0), "acr": (1.0, 5.0), "dcr": (1.0, 5.0)}
"""Tests whose scores are on a scale, and its ends; ABX and AB tests have no curve."""


@dataclass(frozen=True)
class Point:
    """A condition: value, payload bits and seconds of each item of its family, NaN where there is none."""

    condition: str
    role: Role
    scores: Floats
    bits: Floats
    seconds: Floats

    @property
    def series(self) -> str:
        return series_of(self.condition)


@dataclass(frozen=True)
class Family:
    """All points that can be compared in pairs: they share their items, and ``clusters`` says which belong together.

    Items are the clips of a run, in clusters by source; or the ratings of a listening test, one for each listener and
    clip, in clusters by listener.
    """

    source: str
    kind: Literal["run", "listening_test"]
    complete: bool
    category: str
    quantity: str
    clusters: NDArray[np.intp]
    points: tuple[Point, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def higher_is_better(self) -> bool | None:
        direction: bool | None = self.about.get("higher_is_better")
        return direction

    @property
    def sign(self) -> int:
        """-1 turns a quantity of which lower values are better around."""
        return -1 if self.higher_is_better is False else 1

    @property
    def series(self) -> dict[str, list[Point]]:
        """The points of codecs by series, in the order of the configuration."""
        found: dict[str, list[Point]] = {}
        for point in self.points:
            if point.role == "codec":
                found.setdefault(point.series, []).append(point)
        return found


def series_of(condition: str) -> str:
    """The codec and its options, without the bitrate: conditions of one curve share it."""
    name, at, rate = condition.rpartition("@")
    return name if at and rate.isdigit() else condition


def families(results: Results) -> list[Family]:
    """The families of a run that have a value, in the order of the configuration.

    Values of band-limited references count as in :func:`bench.tables.measured`.
    """
    wanted = quantities(results)
    return [family for category in categories(results) for family in families_of_category(results, category, wanted)]


def families_of_category(results: Results, category: str, wanted: Sequence[str]) -> list[Family]:
    """The families of one category, of the quantities that are ``wanted``; as :func:`families`."""
    cells = [cell for cell in measured(results) if cell.category == category]
    clips = coded(results.scores["clip"])
    sources = np.full(len(clips.names), -1, dtype=np.intp)
    for cell in cells:
        sources[clips.codes[cell.rows]] = cell.sources
    items, places = np.flatnonzero(sources >= 0), np.cumsum(sources >= 0) - 1
    names = in_order({cell.condition for cell in cells}, conditions(results))
    encodings, known = results.encodings, roles(results)
    there = (encodings["category"] == category) & (encodings["status"] == "ok")
    encoded = encodings.loc[there, ["clip", "condition", "payload_bits", "seconds"]]
    bits, seconds = (
        _matrix(encoded, column, names, pd.Index(clips.names[items])) for column in ("payload_bits", "seconds")
    )
    found = []
    for quantity in wanted:
        values = np.full((len(names), len(items)), np.nan)
        for name, cell in measured(results).of(category, quantity).items():
            values[names.index(name), places[clips.codes[cell.rows]]] = cell.value
        if np.isnan(values).all():
            continue
        points = tuple(
            Point(name, cast("Role", known.get(name, "codec")), values[place], bits[place], seconds[place])
            for place, name in enumerate(names)
        )
        about, complete = results.quantities.get(quantity, {}), is_complete(results)
        found.append(Family(results.name, "run", complete, category, quantity, sources[items], points, about))
    return found


def chosen(found: Sequence[Family], wanted: Sequence[str]) -> list[Family]:
    """The families of the quantities that are ``wanted``; all where none is named.

    Raises:
        ConfigError: no family is of such a quantity.
    """
    known = list(dict.fromkeys(family.quantity for family in found))
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError(
            [f"--quantity: none is named {name!r}.{nearest(name, known)} With values: {', '.join(known) or 'none'}."
             for name in unknown]
        )  # fmt: skip
    return [family for family in found if not wanted or family.quantity in wanted]


def families_of_ratings(ratings: pd.DataFrame) -> list[Family]:
    """The families of listening tests: one for each test and category; tests are never pooled.

    The bitrate of a condition is the mean of the measured bitrates of its rated clips.

    Args:
        ratings: as of :func:`bench.ratings.ratings_for_leaderboard`; tests without a scale are left out.
    """
    found = []
    scaled = ratings[ratings["test_type"].isin(SCALES)]
    for (test, kind), of_test in scaled.groupby(["test", "test_type"], sort=True):
        low, high = SCALES[str(kind)]
        about = {"unit": str(kind).upper(), "higher_is_better": True, "low": low, "high": high, "summary":
                 f"Scores of the listening test {test}."}  # fmt: skip
        for category in in_order(of_test["category"].unique(), CATEGORIES):
            rows = of_test[of_test["category"] == category].copy()
            rows["item"] = rows[["listener", "clip", "replicate"]].astype(str).agg("\n".join, axis=1)
            listeners = rows.groupby("item")["listener"].first().sort_index()
            names = sorted(map(str, rows["condition"].unique()), key=_by_series_and_rate)
            systems = set(rows.loc[rows["role"] == "system", "condition"])
            rows = rows.assign(clip=rows["item"])
            values = _matrix(rows, "score", names, listeners.index)
            bits = _matrix(rows, "actual_bps", names, listeners.index)
            points = tuple(
                Point(name, "codec" if name in systems else "control", values[place], bits[place], bits[place] * 0 + 1)
                for place, name in enumerate(names)
            )
            codes, _ = pd.factorize(listeners, sort=True)
            quantity = f"{kind}:{test}"
            clusters = codes.astype(np.intp)
            found.append(Family(str(test), "listening_test", True, category, quantity, clusters, points, about))
    return found


def _matrix(rows: pd.DataFrame, column: str, names: Sequence[str], items: pd.Index[Any]) -> Floats:
    """``column`` of shape (conditions, items); NaN where there is no row."""
    grid = np.full((len(names), len(items)), np.nan)
    places = pd.Index(list(names)).get_indexer(pd.Index(rows["condition"])), items.get_indexer(pd.Index(rows["clip"]))
    there = (places[0] >= 0) & (places[1] >= 0)
    grid[places[0][there], places[1][there]] = rows[column].to_numpy(dtype=np.float64, na_value=np.nan)[there]
    return grid


def _by_series_and_rate(condition: str) -> tuple[str, int]:
    series = series_of(condition)
    return series, 0 if series == condition else int(condition.removeprefix(f"{series}@"))
