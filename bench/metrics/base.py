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
from bench.models.device import Placed

Signal = NDArray[np.float64]
"""One channel, shape ``(samples,)``, in [-1, 1]."""

Programme = NDArray[np.float64]
"""All channels, shape ``(channels, samples)``, in [-1, 1]."""

ChannelPolicy = Literal["per_channel_mean", "mixdown", "joint"]

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
    ``channels`` says what happens to stereo: the mean over channels of the metric of each, a mono mix first, or
    ``joint``, one value of all channels together.
    ``minimum_s`` and ``maximum_s`` bound the clips that have a value; activity within the clip may ask for more.
    """

    categories: tuple[Category, ...] = CATEGORIES
    sample_rate: int | None = None
    channels: ChannelPolicy = "per_channel_mean"
    minimum_s: float = 0.05
    maximum_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Prepared:
    """The reference side of one clip: a state for each channel (one for all in a ``joint`` metric), and what a degraded
    version has to match."""

    states: tuple[Any, ...]
    length: int
    rate: int
    channels: int


class Metric(Placed):
    """Base class of metrics. Subclasses set the three attributes and implement the two ``_channel`` methods.

    ``prepare_channel(reference, rate) -> state`` is called once per clip and channel;
    ``score_channel(state, degraded, rate) -> {quantity: value}`` for every condition. Both get float64 signals of
    equal length at ``domain.sample_rate``. They raise MetricUndefined where the pair has no value and
    NotApplicable where the metric does not speak of the signal; they never return a stand-in number.
    A metric whose ``domain.channels`` is ``joint`` implements ``prepare_programme`` and ``score_programme`` instead,
    which get all channels at once.
    Instances are cheap to make (models are loaded at first use) and are used by one thread.
    """

    identity: Identity
    quantities: ClassVar[tuple[Quantity, ...]]
    domain: ClassVar[Domain] = Domain()
    reference_free: ClassVar[bool] = False
    """Whether it judges the degraded signal alone: ``state`` is None, and a silent reference does not matter."""
    licence: ClassVar[str] = ""
    """Of the trained weights that it needs; empty where it needs none."""
    needs_words: ClassVar[bool] = False
    """Whether it has a meaning only where something is said; the signals of the contract say nothing."""
    aligns: ClassVar[bool] = False
    """Whether it aligns by itself and takes a degraded signal of another length. In a run all lengths are equal."""
    symmetric: ClassVar[bool] = False
    """Whether both orders of a pair give one value; the contract tests check either answer."""
    narrow: ClassVar[bool] = False
    """Whether it measures one property (bandwidth, clipping) that noise may leave as it is. The contract tests then ask
    for a reaction to noise, a low-pass or overdrive, where of other metrics they ask for one to noise."""

    def require(self, category: Category) -> None:
        """Raise NotApplicable where this metric does not speak of ``category``."""
        if category not in self.domain.categories:
            known = " and ".join(self.domain.categories)
            raise NotApplicable(f"{self.identity.name} speaks of {known}, not of {category}.")

    def prepare(self, reference: Audio) -> Prepared:
        """The reference side, to be handed to :meth:`score` for every degraded version of it.

        Raises:
            MetricUndefined: the reference is too short or too long for this metric, or a channel of it is silent,
                for a ``joint`` metric all of it (which does not matter to a metric that is ``reference_free``).
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
        parts = self._parts(converted)
        states: tuple[Any, ...] = (None,) * len(parts)
        if not self.reference_free:
            for index, part in enumerate(parts):
                which = f"channel {index + 1} of the reference" if len(parts) > 1 else "the reference"
                require_active(part, which)
            prepare = self.prepare_programme if domain.channels == "joint" else self.prepare_channel
            states = tuple(prepare(part.astype(np.float64), converted.rate) for part in parts)
        return Prepared(states, reference.length, reference.rate, reference.channels)

    def score(self, prepared: Prepared, degraded: Audio) -> dict[str, float]:
        """Every quantity of ``degraded`` against the prepared reference.

        Raises:
            NotApplicable: another number of channels than the reference.
            AudioError: another rate than the reference, another length (unless it ``aligns``), NaN or infinite samples.
            MetricUndefined: this pair has no value.
        """
        if degraded.rate != prepared.rate or (degraded.length != prepared.length and not self.aligns):
            raise AudioError(
                f"the reference has {prepared.length} samples at {prepared.rate} Hz and the degraded signal "
                f"{degraded.length} at {degraded.rate} Hz; expected the same. Resample it "
                "(Audio.at) and give it the reference's length (Audio.with_length)."
            )
        if degraded.channels != prepared.channels:
            raise NotApplicable(
                f"the reference has {prepared.channels} channels and the degraded signal {degraded.channels}; "
                "expected the same. Compare with a reference of as many channels (Audio.mixed_to)."
            )
        require_finite(degraded, "the degraded signal")
        converted = self._converted(degraded)
        score = self.score_programme if self.domain.channels == "joint" else self.score_channel
        values = [
            score(state, part.astype(np.float64), converted.rate)
            for state, part in zip(prepared.states, self._parts(converted), strict=True)
        ]
        return {name: mean_over_channels([of_part[name] for of_part in values]) for name in values[0]}

    def prepare_channel(self, reference: Signal, rate: int) -> Any:
        return reference

    def score_channel(self, state: Any, degraded: Signal, rate: int) -> dict[str, float]:
        raise NotImplementedError

    def prepare_programme(self, reference: Programme, rate: int) -> Any:
        raise NotImplementedError

    def score_programme(self, state: Any, degraded: Programme, rate: int) -> dict[str, float]:
        raise NotImplementedError

    def _parts(self, audio: Audio) -> list[NDArray[np.float32]]:
        """What is measured one by one: the channels, or all of them together."""
        return [audio.samples] if self.domain.channels == "joint" else list(audio.samples)

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
