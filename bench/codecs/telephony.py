"""Codecs of telephone networks in memory: G.711, G.722, G.723.1 and AMR-NB."""

from __future__ import annotations

from typing import Literal

from bench.codecs.pyav import AvCodec
from bench.codecs.speech_files import AMR_NB_BITS, toc_bits


class TelephoneCodec(AvCodec):
    """Mono, 16 bit, one sample rate. Subclasses name the encoder."""

    sample_format = "s16"
    channels = (1,)
    fills_frames = True

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        if bitrate_bps is not None and bitrate_bps not in self.bitrates_bps:
            known = ", ".join(map(str, self.bitrates_bps)) or "one bitrate and takes none"
            return f"{self.name} does {known}, not {bitrate_bps} bit/s."
        if bitrate_bps is None and self.bitrates_bps:
            return f"{self.name} needs a bitrate: {', '.join(map(str, self.bitrates_bps))} bit/s."
        return super().refusal(bitrate_bps, sample_rate, channels)


class G711(TelephoneCodec):
    """ITU-T G.711 at 8 kHz: logarithmic PCM of 8 bits, 64 kbit/s.

    Args:
        law: ``mu`` or ``a``.
    """

    name = "g711"
    sample_rates = (8_000,)
    fills_frames = False
    algorithmic_delay_s = 1 / 8_000

    def __init__(self, law: Literal["mu", "a"] = "mu") -> None:
        self.encoder = self.decoder = {"mu": "pcm_mulaw", "a": "pcm_alaw"}[law]
        super().__init__()

    def delay(self, packets: list[bytes]) -> int:
        return 0


class G722(TelephoneCodec):
    """ITU-T G.722 at 16 kHz: two sub-bands of ADPCM, 64 kbit/s."""

    name = "g722"
    encoder = "g722"
    decoder = "g722"
    sample_rates = (16_000,)
    algorithmic_delay_s = 24 / 16_000  # a pair of samples, and the filters

    def delay(self, packets: list[bytes]) -> int:
        return 22  # the quadrature mirror filters


class G7231(TelephoneCodec):
    """ITU-T G.723.1 at 8 kHz, 30 ms frames of 24 bytes, 6.3 kbit/s; FFmpeg has no encoder for 5.3 kbit/s."""

    name = "g723_1"
    encoder = "g723_1"
    decoder = "g723_1"
    sample_rates = (8_000,)
    bitrates_bps = (6_300,)
    algorithmic_delay_s = 0.0375  # ITU-T G.723.1, clause 1

    def delay(self, packets: list[bytes]) -> int:
        return 60  # the look-ahead of 7.5 ms


class AmrNb(TelephoneCodec):
    """AMR narrow-band (3GPP TS 26.071) by opencore-amr, without discontinuous transmission.

    The byte before each frame says its type and is container; payload are the speech bits.
    """

    name = "amr_nb"
    encoder = "libopencore_amrnb"
    decoder = "libopencore_amrnb"
    sample_rates = (8_000,)
    fills_frames = False
    bitrates_bps = (4_750, 5_150, 5_900, 6_700, 7_400, 7_950, 10_200, 12_200)
    algorithmic_delay_s = 0.025  # a frame and 5 ms: 3GPP TS 26.090

    def delay(self, packets: list[bytes]) -> int:
        return 39  # the look-ahead of 5 ms, less the phase of the filters

    def payload_bits(self, packets: list[bytes]) -> int:
        return sum(toc_bits(packet[0], AMR_NB_BITS, "AMR") for packet in packets)
