"""Signal-to-noise ratios of a set: a range or classes, still or moving within the clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import AfterValidator, Discriminator, Field, FiniteFloat, Tag, model_validator

from bench.datasets import mixing
from bench.datasets.base import Options
from bench.datasets.exact import Samples, on_grid, steady

NumberT = TypeVar("NumberT", int, float)

SHORTEST_MOVING_S = 2.0
STEP_S = 0.05  # a step takes that long, so that it does not click
RAMP_S = (0.3, 2.0)  # no longer than a third of the clip
MIDDLE = (0.35, 0.65)  # of the clip: where the change is
LEAST_DB = -20.0  # of a hold's noise re the whole noise: an almost silent hold is not lifted further
ORDER_KEY = 1  # of the seeds for the order of the classes


def ascending(limits: tuple[NumberT, NumberT]) -> tuple[NumberT, NumberT]:
    """``limits``, checked."""
    if limits[0] > limits[1]:
        raise ValueError("expected (lowest, highest)")
    return limits


Range = Annotated[tuple[FiniteFloat, FiniteFloat], AfterValidator(ascending)]


class SnrClasses(Options):
    """SNRs that clips get in equal numbers; ``moving`` is the share of clips that go from one class to another."""

    classes: tuple[FiniteFloat, ...] = Field(min_length=1)
    moving: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _can_move(self) -> SnrClasses:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes: expected every class once")
        if self.moving and len(self.classes) < 2:
            raise ValueError("moving: expected two classes or more to move between")
        return self


def _kind(value: object) -> str:
    return "classes" if isinstance(value, Mapping | SnrClasses) else "range"


Snr = Annotated[Annotated[Range, Tag("range")] | Annotated[SnrClasses, Tag("classes")], Discriminator(_kind)]


@dataclass(frozen=True, slots=True)
class Course:
    """SNR over the time of a clip: straight lines, in dB, between ``points`` of seconds and dB."""

    points: tuple[tuple[float, float], ...]
    kind: Literal["still", "step", "ramp"] = "still"

    @property
    def start_db(self) -> float:
        return self.points[0][1]


def still(snr_db: float) -> Course:
    """The same SNR all the time."""
    return Course(((0.0, snr_db),))


def course(snr: SnrClasses, seed: int, number: int, seconds: float, rng: np.random.Generator) -> Course:
    """The course of clip ``number``. Of as many clips in a row as there are classes, each starts in another class."""
    count = len(snr.classes)
    order = np.random.default_rng([seed, ORDER_KEY, number // count]).permutation(count)
    first = snr.classes[int(order[number % count])]
    moves, other = rng.random() < snr.moving, rng.integers(count - 1) if count > 1 else 0
    kind: Literal["step", "ramp"] = "ramp" if rng.random() < 0.5 else "step"
    middle, ramp_s = seconds * rng.uniform(*MIDDLE), min(rng.uniform(*RAMP_S), seconds / 3)
    if not moves or seconds < SHORTEST_MOVING_S:
        return still(first)
    last = [one for one in snr.classes if one != first][int(other)]
    half = (ramp_s if kind == "ramp" else STEP_S) / 2
    begin, end = round(middle - half, 3), round(middle + half, 3)
    return Course(((0.0, first), (begin, first), (end, last), (round(seconds, 3), last)), kind)


def to_course(noise: Samples, level_db: float, asked: Course, rate: int) -> Samples:
    """``noise`` scaled so that ``level_db`` over its RMS level is the SNR asked for, in each hold of the course."""
    whole = mixing.decibels(mixing.power(noise))
    if asked.kind == "still":
        return noise * mixing.amplitude(level_db - asked.start_db - whole)
    (_, first), (begin, _), (end, last), _ = asked.points
    edges = round(begin * rate), round(end * rate)
    parts = noise[:, : edges[0]], noise[:, edges[1] :]
    levels = [max(mixing.decibels(mixing.power(part)), whole + LEAST_DB) for part in parts]
    gains_db = [level_db - snr - level for snr, level in zip((first, last), levels, strict=True)]
    highest = max(gains_db)
    slope = np.interp(np.arange(noise.shape[1]), edges, [gain - highest for gain in gains_db])
    return noise * on_grid(10 ** (slope / 20), 30) * mixing.amplitude(highest)


def measured_db(noise: Samples, level_db: float, course: Course, rate: int) -> list[float]:
    """SNR of each hold of the course: ``level_db`` over the RMS level of the noise there."""
    if course.kind == "still":
        holds = [noise]
    else:
        holds = [noise[:, : round(course.points[1][0] * rate)], noise[:, round(course.points[2][0] * rate) :]]
    return [round(steady(level_db - mixing.decibels(mixing.power(hold))), 4) for hold in holds]


def record(course: Course) -> dict[str, Any]:
    """What the manifest keeps of a moving course."""
    if course.kind == "still":
        return {"snr_moving": False}
    return {"snr_moving": course.kind, "snr_breakpoints": [list(point) for point in course.points]}
