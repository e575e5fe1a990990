"""What a reader is, for all that are fuzzed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.align import probe
from bench.audio import Audio


@dataclass(frozen=True)
class Reader:
    """``seeds`` writes honest files or folders into a folder; ``read`` opens one of them, damaged.

    ``inputs``: how many the slow test damages; readers that take long get fewer.
    """

    name: str
    seeds: Callable[[Path], list[Path]]
    read: Callable[[Path], object]
    inputs: int


def sound(rate: int = 16_000, channels: int = 1, seconds: float = 0.2) -> Audio:
    return probe(rate, channels).part(0, round(rate * seconds))
