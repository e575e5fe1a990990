"""AC-3 and E-AC-3 in memory, by FFmpeg's own encoders (ETSI TS 102 366)."""

from __future__ import annotations

from bench.codecs.pyav import AvCodec, chosen_rate, listed


class Ac3(AvCodec):
    """AC-3, constant bitrate.

    Args:
        sample_rate: code at this rate; None takes the clip's, or the next higher one that AC-3 has.
    """

    name = "ac3"
    encoder = "ac3"
    decoder = "ac3"
    sample_format = "fltp"
    fills_frames = True
    ALL_RATES = (32_000, 44_100, 48_000)
    TABLE = tuple(1000 * k for k in (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640))
    bitrates_bps: tuple[int, ...] = (64_000, 96_000, 128_000, 192_000)

    def __init__(self, sample_rate: int | None = None) -> None:
        super().__init__()
        self.sample_rates = chosen_rate(self.name, sample_rate, self.ALL_RATES)

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        if bitrate_bps not in self.TABLE:
            return f"ac3 does {listed(self.TABLE)} bit/s, not {bitrate_bps}."
        return super().refusal(bitrate_bps, sample_rate, channels)

    def delay(self, packets: list[bytes]) -> int:
        return 256  # half a block of the overlapping transform


class EAc3(Ac3):
    """E-AC-3, constant bitrate: any rate in a range instead of a table.

    Args:
        sample_rate: code at this rate; None takes the clip's, or the next higher one that E-AC-3 has.
    """

    name = "eac3"
    encoder = "eac3"
    decoder = "eac3"
    bitrates_bps = (48_000, 64_000, 96_000, 128_000, 192_000)

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        lowest, highest = sample_rate * channels // 2, 640_000
        if bitrate_bps is None or not lowest <= bitrate_bps <= highest:
            return (
                f"eac3 at {sample_rate} Hz with {channels} channels does {lowest} to {highest} bit/s, not "
                f"{bitrate_bps}: below, the encoder has no room for its side information."
            )
        return AvCodec.refusal(self, bitrate_bps, sample_rate, channels)
