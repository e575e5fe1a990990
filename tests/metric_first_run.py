"""A fresh process that scores one pair and tells what that cost from its start on; for ``make bench-metrics``.

It imports little, as what it imports for one side counts for that side.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from numba.core import event

from bench.audio import Audio
from tests.metric_packages import COMPARISONS, Score

SECONDS = 10


def main(who: str, quantity: str, rate: int) -> dict[str, float]:
    """CPU seconds to the first value, of these those of numba's compiler, and CPU seconds of one more pair.

    Args:
        who: ``ours`` or ``package``.
        quantity: one that a package gives too.
        rate: in Hz, the working rate of our metric.
    """
    (comparison,) = (one for one in COMPARISONS if quantity in one.quantities)
    compiling = Compiling()
    with event.install_listener("numba:compile", compiling):
        score = ours(quantity) if who == "ours" else comparison.score
        pair = signals(rate)
        score(*pair)
    start_s = time.process_time()
    score(*pair)
    return {"start_s": start_s, "compile_s": compiling.seconds, "pair_s": time.process_time() - start_s}


class Compiling(event.Listener):  # type: ignore[misc]
    """CPU seconds inside numba's compiler; what it compiles for something else counts once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.depth = 0
        self.started = 0.0

    def on_start(self, event: object) -> None:
        if self.depth == 0:
            self.started = time.process_time()
        self.depth += 1

    def on_end(self, event: object) -> None:
        self.depth -= 1
        if self.depth == 0:
            self.seconds += time.process_time() - self.started


def ours(quantity: str) -> Score:
    """A pair by our metric, nothing kept."""
    from bench import metrics

    (metric,) = metrics.make([quantity])
    return lambda reference, degraded: metric.score(metric.prepare(reference), degraded)


def signals(rate: int) -> tuple[Audio, Audio]:
    """Noise that comes and goes as syllables do, and the same with some hiss."""
    rng = np.random.default_rng(0)
    loudness = np.sin(2 * np.pi * np.arange(SECONDS * rate) / rate) ** 2
    reference = 0.1 * loudness * rng.standard_normal(SECONDS * rate)
    degraded = reference + 0.003 * rng.standard_normal(SECONDS * rate)
    return Audio(reference[np.newaxis], rate), Audio(degraded[np.newaxis], rate)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
