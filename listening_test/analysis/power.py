"""How many listeners it takes to see a difference of so many points, by simulation from pilot data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bench.errors import DatasetError
from bench.registry import nearest
from listening_test.analysis.comparisons import both, cells
from listening_test.analysis.frames import counted
from listening_test.analysis.screening import SIMULATED

Floats = NDArray[np.float64]

EXPERIMENTS = 2_000
"""Simulated tests for each number of listeners: a power of 0.8 is known to about +-0.02."""

USUAL: Mapping[str, tuple[float, ...]] = {"mushra": (5.0, 10.0, 15.0), "acr": (0.25, 0.5, 1.0), "dcr": (0.25, 0.5, 1.0)}
"""Differences that are asked for where none is named, by type of test: points of its scale."""

MOST = 2_000
"""Listeners beyond which no number is given."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """How much listeners of a pilot differ about pairs of conditions.

    ``deviations``: for each pair, the listeners' mean differences less their mean, widened to be unbiased.
    ``between`` and ``within``: standard deviation of the listeners' true differences, and of a listener's differences
    from clip to clip. ``clips``: mean number of clips that a listener rated. ``excluded``: share of the listeners
    whom screening left out.
    """

    pairs: tuple[tuple[str, str], ...]
    deviations: tuple[Floats, ...]
    between: float
    within: float
    clips: float
    listeners: int
    excluded: float

    def spread(self, clips: float) -> float:
        """Standard deviation of the listeners' mean differences over ``clips`` clips."""
        return math.sqrt(self.between**2 + self.within**2 / clips)


@dataclass(frozen=True, slots=True)
class Needed:
    """``listeners`` (None: more than MOST) see a difference of ``points`` with at least the power asked for.

    ``power`` is that of ``listeners``; ``invite`` adds those whom screening will leave out, as in the pilot.
    """

    points: float
    clips: float
    listeners: int | None
    invite: int | None
    power: float


def pilot(ratings: pd.DataFrame, pair: tuple[str, str] | None = None) -> Pilot:
    """What ``ratings`` (with ``excluded`` set) say of the spread; without ``pair``, of all pairs of systems.

    Raises:
        DatasetError: fewer than three listeners rated both of a pair, or no such condition, or no two systems; or a
            type of test without a scale.
    """
    kind = str(ratings["test_type"].iloc[0])
    if kind not in USUAL:
        raise DatasetError(
            f"pilot: expected a test of type {', '.join(USUAL)}, got {kind}, whose answers are no scores. For the "
            "intervals of its answers: codecbench listen analyze"
        )
    used = counted(ratings)
    known = sorted(used["condition"].unique())
    systems = sorted(used.loc[used["role"] == "system", "condition"].unique())
    pairs = [pair] if pair else list(combinations(systems, 2))
    for name in pair or ():
        if name not in known:
            raise DatasetError(
                f"--pair {name!r}: the pilot has no such condition.{nearest(name, known)} It has: {', '.join(known)}."
            )
    table = cells(used)
    found = [(names, _differences(table, *names)) for names in pairs]
    found = [(names, rows) for names, rows in found if rows.index.get_level_values("listener").nunique() >= 3]
    if not found:
        raise DatasetError(
            "pilot: expected at least three listeners who rated both conditions of a pair, after screening; there are "
            "none. Ask more people, or simulate a pilot: codecbench listen simulate TEST --listeners 20 --output "
            "pilot.parquet"
        )
    deviations = tuple(_unbiased(rows.groupby("listener").mean().to_numpy(dtype=np.float64)) for _, rows in found)
    within, clips = zip(*(_within(rows) for _, rows in found), strict=True)
    clip_count, noise = float(np.mean(clips)), float(np.sqrt(np.mean(np.square(within))))
    total = float(np.mean([np.square(values).mean() for values in deviations]))
    asked = ratings[(~ratings["training"] & (ratings["reason"] != SIMULATED)).astype(bool)]
    everyone = asked.groupby("listener")["excluded"].any()
    return Pilot(
        pairs=tuple(names for names, _ in found),
        deviations=deviations,
        between=math.sqrt(max(0.0, total - noise**2 / clip_count)),
        within=noise,
        clips=clip_count,
        listeners=int(used["listener"].nunique()),
        excluded=float(everyone.mean()),
    )


def _differences(table: pd.DataFrame, one: str, two: str) -> pd.Series[float]:
    pair = both(table, one, two)
    return pair[one] - pair[two]


def _unbiased(means: ArrayLike) -> Floats:
    """Deviations whose mean square is the unbiased variance."""
    values = np.sort(np.asarray(means, dtype=np.float64))
    n = len(values)
    return np.asarray((values - values.mean()) * math.sqrt(n / (n - 1)))


def _within(differences: pd.Series[float]) -> tuple[float, float]:
    """Standard deviation of a listener's differences over clips, and the mean number of clips."""
    groups = differences.groupby("listener")
    counts = groups.size()
    freedom = float((counts - 1).sum())
    squares = float((groups.var(ddof=0) * counts).sum())
    return (math.sqrt(squares / freedom) if freedom else 0.0), float(counts.mean())


def power(known: Pilot, points: float, listeners: int, clips: float, seed: int, level: float = 0.95) -> float:
    """Share of simulated tests in which the paired t-test over listeners finds a difference of ``points``.

    A simulated listener is one of the pilot, drawn with replacement: that listener's deviation from the mean
    difference of a pair, scaled to another number of clips, plus ``points``. The pair is drawn for each test anew.
    The t-test stands for the permutation test of the analysis, which finds differences about as often.
    """
    from scipy.special import stdtrit

    if listeners < 2:
        return 0.0
    random = np.random.default_rng([seed, listeners])
    own = known.spread(known.clips)
    scale = known.spread(clips) / own if own else 1.0
    samples = np.empty((EXPERIMENTS, listeners))
    for row, which in enumerate(random.integers(len(known.deviations), size=EXPERIMENTS)):
        values = known.deviations[which]
        samples[row] = values[random.integers(len(values), size=listeners)]
    samples = samples * scale + points
    mean, error = samples.mean(axis=1), samples.std(axis=1, ddof=1) / math.sqrt(listeners)
    return float((np.abs(mean) > float(stdtrit(listeners - 1, (1 + level) / 2)) * error).mean())


def needed(known: Pilot, points: float, seed: int, aim: float = 0.8, clips: float | None = None) -> Needed:
    """The fewest listeners with a power of at least ``aim`` for a difference of ``points``.

    Raises:
        DatasetError: no difference, or an aim that is no probability below 1.
    """
    if not points > 0 or not 0 < aim < 1:
        raise DatasetError(
            f"power: expected --difference above 0 and --aim between 0 and 1, got {points:g} and {aim:g}."
        )
    of_clips = known.clips if clips is None else clips
    low, high = 1, 2
    while power(known, points, high, of_clips, seed) < aim:
        low, high = high, 2 * high
        if low >= MOST:
            return Needed(points, of_clips, None, None, power(known, points, low, of_clips, seed))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(known, points, middle, of_clips, seed) >= aim else (middle, high)
    invite = math.ceil(high / (1 - known.excluded)) if known.excluded < 1 else None
    return Needed(points, of_clips, high, invite, power(known, points, high, of_clips, seed))
