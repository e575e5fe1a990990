"""AC-3 and E-AC-3 in memory, by FFmpeg's own encoders (ETSI TS 102 366)."""

from __future__ import annotations

from collections.abc import Sequence

from bench.codecs.base import within
from bench.codecs.pyav import RateChosen


class Ac3(RateChosen):
    """AC-3, constant bitrate."""

    name = encoder = decoder = "ac3"
    late_samples = 256  # half a block of the overlapping transform
    sample_format = "fltp"
    fills_frames = True
    ALL_RATES = (32_000, 44_100, 48_000)
    TABLE = tuple(1000 * k for k in (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640))
    bitrates_bps: tuple[int, ...] = (64_000, 96_000, 128_000, 192_000)

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        return self.TABLE


class EAc3(Ac3):
    """E-AC-3, constant bitrate: any rate in a range instead of a table."""

    name = encoder = decoder = "eac3"
    why_not = "below, the encoder has no room for its side information"
    bitrates_bps = (48_000, 64_000, 96_000, 128_000, 192_000)

    def possible_bps(self, sample_rate: int, channels: int) -> Sequence[int]:
        return within(sample_rate * channels // 2, 640_000)
