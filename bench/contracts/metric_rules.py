"""What every metric must do for its numbers to be true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.align import probe
from bench.audio import Audio
from bench.contracts.breaking import Broken, require
from bench.errors import MetricUndefined
from bench.metrics.base import Metric, Quantity

MakeMetric = Callable[[], Metric]


def the_original_is_the_best(make: MakeMetric) -> None:
    """nothing scores better than the original itself, and noise scores worse the louder it is.

    Of a narrow metric: noise, a low-pass and overdrive do not score better, and one of them worse the stronger it is.
    """
    metric, clean = make(), _speechlike()
    if metric.reference_free:
        return
    state = metric.prepare(clean)
    for quantity in metric.quantities:
        seen = {}
        for damage, damaged in _damages(clean, metric.narrow).items():
            values = [metric.score(state, signal)[quantity.name] for signal in (clean, *damaged)]
            best = values[0]
            require(
                all(not _better(quantity, v, best) for v in values[1:]),
                f"{quantity.name}: {values}: {damage} beats the original.",
            )
            seen[damage] = values
        require(
            any(_better(quantity, values[1], values[-1]) for values in seen.values()),
            f"{quantity.name}: {seen}: more of it is not worse.",
        )


def the_order_of_the_arguments_matters(make: MakeMetric) -> None:
    """swapping original and degraded changes the value, so that a wrong order is seen; or it says it is symmetric.

    Of a metric without a reference: the value is that of the degraded signal, whatever the reference.
    """
    metric, clean = make(), _speechlike()
    holed = _noisy(clean)(35).samples.copy()
    holed[:, 30_000:50_000] *= 1e-3
    degraded = Audio(holed.clip(-1, 1), clean.rate)
    if metric.reference_free:
        forward, alone = (metric.score(metric.prepare(reference), degraded) for reference in (clean, degraded))
        require(forward == alone, f"{forward} with one reference, {alone} with another.")
        return
    others = [damaged[-1] for damaged in _damages(clean, narrow=True).values()] if metric.narrow else [degraded]
    forwards = [metric.score(metric.prepare(clean), other) for other in others]
    backwards = [metric.score(metric.prepare(other), clean) for other in others]
    for name in forwards[0]:
        one, other = ([values[name] for values in direction] for direction in (forwards, backwards))
        equal = bool(np.allclose(one, other, rtol=1e-6, atol=0))
        require(equal == metric.symmetric, f"{name}: {one} and {other}, symmetric = {metric.symmetric}.")


def values_stay_in_their_range(make: MakeMetric) -> None:
    """every value lies in the stated range; below 0 dB SNR there may be none."""
    metric, clean = make(), _speechlike()
    state = metric.prepare(clean)
    for level in (60, 20, 0, -20):
        try:
            values = metric.score(state, _noisy(clean)(level))
        except MetricUndefined:  # such as a pitch that is lost in noise
            require(level < 0, f"no value at {level} dB SNR.")
            continue
        for name, value in values.items():
            quantity = next(q for q in metric.quantities if q.name == name)
            require(quantity.low <= value <= quantity.high, f"{name} = {value} at {level} dB SNR.")


def scores_do_not_depend_on_earlier_ones(make: MakeMetric) -> None:
    """a score is the same whatever was scored before, and does not touch the global random state."""
    metric, clean = make(), _speechlike()
    state, degraded = metric.prepare(clean), _noisy(clean)(12)
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002  # the legacy state is what is guarded
    first = metric.score(state, degraded)
    metric.score(state, _noisy(clean)(0))
    again = metric.score(state, degraded)
    other = make()
    fresh = other.score(other.prepare(clean), degraded)
    require(first == again == fresh, f"{first}, then {again}, afresh {fresh}.")
    after = np.random.get_state()[1]  # type: ignore[index]  # noqa: NPY002
    require(bool((before == after).all()), "the global random state was used.")


def silence_is_undefined(make: MakeMetric) -> None:
    """a silent original is undefined, not a number; of a metric without a reference, a silent degraded signal."""
    metric = make()
    silence = Audio(np.zeros((1, 48_000), np.float32), 48_000)
    try:
        state = metric.prepare(silence)
        if metric.reference_free:
            metric.score(state, silence)
    except MetricUndefined:
        return
    raise Broken("silence was accepted.")


def short_clips_do_not_break_it(make: MakeMetric) -> None:
    """clips of 1 sample and of 10 ms give a number or are undefined, with a reason."""
    for length in (1, 480):
        metric, clean = make(), _speechlike().part(24_000, 24_000 + length)
        try:
            values = metric.score(metric.prepare(clean), _noisy(clean)(20))
        except MetricUndefined as error:
            require(bool(str(error)), "no reason is given.")
        else:
            require(all(np.isfinite(v) for v in values.values()), f"{length} samples give {values}.")


def a_destroyed_channel_is_heard(make: MakeMetric) -> None:
    """noise instead of the right channel of a stereo clip is worse than an intact one, or undefined.

    Of a narrow metric: noise, a low-pass or overdrive in the right channel is worse.
    """
    metric = make()
    if metric.reference_free:
        return
    left = _speechlike()
    stereo = Audio(np.vstack([left.samples, _speechlike(seed=5).samples]), left.rate)
    noise = np.random.default_rng(3).standard_normal(left.length).astype(np.float32) * 0.1
    rights = [noise.clip(-1, 1)[np.newaxis]]
    if metric.narrow:
        right = Audio(stereo.samples[1:], left.rate)
        rights += [damaged[-1].samples for damaged in _damages(right, narrow=True).values()]
    state = metric.prepare(stereo)
    intact = metric.score(state, stereo)
    try:
        broken = [metric.score(state, Audio(np.vstack([left.samples, right]), left.rate)) for right in rights]
    except MetricUndefined:
        return
    for quantity in metric.quantities:
        values = [values[quantity.name] for values in broken]
        worse = any(_better(quantity, intact[quantity.name], value) for value in values)
        require(worse, f"{quantity.name}: intact {intact[quantity.name]}, destroyed {values}.")


METRIC_RULES: tuple[Callable[[MakeMetric], None], ...] = (
    the_original_is_the_best,
    the_order_of_the_arguments_matters,
    values_stay_in_their_range,
    scores_do_not_depend_on_earlier_ones,
    silence_is_undefined,
    short_clips_do_not_break_it,
    a_destroyed_channel_is_heard,
)

OF_MEANING = (the_original_is_the_best, the_order_of_the_arguments_matters, a_destroyed_channel_is_heard)
"""What cannot be seen of a metric that ``needs_words`` on a synthetic signal."""


def _speechlike(seed: int = 0) -> Audio:
    """Two seconds with the spectrum, the pitch and the rhythm of speech, pauses included, at 48 kHz."""
    hiss = probe(48_000, 1, seed).part(0, 96_000).samples
    time = np.arange(96_000) / 48_000
    phase = 2 * np.pi * np.cumsum(120 + 10 * seed + 30 * np.sin(2 * np.pi * 0.8 * time)) / 48_000
    voice = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 30))
    rhythm = np.clip(np.sin(2 * np.pi * 1.5 * time) * 3 + 1.5, 0, 1)
    return Audio(((0.5 * hiss + 0.1 * voice) * rhythm).astype(np.float32), 48_000)


def _noisy(clean: Audio) -> Callable[[float], Audio]:
    noise = np.random.default_rng(7).standard_normal(clean.samples.shape)
    power = float(np.mean(clean.samples.astype(np.float64) ** 2)) or 1e-12

    def at(snr_db: float) -> Audio:
        scaled = noise * np.sqrt(power / 10 ** (snr_db / 10))
        return Audio(np.clip(clean.samples + scaled, -1, 1).astype(np.float32), clean.rate)

    return at


def _damages(clean: Audio, narrow: bool) -> dict[str, list[Audio]]:
    """``clean`` with more and more noise; for a narrow metric also with ever less treble, and ever more overdrive."""
    damages = {"noise": [*map(_noisy(clean), (30, 15, 0))]}
    if narrow:
        damages["low-pass"] = [_low_passed(clean, cutoff) for cutoff in (12_000, 6_000, 3_000)]
        damages["overdrive"] = [Audio((gain * clean.samples).clip(-1, 1), clean.rate) for gain in (2, 4, 8)]
    return damages


def _low_passed(clean: Audio, cutoff: float) -> Audio:
    spectra = np.fft.rfft(clean.samples)
    spectra[:, np.fft.rfftfreq(clean.length, 1 / clean.rate) > cutoff] = 0
    return Audio(np.fft.irfft(spectra, clean.length).astype(np.float32), clean.rate)


def _better(quantity: Quantity, first: float, second: float) -> bool:
    return first > second if quantity.higher_is_better else first < second
