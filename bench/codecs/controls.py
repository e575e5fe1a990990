"""Quantised waveforms: PCM, the reference itself, the anchors of BS.1534-3 and deliberate defects.

They show what a metric says where the truth is known. All of them carry PCM as their payload.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec
from bench.codecs.codes import pack_bits, unpack_bits
from bench.domain import Encoded, Identity
from bench.errors import CodecError, ConfigError


class Pcm(Codec):
    """Uniform mid-tread quantiser with ``bits`` per sample, 2 to 24, packed without gaps."""

    def __init__(self, bits: int = 16) -> None:
        if not 2 <= bits <= 24:
            raise ConfigError(f"pcm: expected bits from 2 to 24, got {bits}.")
        self.bits = bits
        self.identity = Identity("pcm", "1", f"{bits} bits")

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        half = 1 << (self.bits - 1)
        steps = np.clip(np.rint(audio.samples.astype(np.float64) * half), -half, half - 1)
        values = (steps + half).astype(np.uint32)
        return framing.pack(audio, [pack_bits(values, self.bits)], payload_bits=values.size * self.bits)

    def decode(self, encoded: Encoded) -> Audio:
        stream = framing.unpack(encoded)
        half, count = 1 << (self.bits - 1), stream.channels * stream.length
        if [len(packet) for packet in stream.packets] != [-(-count * self.bits // 8)]:
            raise CodecError(
                f"{self.identity.name}: the bitstream is damaged: expected one packet of {count} values of {self.bits} "
                f"bits, got {[len(packet) for packet in stream.packets]} bytes."
            )
        values = unpack_bits(stream.packets[0], self.bits, count)
        return stream.cut((values.astype(np.float64) / half - 1.0).reshape(stream.channels, -1))


class Passthrough(Pcm):
    """The reference itself, as 24-bit PCM: the ceiling of every metric, and the hidden reference of MUSHRA."""

    role = "control"

    def __init__(self) -> None:
        super().__init__(bits=24)
        self.identity = Identity(self.name, "1")

    name = "passthrough"

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        return super().encode_one(self.degrade(audio), bitrate_bps)

    def degrade(self, audio: Audio) -> Audio:
        """What this control does to the signal, delay compensated; nothing here."""
        return audio


class Lowpass(Passthrough):
    """Linear-phase low-pass anchor of ITU-R BS.1534-3, clause 5.1.2, without delay."""

    edge_hz: int

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        if sample_rate < 2 * (self.edge_hz + 1_000):
            return (
                f"{self.name} needs a clip of at least {2 * (self.edge_hz + 1_000)} Hz; this one has {sample_rate} Hz."
            )
        return super().refusal(bitrate_bps, sample_rate, channels)

    def degrade(self, audio: Audio) -> Audio:
        from scipy.signal import fftconvolve

        taps = lowpass_taps(self.edge_hz, audio.rate)
        half = len(taps) // 2
        padded = np.pad(audio.samples.astype(np.float64), ((0, 0), (half, half)))
        filtered = fftconvolve(padded, taps[None, :], mode="valid", axes=1)
        return Audio(filtered.astype(np.float32), audio.rate)


class Lowpass3500(Lowpass):
    """The low anchor."""

    name = "lowpass_3500"
    edge_hz = 3_500


class Lowpass7000(Lowpass):
    """The mid anchor."""

    name = "lowpass_7000"
    edge_hz = 7_000


class OneSampleShift(Passthrough):
    """One sample late: what misalignment alone costs."""

    name = "one_sample_shift"

    def degrade(self, audio: Audio) -> Audio:
        return Audio(np.pad(audio.samples, ((0, 0), (1, 0)))[:, :-1], audio.rate)


class GainMinus6dB(Passthrough):
    """6.02 dB quieter: what level alone costs."""

    name = "gain_minus_6db"

    def degrade(self, audio: Audio) -> Audio:
        return Audio(audio.samples / np.float32(2), audio.rate)


class RightChannelDestroyed(Passthrough):
    """The right channel replaced by white noise of its level: a metric that hears one channel only does not notice."""

    name = "right_channel_destroyed"
    channels = (2,)

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed

    def degrade(self, audio: Audio) -> Audio:
        right = audio.samples[1].astype(np.float64)
        noise = np.random.default_rng(self.seed).standard_normal(right.size) * np.sqrt(np.mean(right**2))
        return Audio(np.stack([audio.samples[0], noise.clip(-1, 1).astype(np.float32)]), audio.rate)


@lru_cache(maxsize=8)
def lowpass_taps(edge_hz: int, rate: int) -> NDArray[np.float64]:
    """FIR that is flat to +-0.1 dB up to ``edge_hz`` and beyond 50 dB down from ``edge_hz`` + 500 Hz on.

    The mask of BS.1534-3, clause 5.1.2, asks for 25 dB at +500 Hz and 50 dB at +1 kHz. 25 ms long at every rate:
    1201 taps at 48 kHz.
    """
    from scipy.signal import firwin

    taps: NDArray[np.float64] = firwin(2 * round(0.0125 * rate) + 1, edge_hz + 120, window=("kaiser", 8.0), fs=rate)
    return taps
