"""The public contracts: what every codec and every metric must do for its numbers to be true.

``codecbench check NAME`` runs them on a built-in or a plug-in; the test suite runs them on every built-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bench import codecs, metrics
from bench.align import envelope_delay, measured_delay, probe
from bench.audio import Audio
from bench.codecs.base import Codec
from bench.errors import CodecbenchError, ConfigError, MetricUndefined, MissingRequirement
from bench.metrics.base import Metric, Quantity

MakeCodec = Callable[[], Codec]
MakeMetric = Callable[[], Metric]


@dataclass(frozen=True, slots=True)
class Result:
    """How one rule came out; ``detail`` says what is wrong."""

    name: str
    ok: bool
    detail: str = ""


class Broken(AssertionError):
    """A rule is not kept."""


def check(name: str, metric: bool = False, options: Mapping[str, Any] | None = None) -> Iterator[Result]:
    """Run every rule on the codec or the metric called ``name`` (``metric``: an import path is a metric's).

    Args:
        options: of the codec.

    Raises:
        UnknownName, ConfigError: there is none of that name, or it has no such options.
        MissingRequirement: a package, program or weights that are absent.
    """
    options = options or {}
    if metric or name in metrics.registry.entries():
        if options:
            raise ConfigError(f"{name} is a metric: --option is for codecs.")
        factory = metrics.load(name)
        yield from _run({rule: partial(rule, factory) for rule in METRIC_RULES}, factory().needs_words)
    else:
        if name in codecs.DESCRIBED and not options:
            raise ConfigError(
                f"{name} is no codec until it has its options: give them with --option KEY=VALUE, or check it by a run "
                "with --limit 1."
            )
        make = partial(codecs.make, name, options)
        yield from _run({rule: partial(rule, make) for rule in CODEC_RULES})


def _run(rules: dict[Callable[..., None], Callable[[], None]], needs_words: bool = False) -> Iterator[Result]:
    for rule, call in rules.items():
        title = " ".join((rule.__doc__ or rule.__name__).split()).rstrip(".")
        if needs_words and rule in OF_MEANING:
            yield Result(title, ok=True, detail="not tried: nothing is said in the test signal.")
            continue
        try:
            call()
            yield Result(title, ok=True)
        except (ConfigError, MissingRequirement):  # of what it is made from: every other rule would say the same
            raise
        except (Broken, CodecbenchError) as error:
            excused = needs_words and isinstance(error, MetricUndefined)
            yield Result(title, ok=excused, detail=" ".join(str(error).split()))
        except Exception as error:  # noqa: BLE001  # the author of a plug-in wants to see this as a broken rule
            yield Result(title, ok=False, detail=f"{type(error).__name__}: {error}")


def formats(codec: Codec, several_bitrates: bool = False) -> Iterator[tuple[int, int, int | None]]:
    """``(rate, channels, bitrate)``: every rate and channel count with its highest usual bitrate.

    ``several_bitrates`` adds the lowest and the middle one: codecs change their ways with the bitrate.
    """
    for rate in codec.sample_rates or (16_000, 24_000, 44_100, 48_000):
        for channels in codec.channels or (1, 2):
            usable = [b for b in codec.bitrates_bps or (None,) if codec.refusal(b, rate, channels) is None]
            usable = usable or _searched(codec, rate, channels)
            chosen = (
                dict.fromkeys([usable[0], usable[len(usable) // 2], usable[-1]]) if several_bitrates else usable[-1:]
            )
            for bitrate in chosen:
                yield rate, channels, bitrate


def a_fresh_decoder_needs_nothing_but_the_bytes(make: MakeCodec) -> None:
    """a fresh decoder turns the bytes alone into audio of the same length, at every rate and channel count."""
    for rate, channels, bitrate in formats(make()):
        signal = probe(rate, channels).part(0, rate + 7)
        decoded = _through(make, signal, bitrate)
        _require(bool(np.isfinite(decoded.samples).all()), f"{rate} Hz, {channels} channels: NaN or infinite output.")


def no_delay_is_left(make: MakeCodec) -> None:
    """no sample of delay is left on the probe signal, at every rate and channel count, at low and high bitrates.

    Of a vocoder, no more than 8 ms of the envelope's.
    """
    if make().identity.name == "one_sample_shift":
        return
    waveform = make().waveform
    for rate, channels, bitrate in formats(make(), several_bitrates=True):
        signal = probe(rate, channels)
        decoded = _through(make, signal, bitrate)
        lag = measured_delay(signal, decoded) if waveform else envelope_delay(signal, decoded)
        _require(
            abs(lag) <= (0 if waveform else 0.008 * rate),
            f"{rate} Hz, {channels} channels, {bitrate} bit/s: the output is {lag} samples late.",
        )


def awkward_lengths_are_kept(make: MakeCodec) -> None:
    """clips of 1, 2, 319 and 12 345 samples come back at their length."""
    rate, channels, bitrate = next(formats(make()))
    signal = probe(rate, channels)
    for length in (1, 2, 319, 12_345):
        _through(make, signal.part(500, 500 + length), bitrate)


def stereo_stays_stereo(make: MakeCodec) -> None:
    """left stays left and right stays right, and neither is later than the other."""
    for rate, channels, bitrate in formats(make()):
        if channels == 2 and make().identity.name != "right_channel_destroyed":
            signal = probe(rate, 2)
            decoded = _through(make, signal, bitrate)
            across = np.asarray(np.corrcoef(np.vstack([signal.samples, decoded.samples])))[:2, 2:]
            own, other = across.diagonal(), np.abs(np.fliplr(across).diagonal())
            _require(
                bool((own > 0.5).all() and other.max() < own.min() / 2), f"{rate} Hz: correlations {across.round(2)}."
            )
            pairs = zip(signal.samples, decoded.samples, strict=True)
            lags = [measured_delay(Audio(one[None], rate), Audio(other[None], rate)) for one, other in pairs]
            _require(lags[0] == lags[1], f"{rate} Hz: left is {lags[0]} and right {lags[1]} samples late.")


def silence_stays_silent(make: MakeCodec) -> None:
    """digital silence is coded without an error and comes back below -60 dBFS, of a vocoder below -50 dBFS."""
    rate, channels, bitrate = next(formats(make()))
    decoded = _through(make, Audio(np.zeros((channels, rate // 2), np.float32), rate), bitrate)
    _require(
        decoded.peak < (1e-3 if make().waveform else 10**-2.5), f"peak of the decoded silence is {decoded.peak:.4f}."
    )


def bits_are_counted(make: MakeCodec) -> None:
    """the payload is more than nothing and no more than the bytes of the stream."""
    for rate, channels, bitrate in formats(make()):
        encoded = make().encode(probe(rate, channels).part(0, rate), [bitrate])[bitrate]
        fits = 0 < encoded.payload_bits <= 8 * len(encoded.stream)
        _require(fits, f"{rate} Hz: {encoded.payload_bits} payload bits in a stream of {len(encoded.stream)} bytes.")


def the_same_input_gives_the_same_bytes(make: MakeCodec) -> None:
    """the same input gives the same bytes, from another instance and after other clips."""
    rate, channels, bitrate = next(formats(make()))
    signal = probe(rate, channels, seed=1).part(0, rate)
    codec = make()
    codec.encode(probe(rate, channels, seed=2).part(0, rate), [bitrate])
    first, second = codec.encode(signal, [bitrate]), make().encode(signal, [bitrate])
    _require(first == second, "two encodes of one clip differ.")


def an_impossible_bitrate_is_refused(make: MakeCodec) -> None:
    """a bitrate that it cannot do is refused with a text."""
    codec = make()
    if not codec.bitrates_bps:
        return
    refusal = codec.refusal(1, codec.working_rate(48_000), (codec.channels or (1,))[0])
    _require(bool(refusal), "1 bit/s is not refused.")


def exposed_codes_are_what_was_sent(make: MakeCodec) -> None:
    """codes that it exposes have the shape (codebooks, frames), fit their bits, and come back from the bytes alone."""
    if not make().exposes_codes:
        return
    rate, channels, bitrate = next(formats(make()))
    encoded = make().encode(probe(rate, channels).part(0, rate), [bitrate])[bitrate]
    codes, again = make().codes(encoded), make().codes(encoded)
    for segment, same in zip(codes.segments, again.segments, strict=True):
        _require(segment.ndim == 2 and segment.shape[0] == codes.books, f"a segment has the shape {segment.shape}.")
        fit = not segment.size or (segment.min() >= 0 and int(segment.max()) >> codes.bits_per_code == 0)
        _require(bool(fit), f"a code is {segment.min()} or {segment.max()}, of {codes.bits_per_code} bits.")
        _require(bool(np.array_equal(segment, same)), "the same bytes gave other codes.")


CODEC_RULES: tuple[Callable[[MakeCodec], None], ...] = (
    a_fresh_decoder_needs_nothing_but_the_bytes,
    no_delay_is_left,
    awkward_lengths_are_kept,
    stereo_stays_stereo,
    silence_stays_silent,
    bits_are_counted,
    exposed_codes_are_what_was_sent,
    the_same_input_gives_the_same_bytes,
    an_impossible_bitrate_is_refused,
)


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
            _require(
                all(not _better(quantity, v, best) for v in values[1:]),
                f"{quantity.name}: {values}: {damage} beats the original.",
            )
            seen[damage] = values
        _require(
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
        _require(forward == alone, f"{forward} with one reference, {alone} with another.")
        return
    others = [damaged[-1] for damaged in _damages(clean, narrow=True).values()] if metric.narrow else [degraded]
    forwards = [metric.score(metric.prepare(clean), other) for other in others]
    backwards = [metric.score(metric.prepare(other), clean) for other in others]
    for name in forwards[0]:
        one, other = ([values[name] for values in direction] for direction in (forwards, backwards))
        equal = bool(np.allclose(one, other, rtol=1e-6, atol=0))
        _require(equal == metric.symmetric, f"{name}: {one} and {other}, symmetric = {metric.symmetric}.")


def values_stay_in_their_range(make: MakeMetric) -> None:
    """every value lies in the stated range; below 0 dB SNR there may be none."""
    metric, clean = make(), _speechlike()
    state = metric.prepare(clean)
    for level in (60, 20, 0, -20):
        try:
            values = metric.score(state, _noisy(clean)(level))
        except MetricUndefined:  # such as a pitch that is lost in noise
            _require(level < 0, f"no value at {level} dB SNR.")
            continue
        for name, value in values.items():
            quantity = next(q for q in metric.quantities if q.name == name)
            _require(quantity.low <= value <= quantity.high, f"{name} = {value} at {level} dB SNR.")


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
    _require(first == again == fresh, f"{first}, then {again}, afresh {fresh}.")
    after = np.random.get_state()[1]  # type: ignore[index]  # noqa: NPY002
    _require(bool((before == after).all()), "the global random state was used.")


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
            _require(bool(str(error)), "no reason is given.")
        else:
            _require(all(np.isfinite(v) for v in values.values()), f"{length} samples give {values}.")


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
        _require(worse, f"{quantity.name}: intact {intact[quantity.name]}, destroyed {values}.")


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


def _through(make: MakeCodec, signal: Audio, bitrate: int | None) -> Audio:
    decoded = make().decode(make().encode(signal, [bitrate])[bitrate])
    _require(
        (decoded.rate, decoded.samples.shape) == (signal.rate, signal.samples.shape),
        f"{decoded.samples.shape} at {decoded.rate} Hz came back, expected {signal.samples.shape} at {signal.rate} Hz.",
    )
    return decoded


def _searched(codec: Codec, rate: int, channels: int) -> list[int | None]:
    """Bitrates for a format that none of the usual ones fits: MP3 at 8 kHz does 8 to 64 kbit/s."""
    return [b for b in range(8_000, 72_000, 8_000) if codec.takes_bitrate and codec.refusal(b, rate, channels) is None]


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


def _require(kept: bool, otherwise: str) -> None:
    if not kept:
        raise Broken(otherwise)
