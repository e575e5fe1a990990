"""Codecs in memory through PyAV, whose wheels bundle FFmpeg's encoders: no program needed.

The delays are constants of the encoder-decoder pair, found with a probe signal; the contract tests find them again
at every rate. The first packet's time stamp is not used: it is wrong for some encoders.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec, one_of
from bench.domain import Encoded, Identity
from bench.errors import CodecError

if TYPE_CHECKING:
    import av

_LAYOUTS = {1: "mono", 2: "stereo"}


class AvCodec(Codec):
    """Shared encode and decode. Subclasses name the encoder and decoder and state delay and bitrates.

    Attributes:
        late_samples: by how much the decoder's raw output is late (early where negative).
    """

    name: ClassVar[str]
    encoder: str
    decoder: str
    sample_format: ClassVar[str]
    late_samples: int = 0
    decoder_drops = 0
    fills_frames = False
    """Whether the clip has to be filled up to whole frames that also hold the delay, because FFmpeg does not do it."""
    channels: tuple[int, ...] = (1, 2)

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
        if bitrate_bps is not None:
            context.bit_rate = bitrate_bps
        context.thread_count = 1
        context.options = self.options
        try:
            context.open()
            if context.options:  # what FFmpeg did not take; it says nothing itself
                unknown = ", ".join(sorted(context.options))
                raise CodecError(f"{self.name}: the encoder {self.encoder} does not know {unknown}; leave that out.")
            packets = [bytes(packet) for frame in self._frames(audio, context) for packet in context.encode(frame)]
            header = bytes(context.extradata or b"")
        except av.FFmpegError as error:
            raise CodecError(f"{self.name}: encoding failed at {bitrate_bps} bit/s ({error}).") from error
        packets = [packet for packet in packets if packet]
        return framing.pack(
            audio,
            packets,
            delay=self.delay(packets),
            header=header,
            payload_bits=self.payload_bits(packets),
            decoder_drops=self.decoder_drops,
        )

    def decode(self, encoded: Encoded) -> Audio:
        import av

        stream = framing.unpack(encoded)
        if stream.channels not in _LAYOUTS:
            raise CodecError(f"{self.name}: the bitstream is damaged: it says that it has {stream.channels} channels.")
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
        blocks = [_waveform(frame) for frame in frames]
        if len({len(block) for block in blocks}) > 1:
            raise CodecError(f"{self.name}: the bitstream is damaged: its number of channels changes.")
        return stream.cut(np.concatenate(blocks, axis=1))

    def delay(self, packets: list[bytes]) -> int:
        """Samples that the raw output of these packets starts late; of no packets, at most."""
        return self.late_samples

    def payload_bits(self, packets: list[bytes]) -> int:
        """The codec's own bits in ``packets``; all of them, where no packet has a transport header."""
        return 8 * sum(map(len, packets))

    def _frames(self, audio: Audio, context: av.AudioCodecContext) -> Iterator[av.AudioFrame | None]:
        """The clip in the encoder's frame size, then None to flush."""
        import av

        size = context.frame_size or 1_024
        if self.fills_frames:
            audio = audio.with_length(-(-(audio.length + self.delay([])) // size) * size)
        for start in range(0, audio.length, size):
            block = _block(audio.samples[:, start : start + size], context.format)
            frame = av.AudioFrame.from_ndarray(block, format=context.format.name, layout=_LAYOUTS[audio.channels])
            frame.sample_rate = audio.rate
            frame.pts = start
            frame.time_base = context.time_base
            yield frame
        yield None


class RateChosen(AvCodec):
    """A codec of several rates, of which the user may choose one.

    Args:
        sample_rate: code at this rate; None takes the clip's, or the next higher one that the codec has.
    """

    ALL_RATES: ClassVar[tuple[int, ...]]

    def __init__(self, sample_rate: int | None = None) -> None:
        super().__init__()
        if sample_rate is not None:
            one_of(self.name, "sample_rate", sample_rate, self.ALL_RATES)
        self.sample_rates = self.ALL_RATES if sample_rate is None else (sample_rate,)


def _context(name: str, mode: Literal["r", "w"]) -> av.AudioCodecContext:
    import av

    context = av.CodecContext.create(name, mode)
    if not isinstance(context, av.AudioCodecContext):
        raise TypeError(f"{name} is no audio codec")
    return context


def _block(samples: NDArray[np.float32], wanted: av.AudioFormat) -> NDArray[Any]:
    """``samples``, shape ``(channels, samples)``, in FFmpeg's layout: 16-bit or float, interleaved or planar."""
    data: NDArray[Any] = samples
    if wanted.name.startswith("s16"):
        data = np.clip(np.rint(samples * 32_768.0), -32_768, 32_767).astype(np.int16)
    return np.ascontiguousarray(data) if wanted.is_planar else np.ascontiguousarray(data.T).reshape(1, -1)


def _waveform(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Shape ``(channels, samples)``, [-1, 1]."""
    data: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if np.issubdtype(data.dtype, np.integer):
        return (data / -float(np.iinfo(data.dtype).min)).astype(np.float32)
    return data.astype(np.float32)


@lru_cache(maxsize=1)
def _library_version() -> str:
    from av import library_versions

    return "libavcodec " + ".".join(map(str, library_versions["libavcodec"]))
