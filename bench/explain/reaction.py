"""The values of a quantity over the sweeps, measured on the spot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.audio import Audio
from bench.errors import MissingRequirement, row_of
from bench.explain.sweeps import sweeps
from bench.metrics.base import Metric


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of a sweep; ``value`` is NaN where there is none, and ``reason`` says why."""

    label: str
    value: float
    status: str = "ok"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A sweep with its values."""

    name: str
    unit: str
    points: tuple[Point, ...]

    @property
    def is_flat(self) -> bool:
        """Whether there are values, and all of them are the same."""
        values = [point.value for point in self.points]
        return len(values) > 1 and all(value == values[0] for value in values)


def reaction(
    metric: Metric, quantity: str, clip: Audio, tell: Callable[[int, int], object] = lambda done, total: None
) -> list[Curve]:
    """The values of ``quantity`` on the damaged versions of ``clip``; ``tell`` hears how many are done.

    Raises:
        CodecbenchError: the clip itself has no place in the metric's domain.
        MissingRequirement: the weights are damaged.
    """
    chosen = sweeps(clip.rate)
    total = sum(len(sweep.settings) for sweep in chosen)
    prepared = metric.prepare(clip)
    curves: list[Curve] = []
    done = 0
    for sweep in chosen:
        points = []
        for label, damage in sweep.settings:
            try:
                value = metric.score(prepared, damage(clip).quantised())[quantity]
                points.append(Point(label, value) if not math.isnan(value) else _nothing(label, "undefined", "NaN"))
            except MissingRequirement:  # damaged weights fail at every setting alike
                raise
            except Exception as error:  # noqa: BLE001  # as in a run: a failure is shown, and the others go on
                points.append(_nothing(label, *row_of(error)))
            done += 1
            tell(done, total)
        curves.append(Curve(sweep.name, sweep.unit, tuple(points)))
    return curves


def bounds(curves: Sequence[Curve]) -> tuple[float, float]:
    """The smallest and the largest finite value; 0 and 1 where there is none."""
    finite = [point.value for curve in curves for point in curve.points if math.isfinite(point.value)]
    return (min(finite), max(finite)) if finite else (0.0, 1.0)


def _nothing(label: str, status: str, reason: str) -> Point:
    return Point(label, math.nan, status, reason)
