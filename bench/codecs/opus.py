"""Opus in memory, by the libopus of PyAV's wheels."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from bench.codecs.base import one_of, within
from bench.codecs.pyav import AvCodec


class Opus(AvCodec):
    """Opus, always at 48 kHz, the rate of its CELT layer and of its decoder.

    Args:
        application: ``audio``, ``voip`` (adds an adaptive high-pass, whose phase moves low notes a few samples) or
            ``lowdelay`` (CELT only).
        vbr: ``on``, ``constrained`` or ``off`` (constant bitrate).
        frame_duration_ms: 2.5, 5, 10, 20, 40 or 60.
        complexity: 0 to 10.
        cutoff_hz: audio bandwidth: 4000, 6000, 8000, 12000 or 20000; None lets the encoder choose.
    """

    name = "opus"
    encoder = decoder = "libopus"
    sample_format = "flt"
    sample_rates = (48_000,)
    bitrates_bps = (6_000, 8_000, 12_000, 16_000, 24_000, 32_000, 48_000, 64_000, 96_000, 128_000)

    LOWEST_BPS = 6_000
    HIGHEST_BPS_PER_CHANNEL = 256_000
    why_not = "below, the encoder does not keep to the rate; above, it has none"
    PRE_SKIP: ClassVar[dict[str, int]] = {"audio": 312, "voip": 312, "lowdelay": 120}
    SILK_RESIDUAL: ClassVar[dict[str, int]] = {"narrow": 3, "medium": -3, "wide": -2, "celt": 0}
    """Samples that the output of each mode is late after the decoder has dropped the pre-skip: the resamplers
    around the SILK layer do not sum to exactly what the pre-skip allows for. Measured on speech and music as the lag of
    the highest correlation; the true values are fractions (about 2.5, -2.7, -2.1), so up to half a sample remains."""

    def __init__(
        self,
        application: str = "audio",
        vbr: str | bool = "on",  # YAML reads on and off as booleans
        frame_duration_ms: float = 20,
        complexity: int = 10,
        cutoff_hz: int | None = None,
    ) -> None:
        one_of("opus", "application", application, tuple(self.PRE_SKIP))
        vbr = ("on" if vbr else "off") if isinstance(vbr, bool) else vbr
        one_of("opus", "vbr", vbr, ("on", "constrained", "off"))
        one_of("opus", "frame_duration_ms", frame_duration_ms, (2.5, 5, 10, 20, 40, 60))
        one_of("opus", "complexity", complexity, range(11))
        one_of("opus", "cutoff_hz", cutoff_hz, (None, 4_000, 6_000, 8_000, 12_000, 20_000))
        options = {
            "application": application,
            "vbr": vbr,
            "frame_duration": f"{frame_duration_ms:g}",
            "compression_level": str(complexity),
        }
        if cutoff_hz:
            options["cutoff"] = str(cutoff_hz)
        super().__init__(options)
        self.decoder_drops = self.PRE_SKIP[application]
        self.algorithmic_delay_s = frame_duration_ms / 1_000 + self.decoder_drops / 48_000

    def possible_bps(self, sample_rate: int, channels: int) -> range:
        return within(self.LOWEST_BPS, self.HIGHEST_BPS_PER_CHANNEL * channels)

    def delay(self, packets: list[bytes]) -> int:
        mode, _ = Counter(_opus_mode(packet) for packet in packets).most_common(1)[0]
        return self.SILK_RESIDUAL[mode]


def _opus_mode(packet: bytes) -> str:
    """Which layer made a packet, from its configuration number (RFC 6716, section 3.1, table 2)."""
    config = packet[0] >> 3
    if config >= 16:
        return "celt"
    return "narrow" if config < 4 else "medium" if config < 8 else "wide"
