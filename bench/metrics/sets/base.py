"""What a measure of a set is: a number that belongs to all clips of a category under one condition, not to a clip.

It works in two steps. In the worker, each clip becomes a few small arrays, which are kept in the run folder; when all
clips are there, the arrays of the set become its values::

    class Loudness(SetMeasure):
        identity = Identity("loudness", "1")
        quantities = (SetQuantity("loudness_spread", "dB", "spread of the level"),)

        def of_audio(self, audio):
            return {"level": np.array([20 * np.log10(audio.samples.std())])}

        def values(self, members, wanted):
            levels = np.concatenate([member.degraded["level"] for member in members])
            return {"loudness_spread": Value(float(levels.std()), len(levels))}
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.domain import CATEGORIES, Category, Identity
from bench.errors import NotApplicable
from bench.models.device import Placed

Arrays = Mapping[str, NDArray[Any]]
"""What is kept of one clip: arrays by name, small beside the audio."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SetQuantity:
    """A number of a set: its unit, its direction (None where it describes and does not judge), its closed range.

    ``interval`` is false where the value has no confidence interval.
    """

    name: str
    unit: str
    summary: str
    higher_is_better: bool | None = None
    low: float = -math.inf
    high: float = math.inf
    interval: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    """One clip of a set: the arrays of its decoded audio or its codes, and those of its reference."""

    degraded: Arrays
    reference: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a set, made of so many ``items`` (frames or tokens). NaN with a ``reason`` where there is none."""

    value: float
    items: int
    details: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


class SetMeasure(Placed):
    """Base class of set measures. Making an instance is cheap; models are loaded at first use.

    Attributes:
        identity: whatever can change a number, weights included.
        reads_codes: it looks at the codes of the bitstream, not at audio.
        categories: what it speaks of.
        licence: of the trained weights that it needs; empty where it needs none.
    """

    identity: Identity
    quantities: ClassVar[tuple[SetQuantity, ...]]
    reads_codes: ClassVar[bool] = False
    categories: ClassVar[tuple[Category, ...]] = CATEGORIES
    licence: ClassVar[str] = ""

    def require(self, category: Category) -> None:
        """Raise NotApplicable where this measure does not speak of ``category``."""
        if category not in self.categories:
            known = " and ".join(self.categories)
            raise NotApplicable(f"{self.identity.name} speaks of {known}, not of {category}.")

    def of_audio(self, audio: Audio) -> Arrays:
        """What is kept of a clip; called for the reference and for every decoded version of it.

        Raises:
            MetricUndefined: there is nothing to keep, such as for a clip that is too short.
        """
        raise NotImplementedError

    def of_codes(self, tokens: NDArray[np.integer], bits: int, seconds: float) -> Arrays:
        """What is kept of the codes of a clip of that length; called where ``reads_codes`` is set.

        Args:
            tokens: shape ``(codebooks, frames)``, the coarsest codebook first.
            bits: of one code, so that a codebook has up to ``2**bits`` entries.
        """
        raise NotImplementedError

    def values(self, members: Sequence[Member], wanted: Collection[str]) -> dict[str, Value]:
        """The ``wanted`` quantities of the set of ``members``, of which there is at least one.

        Raises:
            MetricUndefined: the set has no value, such as for too few frames.
        """
        raise NotImplementedError
