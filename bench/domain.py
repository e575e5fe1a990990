"""The data that travels between the layers. Frozen, plain, and importing nothing of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Category = Literal["speech", "noisy_reverberant_speech", "music"]
CATEGORIES: tuple[Category, ...] = ("speech", "noisy_reverberant_speech", "music")

NOT_DECODED = "no decoded audio: "
"""How the reason of a score begins whose encoding failed; the reason of the encoding follows."""

Role = Literal["codec", "control"]
"""A control (the reference itself, an anchor, a deliberate defect) is measured but is no point of a rate curve."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One piece of source audio: a file and the part of it that is judged.

    ``lead_in_s`` seconds before ``start_s`` are encoded too and cut off after decoding, so that a codec with a
    bit reservoir or a slow start is judged in its steady state (ITU-R BS.1534-3, clause 5.1.1).
    ``source`` names the recording: clips cut from one recording are not independent and share it.
    """

    id: str
    dataset: str
    category: Category
    path: str
    sha256: str
    sample_rate: int
    channels: int
    samples: int
    licence: str = ""
    start_s: float = 0.0
    duration_s: float | None = None
    lead_in_s: float = 0.0
    source: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def judged_s(self) -> float:
        """Seconds that are judged; not above 0 for a file that cannot be read and whose part is not stated."""
        whole_s = self.samples / self.sample_rate if self.sample_rate else 0.0
        return whole_s - self.start_s if self.duration_s is None else self.duration_s

    @property
    def coded_s(self) -> float:
        """Seconds that go through a codec: what is judged, and the lead-in; 0 for a file that cannot be read."""
        return max(0.0, self.judged_s + min(self.lead_in_s, self.start_s))


@dataclass(frozen=True, slots=True)
class Condition:
    """A codec with its options at one bitrate; ``bitrate_bps`` is None where there is nothing to choose."""

    codec: str
    bitrate_bps: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""

    @property
    def series(self) -> str:
        """The codec with its options: what is one curve over bitrates. Such as ``opus`` or ``pcm,bits=8``."""
        name = self.label or ",".join([self.codec, *(f"{k}={v}" for k, v in sorted(self.options.items()))])
        return re.sub(r"[^\w.=,+@-]+", "_", name)

    @property
    def id(self) -> str:
        """Such as ``opus@12000`` or ``pcm,bits=8``."""
        return self.series if self.bitrate_bps is None else f"{self.series}@{self.bitrate_bps}"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A coded clip: everything that a fresh decoder is given, and how much of it is payload.

    ``payload_bits`` counts the codec's own bits, side information included. The rest of ``stream`` is container:
    packet lengths, the clip's length and rate, and headers that a real transport would carry. ``delay_samples`` is the
    delay that its decoder takes away, at the codec's rate; a report column. ``stated`` marks bits that nobody counted,
    and ``lag_samples`` is what was measured, at the reference's rate, on audio that was decoded elsewhere.
    """

    stream: bytes
    payload_bits: int
    delay_samples: int = 0
    stated: bool = False
    lag_samples: int | None = None

    @property
    def payload_bytes(self) -> int:
        return -(-self.payload_bits // 8)

    @property
    def container_bytes(self) -> int:
        return len(self.stream) - self.payload_bytes

    def bps(self, seconds: float) -> float:
        """Measured bitrate in bit/s over ``seconds`` of audio."""
        return self.payload_bits / seconds


@dataclass(frozen=True, slots=True)
class EntropyRate:
    """Payload bits after lossless coding, with a flag bit and the side information, and seconds of coding and decoding.

    ``coded`` is false where the plain codes were smaller and count instead.
    """

    bits: int
    coded: bool
    encode_s: float
    decode_s: float


@dataclass(frozen=True, slots=True)
class Identity:
    """What exactly made a number: name, version of the implementation, and whatever else changes the result."""

    name: str
    version: str
    details: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.version, self.details) if part)
