"""Find the value of an option at which a codec takes a given bitrate. Pure: it asks a function for the bitrates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

MOST_STEPS = 40
FINEST = 1e-4
"""Share of the range below which two values of an option count as one."""


class Step(NamedTuple):
    """A value that was tried, and the bitrate that it gave."""

    value: float
    bps: float


@dataclass(frozen=True)
class Match:
    """The value that comes nearest to ``target_bps``; ``steps`` in the order in which they were tried.

    ``problem`` says why the target was not hit within the tolerance; empty where it was. ``monotone`` is False where
    two steps show that more of the option does not always mean more bits (or always fewer): then another value may
    hit the target too.
    """

    value: float
    bps: float
    target_bps: float
    steps: tuple[Step, ...]
    problem: str = ""

    @property
    def monotone(self) -> bool:
        by_value = [step.bps for step in sorted(set(self.steps))]
        changes = [two - one for one, two in pairwise(by_value)]
        return not (min(changes, default=0.0) < 0 < max(changes, default=0.0))

    @property
    def deviation(self) -> float:
        """How far the bitrate is from the target, as a share of it."""
        return self.bps / self.target_bps - 1


def bisect(
    rate_of: Callable[[float], float],
    low: float,
    high: float,
    target_bps: float,
    tolerance: float = 0.01,
    integer: bool = False,
) -> Match:
    """Halve the range of an option until the bitrate is within ``tolerance`` (a share) of ``target_bps``.

    The bitrate may rise or fall with the option. Where it does neither throughout, a value is found all the same,
    because the ends stay on different sides of the target.

    Args:
        rate_of: the bitrate in bit/s at a value; called once for each value.
        integer: only whole numbers are tried.

    >>> bisect(lambda quality: 1000 * quality, 0, 100, 24_000).value
    24.21875
    """
    steps = [Step(low, rate_of(low)), Step(high, rate_of(high))]

    def done(problem: str = "") -> Match:
        value, bps = min(steps, key=lambda step: (abs(step.bps - target_bps), step.value))
        hit = abs(bps / target_bps - 1) <= tolerance
        return Match(value, bps, target_bps, tuple(steps), "" if hit else problem)

    if any(abs(step.bps / target_bps - 1) <= tolerance for step in steps):
        return done()
    least, most = sorted(steps, key=lambda step: step.bps)
    if not least.bps <= target_bps <= most.bps:
        return done(f"out of reach: from {low:g} to {high:g} it gives {_kbps(least.bps)} to {_kbps(most.bps)}")
    below, above = least.value, most.value
    while len(steps) < MOST_STEPS:
        middle = math.floor((below + above) / 2) if integer else round((below + above) / 2, 6)
        if middle in (below, above) or abs(above - below) <= FINEST * (high - low):
            break
        steps.append(Step(middle, rate_of(middle)))
        if abs(steps[-1].bps / target_bps - 1) <= tolerance:
            return done()
        below, above = (middle, above) if steps[-1].bps < target_bps else (below, middle)
    sides = sorted(step for step in steps if step.value in (below, above))
    jump = " to ".join(f"{_kbps(step.bps)} at {step.value:g}" for step in sides)
    return done(f"no value gives it: the bitrate jumps from {jump}")


def _kbps(bps: float) -> str:
    return f"{bps / 1000:.4g} kbit/s"
