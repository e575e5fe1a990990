"""What every codec must do for its numbers to be true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.align import envelope_delay, measured_delay, probe
from bench.audio import Audio
from bench.codecs.base import Codec
from bench.contracts.breaking import require
from bench.domain import Encoded

MakeCodec = Callable[[], Codec]


@dataclass(frozen=True, slots=True)
class Coded:
    """A signal, its stream, and what a fresh decoder makes of it."""

    signal: Audio
    encoded: Encoded
    decoded: Audio


class Trial:
    """A codec on trial: made anew for every use, while what it made of the probe signal serves all rules."""

    def __init__(self, make: MakeCodec) -> None:
        self.make = make
        self._signals: dict[tuple[int, int], Audio] = {}
        self._probed: dict[tuple[int, int, int | None], Coded] = {}

    @cached_property
    def codec(self) -> Codec:
        """What it says of itself."""
        return self.make()

    def formats(self, several_bitrates: bool = False) -> Iterator[tuple[int, int, int | None]]:
        """``(rate, channels, bitrate)``: every rate and channel count with its highest usual bitrate.

        ``several_bitrates`` adds the lowest and the middle one: codecs change their ways with the bitrate.
        """
        codec = self.codec
        for rate in codec.sample_rates or (16_000, 24_000, 44_100, 48_000):
            for channels in codec.channels or (1, 2):
                usable = [b for b in codec.bitrates_bps or (None,) if codec.refusal(b, rate, channels) is None]
                usable = usable or _searched(codec, rate, channels)
                chosen = (
                    [usable[0], usable[len(usable) // 2], usable[-1]] if several_bitrates and usable else usable[-1:]
                )
                for bitrate in dict.fromkeys(chosen):
                    yield rate, channels, bitrate

    def through(self, signal: Audio, bitrate: int | None) -> Coded:
        """``signal``, coded and decoded by two instances.

        Raises:
            Broken: what came back has another form.
        """
        encoded = self.make().encode(signal, [bitrate])[bitrate]
        decoded = self.make().decode(encoded)
        require(
            (decoded.rate, decoded.samples.shape) == (signal.rate, signal.samples.shape),
            f"{decoded.samples.shape} at {decoded.rate} Hz came back, expected {signal.samples.shape} at {signal.rate} "
            "Hz.",
        )
        return Coded(signal, encoded, decoded)

    def probed(self, rate: int, channels: int, bitrate: int | None) -> Coded:
        """The probe signal, coded and decoded; once."""
        form = rate, channels, bitrate
        if form not in self._probed:
            self._probed[form] = self.through(self.signal(rate, channels), bitrate)
        return self._probed[form]

    def signal(self, rate: int, channels: int) -> Audio:
        """The probe signal, made once."""
        if (rate, channels) not in self._signals:
            self._signals[rate, channels] = probe(rate, channels)
        return self._signals[rate, channels]


def a_fresh_decoder_needs_nothing_but_the_bytes(trial: Trial) -> None:
    """a fresh decoder turns the bytes alone into audio of the same length, at every rate and channel count."""
    for rate, channels, bitrate in trial.formats():
        decoded = trial.through(trial.signal(rate, channels).part(0, rate // 5 + 7), bitrate).decoded
        require(bool(np.isfinite(decoded.samples).all()), f"{rate} Hz, {channels} channels: NaN or infinite output.")


def no_delay_is_left(trial: Trial) -> None:
    """no sample of delay is left on the probe signal, at every rate and channel count, at low and high bitrates.

    Of a vocoder, no more than 8 ms of the envelope's.
    """
    if trial.codec.identity.name == "one_sample_shift":
        return
    waveform = trial.codec.waveform
    for rate, channels, bitrate in trial.formats(several_bitrates=True):
        coded = trial.probed(rate, channels, bitrate)
        lag = (measured_delay if waveform else envelope_delay)(coded.signal, coded.decoded)
        require(
            abs(lag) <= (0 if waveform else 0.008 * rate),
            f"{rate} Hz, {channels} channels, {bitrate} bit/s: the output is {lag} samples late.",
        )


def awkward_lengths_are_kept(trial: Trial) -> None:
    """clips of 1, 2, 319 and 12 345 samples come back at their length."""
    rate, channels, bitrate = next(trial.formats())
    signal = trial.signal(rate, channels)
    for length in (1, 2, 319, 12_345):
        trial.through(signal.part(500, 500 + length), bitrate)


def stereo_stays_stereo(trial: Trial) -> None:
    """left stays left and right stays right, and neither is later than the other."""
    if trial.codec.identity.name == "right_channel_destroyed":
        return
    for rate, channels, bitrate in trial.formats():
        if channels == 2:
            coded = trial.probed(rate, channels, bitrate)
            both = (coded.signal.samples, coded.decoded.samples)
            across = np.asarray(np.corrcoef(np.vstack(both)))[:2, 2:]
            own, other = across.diagonal(), np.abs(np.fliplr(across).diagonal())
            require(
                bool((own > 0.5).all() and other.max() < own.min() / 2), f"{rate} Hz: correlations {across.round(2)}."
            )
            pairs = zip(*both, strict=True)
            lags = [measured_delay(Audio(one[None], rate), Audio(other[None], rate)) for one, other in pairs]
            require(lags[0] == lags[1], f"{rate} Hz: left is {lags[0]} and right {lags[1]} samples late.")


def silence_stays_silent(trial: Trial) -> None:
    """digital silence is coded without an error and comes back below -60 dBFS, of a vocoder below -50 dBFS."""
    rate, channels, bitrate = next(trial.formats())
    peak = trial.through(Audio(np.zeros((channels, rate // 2), np.float32), rate), bitrate).decoded.peak
    require(peak < (1e-3 if trial.codec.waveform else 10**-2.5), f"peak of the decoded silence is {peak:.4f}.")


def bits_are_counted(trial: Trial) -> None:
    """the payload is more than nothing and no more than the bytes of the stream."""
    for form in trial.formats():
        encoded = trial.probed(*form).encoded
        fits = 0 < encoded.payload_bits <= 8 * len(encoded.stream)
        require(fits, f"{form[0]} Hz: {encoded.payload_bits} payload bits in a stream of {len(encoded.stream)} bytes.")


def the_same_input_gives_the_same_bytes(trial: Trial) -> None:
    """the same input gives the same bytes, from another instance and after other clips."""
    rate, channels, bitrate = next(trial.formats())
    coded = trial.probed(rate, channels, bitrate)
    codec = trial.make()
    codec.encode(probe(rate, channels, seed=2).part(0, rate), [bitrate])
    require(codec.encode(coded.signal, [bitrate])[bitrate] == coded.encoded, "two encodes of one clip differ.")


def an_impossible_bitrate_is_refused(trial: Trial) -> None:
    """a bitrate that it cannot do is refused with a text."""
    codec = trial.codec
    if not codec.bitrates_bps:
        return
    refusal = codec.refusal(1, codec.working_rate(48_000), (codec.channels or (1,))[0])
    require(bool(refusal), "1 bit/s is not refused.")


def exposed_codes_are_what_was_sent(trial: Trial) -> None:
    """codes that it exposes have the shape (codebooks, frames), fit their bits, and come back from the bytes alone."""
    if not trial.codec.exposes_codes:
        return
    encoded = trial.probed(*next(trial.formats())).encoded
    codes, again = trial.make().codes(encoded), trial.make().codes(encoded)
    for segment, same in zip(codes.segments, again.segments, strict=True):
        require(segment.ndim == 2 and segment.shape[0] == codes.books, f"a segment has the shape {segment.shape}.")
        fit = not segment.size or (segment.min() >= 0 and int(segment.max()) >> codes.bits_per_code == 0)
        require(bool(fit), f"a code is {segment.min()} or {segment.max()}, of {codes.bits_per_code} bits.")
        require(bool(np.array_equal(segment, same)), "the same bytes gave other codes.")


CODEC_RULES: tuple[Callable[[Trial], None], ...] = (
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


def _searched(codec: Codec, rate: int, channels: int) -> list[int | None]:
    """Bitrates for a format that none of the usual ones fits: MP3 at 8 kHz does 8 to 64 kbit/s."""
    return [b for b in range(8_000, 72_000, 8_000) if codec.takes_bitrate and codec.refusal(b, rate, channels) is None]
