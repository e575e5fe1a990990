"""SBC, the mandatory codec of Bluetooth A2DP, in memory by FFmpeg's own encoder."""

from __future__ import annotations

from bench.codecs.base import within
from bench.codecs.pyav import AvCodec


class Sbc(AvCodec):
    """SBC (A2DP 1.3, appendix B). The bitrate sets the bit pool, so that it comes in steps of a few kbit/s."""

    name = encoder = decoder = "sbc"
    why_not = "below, nothing is left for the sub-bands; above, A2DP has no room"
    sample_format = "s16"
    fills_frames = True
    sample_rates = (16_000, 32_000, 44_100, 48_000)
    bitrates_bps = (64_000, 96_000, 128_000, 192_000, 256_000, 328_000)

    def possible_bps(self, sample_rate: int, channels: int) -> range:
        return within(sample_rate, min(16 * sample_rate, 320_000 if channels == 1 else 512_000))

    def delay(self, packets: list[bytes]) -> int:
        """9 polyphase blocks and a sample: of 8 sub-bands, or of 4 where the first frame's header says so."""
        subbands = 8 if not packets or packets[0][1] & 1 else 4
        return 9 * subbands + 1
