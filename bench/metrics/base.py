"""What a metric is.

A metric is prepared once with the reference of a clip and then scores every condition of that clip::

    class Loudest(Metric):
        identity = Identity("loudest", "1")
        quantities = (Quantity("loudest", "dB", higher_is_better=True),)

        def prepare_channel(self, reference, rate):
            return reference.max()

        def score_channel(self, state, degraded, rate):
            return {"loudest": 20 * np.log10(degraded.max() / state)}

The base class converts rates and deals with channels by the metric's stated policy, so that neither happens silently.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio, require_finite
from bench.domain import CATEGORIES, Category, Identity
from bench.errors import AudioError, MetricUndefined, NotApplicable

Signal = NDArray[np.float64]
"""One channel, shape ``(samples,)``, in [-1, 1]."""

ChannelPolicy = Literal["per_channel_mean", "mixdown"]

SPEECH: tuple[Category, ...] = ("speech", "noisy_reverberant_speech")

SILENCE_DBFS = -80.0
"""RMS below which a signal counts as silent; full-reference metrics have no meaningful value against it."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a metric gives: its unit, its direction, and the closed range it can take."""

    name: str
    unit: str
    higher_is_better: bool
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class Domain:
    """What a metric speaks of.

    ``sample_rate`` is the rate it works at (None: the reference's own); signals are resampled to it.
    ``channels`` says what happens to stereo: the mean over channels of the metric of each, or a mono mix first.
    ``minimum_s`` and ``maximum_s`` bound the clips that have a value; activity within the clip may ask for more.
    """

    categories: tuple[Category, ...] = CATEGORIES
    sample_rate: int | None = None
    channels: ChannelPolicy = "per_channel_mean"
    minimum_s: float = 0.05
    maximum_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Prepared:
    """The reference side of one clip: a state for each channel, and what a degraded version has to match."""

    states: tuple[Any, ...]
    length: int
    rate: int


class Metric:
    """Base class of metrics. Subclasses set the three attributes and implement the two ``_channel`` methods.

    ``prepare_channel(reference, rate) -> state`` is called once per clip and channel;
    ``score_channel(state, degraded, rate) -> {quantity: value}`` for every condition. Both get float64 signals of
    equal length at ``domain.sample_rate``. They raise MetricUndefined where the pair has no value and
    NotApplicable where the metric does not speak of the signal; they never return a stand-in number.
    Instances are cheap to make (models are loaded at first use) and are used by one thread.
    """

    identity: Identity
    quantities: ClassVar[tuple[Quantity, ...]]
    domain: ClassVar[Domain] = Domain()
    reference_free: ClassVar[bool] = False
    """Whether it judges the degraded signal alone: ``state`` is None, and a silent reference does not matter."""
    needs_words: ClassVar[bool] = False
    """Whether it has a meaning only where something is said; the signals of the contract say nothing."""
    symmetric: ClassVar[bool] = False
    """Whether both orders of a pair give one value; the contract tests check either answer."""

    def require(self, category: Category) -> None:
        """Raise NotApplicable where this metric does not speak of ``category``."""
        if category not in self.domain.categories:
            known = " and ".join(self.domain.categories)
            raise NotApplicable(f"{self.identity.name} speaks of {known}, not of {category}.")

    def prepare(self, reference: Audio) -> Prepared:
        """The reference side, to be handed to :meth:`score` for every degraded version of it.

        Raises:
            MetricUndefined: the reference is too short or too long for this metric, or a channel of it is silent
                (which does not matter to a metric that is ``reference_free``).
            AudioError: it has NaN or infinite samples.
        """
        seconds, domain = reference.seconds, self.domain
        if seconds < domain.minimum_s:
            raise MetricUndefined(
                f"the clip is too short: {seconds:.4f} s; {self.identity.name} needs {domain.minimum_s} s."
            )
        if seconds > domain.maximum_s:
            raise MetricUndefined(
                f"the clip is too long: {seconds:.1f} s; {self.identity.name} takes up to {domain.maximum_s:g} s."
            )
        require_finite(reference, "the reference")
        converted = self._converted(reference)
        if self.reference_free:
            return Prepared((None,) * converted.channels, reference.length, reference.rate)
        for index, channel in enumerate(converted.samples):
            which = f"channel {index + 1} of the reference" if converted.channels > 1 else "the reference"
            require_active(channel, which)
        states = [self.prepare_channel(channel.astype(np.float64), converted.rate) for channel in converted.samples]
        return Prepared(tuple(states), reference.length, reference.rate)

    def score(self, prepared: Prepared, degraded: Audio) -> dict[str, float]:
        """Every quantity of ``degraded`` against the prepared reference.

        Raises:
            NotApplicable: another number of channels than the reference.
            AudioError: another length or rate than the reference, or NaN or infinite samples.
            MetricUndefined: this pair has no value.
        """
        if (degraded.length, degraded.rate) != (prepared.length, prepared.rate):
            raise AudioError(
                f"the reference has {prepared.length} samples at {prepared.rate} Hz and the degraded signal "
                f"{degraded.length} at {degraded.rate} Hz; expected the same."
            )
        require_finite(degraded, "the degraded signal")
        converted = self._converted(degraded)
        if converted.channels != len(prepared.states):
            raise NotApplicable(
                f"the reference has {len(prepared.states)} channels and the degraded signal {converted.channels}; "
                "expected the same."
            )
        per_channel = [
            self.score_channel(state, channel.astype(np.float64), converted.rate)
            for state, channel in zip(prepared.states, converted.samples, strict=True)
        ]
        return {name: mean_over_channels([values[name] for values in per_channel]) for name in per_channel[0]}

    def prepare_channel(self, reference: Signal, rate: int) -> Any:
        raise NotImplementedError

    def score_channel(self, state: Any, degraded: Signal, rate: int) -> dict[str, float]:
        raise NotImplementedError

    def _converted(self, audio: Audio) -> Audio:
        if self.domain.channels == "mixdown":
            audio = audio.mixed_to(1)
        return audio.at(self.domain.sample_rate or audio.rate)


def mean_over_channels(values: Sequence[float]) -> float:
    """The mean; undefined where infinite and other values meet, as a perfect channel would hide a destroyed one."""
    if len(set(values)) > 1 and not np.isfinite(values).all():
        listed = ", ".join(f"{value:g}" for value in values)
        raise MetricUndefined(f"the channels have {listed}: there is no mean over an infinite and another value.")
    return float(np.mean(values))


def require_active(signal: NDArray[np.floating[Any]], what: str) -> None:
    """Raise MetricUndefined where ``signal`` is silent."""
    level = rms_dbfs(signal)
    if level < SILENCE_DBFS:
        raise MetricUndefined(f"{what} is silent ({level:.1f} dBFS RMS, below {SILENCE_DBFS:.0f}).")


def rms_dbfs(signal: NDArray[np.floating[Any]]) -> float:
    """RMS level in dB re full scale; ``-inf`` for digital silence or no samples."""
    if signal.size == 0:
        return -math.inf
    power = float(np.mean(np.square(signal, dtype=np.float64)))
    return 10 * math.log10(power) if power > 0 else -math.inf
