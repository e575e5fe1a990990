"""MPEG audio in memory: layer II and layer III, AAC-LC."""

from __future__ import annotations

from bench.codecs.base import within
from bench.codecs.pyav import RateChosen


class Mp3(RateChosen):
    """MPEG-1, -2 and -2.5 layer III by LAME, constant bitrate."""

    name = "mp3"
    why_not = "lower rates need a lower sample_rate option, such as 24000"
    late_samples = 1_105  # 576 of the encoder's filterbank and look-ahead + 529 of the decoder
    encoder = "libmp3lame"
    decoder = "mp3float"
    sample_format = "fltp"
    ALL_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    MPEG1 = tuple(1000 * k for k in (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320))
    MPEG2 = tuple(1000 * k for k in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160))
    MPEG25 = MPEG2[:8]
    bitrates_bps = (32_000, 64_000, 96_000, 128_000)

    def possible_bps(self, sample_rate: int, channels: int) -> tuple[int, ...]:
        return self.MPEG1 if sample_rate >= 32_000 else self.MPEG2 if sample_rate >= 16_000 else self.MPEG25


class Mp2(RateChosen):
    """MPEG-1 and -2 layer II by FFmpeg's own encoder, constant bitrate."""

    name = encoder = "mp2"
    late_samples = 481  # the analysis and synthesis filterbanks
    decoder = "mp2float"
    sample_format = "s16"
    fills_frames = True
    ALL_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    MONO = tuple(1000 * k for k in (32, 48, 56, 64, 80, 96, 112, 128, 160, 192))
    STEREO = tuple(1000 * k for k in (64, 96, 112, 128, 160, 192, 224, 256, 320, 384))
    MPEG2 = tuple(1000 * k for k in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160))
    bitrates_bps = (64_000, 96_000, 128_000, 192_000)

    def possible_bps(self, sample_rate: int, channels: int) -> tuple[int, ...]:
        # which bitrates go with one and with two channels: ISO/IEC 11172-3, clause 2.4.2.3
        return self.MPEG2 if sample_rate < 32_000 else self.MONO if channels == 1 else self.STEREO


class Aac(RateChosen):
    """MPEG-4 AAC-LC by FFmpeg's own encoder."""

    name = encoder = decoder = "aac"
    why_not = "below, the encoder does not keep to the rate; above, the format has no room"
    late_samples = 1_024
    sample_format = "fltp"
    ALL_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)
    bitrates_bps = (24_000, 32_000, 64_000, 96_000, 128_000)

    def possible_bps(self, sample_rate: int, channels: int) -> range:
        """From the lowest bitrate that the encoder keeps to within 15 % to the highest that the format allows."""
        floors = ((12_000, 8_000), (24_000, 12_000), (48_000, 16_000), (96_000, 32_000))
        lowest = next(floor for rate, floor in floors if sample_rate <= rate)
        highest = 6_144 * sample_rate // 1_024  # bits of a channel's decoder buffer, ISO/IEC 14496-3, clause 4.5.3.1
        return within(lowest * (1 + channels) // 2, highest * channels)
