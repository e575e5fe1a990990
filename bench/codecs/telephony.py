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

    def possible_bps(self, sample_rate: int, channels: int) -> tuple[int, ...]:
        return self.bitrates_bps


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


class G722(TelephoneCodec):
    """ITU-T G.722 at 16 kHz: two sub-bands of ADPCM, 64 kbit/s."""

    name = encoder = decoder = "g722"
    late_samples = 22  # the quadrature mirror filters
    sample_rates = (16_000,)
    algorithmic_delay_s = 24 / 16_000  # a pair of samples, and the filters


class G7231(TelephoneCodec):
    """ITU-T G.723.1 at 8 kHz, 30 ms frames of 24 bytes, 6.3 kbit/s; FFmpeg has no encoder for 5.3 kbit/s."""

    name = encoder = decoder = "g723_1"
    late_samples = 60  # the look-ahead of 7.5 ms
    sample_rates = (8_000,)
    bitrates_bps = (6_300,)
    algorithmic_delay_s = 0.0375  # ITU-T G.723.1, clause 1


class AmrNb(TelephoneCodec):
    """AMR narrow-band (3GPP TS 26.071) by opencore-amr, without discontinuous transmission.

    The byte before each frame says its type and is container; payload are the speech bits.
    """

    name = "amr_nb"
    encoder = decoder = "libopencore_amrnb"
    late_samples = 39  # the look-ahead of 5 ms, less the phase of the filters
    sample_rates = (8_000,)
    fills_frames = False
    bitrates_bps = (4_750, 5_150, 5_900, 6_700, 7_400, 7_950, 10_200, 12_200)
    algorithmic_delay_s = 0.025  # a frame and 5 ms: 3GPP TS 26.090

    def payload_bits(self, packets: list[bytes]) -> int:
        return sum(toc_bits(packet[0], AMR_NB_BITS, "AMR") for packet in packets)
