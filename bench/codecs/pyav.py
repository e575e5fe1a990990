"""Opus, MP3 and AAC in memory through PyAV, whose wheels bundle FFmpeg's encoders: no program needed.

The delays are constants of the encoder-decoder pair, found with a probe signal; the contract tests find them again
at every rate. The first packet's time stamp is not used: it is wrong for some encoders.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec
from bench.domain import Encoded, Identity
from bench.errors import CodecError, ConfigError

if TYPE_CHECKING:
    import av

_LAYOUTS = {1: "mono", 2: "stereo"}


class AvCodec(Codec):
    """Shared encode and decode. Subclasses name the encoder and decoder and state delay and bitrates."""

    name: ClassVar[str]
    encoder: ClassVar[str]
    decoder: ClassVar[str]
    sample_format: ClassVar[str]
    decoder_drops = 0
    channels = (1, 2)

    def __init__(self, options: dict[str, str] | None = None) -> None:
        self.options = options or {}
        self.identity = Identity(self.name, f"PyAV {version('av')}", f"{self.encoder} {_library_version()} adapter 1")

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        import av

        context = _context(self.encoder, "w")
        context.sample_rate = audio.rate
        context.layout = _LAYOUTS[audio.channels]
        context.format = self.sample_format
        context.time_base = Fraction(1, audio.rate)
        context.bit_rate = bitrate_bps
        context.thread_count = 1
        context.options = self.options
        try:
            context.open()
            if context.options:  # what FFmpeg did not take; it says nothing itself
                raise CodecError(f"{self.name}: the encoder does not know {', '.join(sorted(context.options))}.")
            packets = [bytes(packet) for frame in _frames(audio, context) for packet in context.encode(frame)]
            header = bytes(context.extradata or b"")
        except av.FFmpegError as error:
            raise CodecError(f"{self.name}: encoding failed at {bitrate_bps} bit/s ({error}).") from error
        packets = [packet for packet in packets if packet]
        return framing.pack(audio, packets, delay=self.delay(packets), header=header, decoder_drops=self.decoder_drops)

    def decode(self, encoded: Encoded) -> Audio:
        import av

        stream = framing.unpack(encoded)
        context = _context(self.decoder, "r")
        context.sample_rate = stream.rate
        context.layout = _LAYOUTS[stream.channels]
        context.format = self.sample_format
        context.thread_count = 1
        if stream.header:
            context.extradata = stream.header
        try:
            frames = [frame for data in stream.packets for frame in context.decode(av.Packet(data))]
            frames += context.decode(None)
        except av.FFmpegError as error:
            raise CodecError(f"{self.name}: decoding failed ({error}).") from error
        if not frames:
            raise CodecError(f"{self.name}: the decoder gave no audio from {len(stream.packets)} packets.")
        if frames[0].sample_rate != stream.rate:
            raise CodecError(f"{self.name}: the decoder gave {frames[0].sample_rate} Hz, expected {stream.rate} Hz.")
        return stream.cut(np.concatenate([_waveform(frame) for frame in frames], axis=1))

    def delay(self, packets: list[bytes]) -> int:
        """Samples that the decoder's raw output starts late (early where negative)."""
        raise NotImplementedError


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
    encoder = "libopus"
    decoder = "libopus"
    sample_format = "flt"
    sample_rates = (48_000,)
    bitrates_bps = (6_000, 8_000, 12_000, 16_000, 24_000, 32_000, 48_000, 64_000, 96_000, 128_000)

    LOWEST_BPS = 6_000
    HIGHEST_BPS_PER_CHANNEL = 256_000
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
        _one_of("opus", "application", application, self.PRE_SKIP)
        vbr = ("on" if vbr else "off") if isinstance(vbr, bool) else vbr
        _one_of("opus", "vbr", vbr, ("on", "constrained", "off"))
        _one_of("opus", "frame_duration_ms", frame_duration_ms, (2.5, 5, 10, 20, 40, 60))
        _one_of("opus", "complexity", complexity, range(11))
        _one_of("opus", "cutoff_hz", cutoff_hz, (None, 4_000, 6_000, 8_000, 12_000, 20_000))
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

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        highest = self.HIGHEST_BPS_PER_CHANNEL * min(channels, 2)
        if bitrate_bps is None or not self.LOWEST_BPS <= bitrate_bps <= highest:
            return (
                f"opus does {self.LOWEST_BPS} to {highest} bit/s on {channels} channels, not {bitrate_bps}: "
                "below, the encoder does not keep to the rate it is asked for."
            )
        return super().refusal(bitrate_bps, sample_rate, channels)

    def delay(self, packets: list[bytes]) -> int:
        mode, _ = Counter(_opus_mode(packet) for packet in packets).most_common(1)[0]
        return self.SILK_RESIDUAL[mode]


class Mp3(AvCodec):
    """MPEG-1, -2 and -2.5 layer III by LAME, constant bitrate.

    Args:
        sample_rate: code at this rate; None takes the clip's, or the next higher one that MP3 has.
    """

    name = "mp3"
    encoder = "libmp3lame"
    decoder = "mp3float"
    sample_format = "fltp"
    ALL_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    MPEG1 = tuple(1000 * k for k in (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320))
    MPEG2 = tuple(1000 * k for k in (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160))
    MPEG25 = MPEG2[:8]
    bitrates_bps = (32_000, 64_000, 96_000, 128_000)

    def __init__(self, sample_rate: int | None = None) -> None:
        super().__init__()
        self.sample_rates = _chosen_rate("mp3", sample_rate, self.ALL_RATES)

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        table = self.MPEG1 if sample_rate >= 32_000 else self.MPEG2 if sample_rate >= 16_000 else self.MPEG25
        if bitrate_bps not in table:
            lower = " Lower rates need a lower sample_rate option, such as 24000." if sample_rate >= 32_000 else ""
            return f"mp3 at {sample_rate} Hz does {_listed(table)} bit/s, not {bitrate_bps}.{lower}"
        return super().refusal(bitrate_bps, sample_rate, channels)

    def delay(self, packets: list[bytes]) -> int:
        return 1_105  # 576 of the encoder's filterbank and look-ahead + 529 of the decoder


class Aac(AvCodec):
    """MPEG-4 AAC-LC by FFmpeg's own encoder.

    Args:
        sample_rate: code at this rate; None takes the clip's, or the next higher one that AAC has.
    """

    name = "aac"
    encoder = "aac"
    decoder = "aac"
    sample_format = "fltp"
    ALL_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000)
    bitrates_bps = (24_000, 32_000, 64_000, 96_000, 128_000)

    def __init__(self, sample_rate: int | None = None) -> None:
        super().__init__()
        self.sample_rates = _chosen_rate("aac", sample_rate, self.ALL_RATES)

    def refusal(self, bitrate_bps: int | None, sample_rate: int, channels: int) -> str | None:
        lowest, highest = self.range_bps(sample_rate, channels)
        if bitrate_bps is None or not lowest <= bitrate_bps <= highest:
            return (
                f"aac at {sample_rate} Hz with {channels} channels does {lowest} to {highest} bit/s, "
                f"not {bitrate_bps}: below, the encoder does not keep to the rate; above, the format has no room."
            )
        return super().refusal(bitrate_bps, sample_rate, channels)

    def range_bps(self, sample_rate: int, channels: int) -> tuple[int, int]:
        """The lowest bitrate that the encoder keeps to within 15 %, and the highest that the format allows."""
        floors = ((12_000, 8_000), (24_000, 12_000), (48_000, 16_000), (96_000, 32_000))
        lowest = next(floor for rate, floor in floors if sample_rate <= rate)
        highest = 6_144 * sample_rate // 1_024  # bits of a channel's decoder buffer, ISO/IEC 14496-3, clause 4.5.3.1
        return lowest * (1 + channels) // 2, highest * channels

    def delay(self, packets: list[bytes]) -> int:
        return 1_024


def _context(name: str, mode: Literal["r", "w"]) -> av.AudioCodecContext:
    import av

    context = av.CodecContext.create(name, mode)
    if not isinstance(context, av.AudioCodecContext):
        raise TypeError(f"{name} is no audio codec")
    return context


def _frames(audio: Audio, context: av.AudioCodecContext) -> Any:
    """The clip in the encoder's frame size, then None to flush."""
    import av

    size = context.frame_size or 1_024
    interleaved = not context.format.is_planar
    for start in range(0, audio.length, size):
        block = audio.samples[:, start : start + size]
        block = np.ascontiguousarray(block.T).reshape(1, -1) if interleaved else np.ascontiguousarray(block)
        frame = av.AudioFrame.from_ndarray(block, format=context.format.name, layout=_LAYOUTS[audio.channels])
        frame.sample_rate = audio.rate
        frame.pts = start
        frame.time_base = context.time_base
        yield frame
    yield None


def _waveform(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Shape ``(channels, samples)``, [-1, 1]."""
    data: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if np.issubdtype(data.dtype, np.integer):
        return (data / -float(np.iinfo(data.dtype).min)).astype(np.float32)
    return data.astype(np.float32)


def _opus_mode(packet: bytes) -> str:
    """Which layer made a packet, from its configuration number (RFC 6716, section 3.1, table 2)."""
    config = packet[0] >> 3
    if config >= 16:
        return "celt"
    return "narrow" if config < 4 else "medium" if config < 8 else "wide"


@lru_cache(maxsize=1)
def _library_version() -> str:
    from av import library_versions

    return "libavcodec " + ".".join(map(str, library_versions["libavcodec"]))


def _chosen_rate(codec: str, sample_rate: int | None, known: tuple[int, ...]) -> tuple[int, ...]:
    if sample_rate is None:
        return known
    _one_of(codec, "sample_rate", sample_rate, known)
    return (sample_rate,)


def _one_of(codec: str, option: str, value: object, known: Any) -> None:
    if value not in known:
        raise ConfigError(f"{codec}: expected {option} to be one of {_listed(known)}, got {value!r}.")


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in values)
