"""Stands in for exhale and for an FFmpeg that decodes USAC: AAC in MP4, at the nominal bitrate of exhale's mode."""

import sys
import wave
from fractions import Fraction

import av
import numpy as np


def encode(mode: str, source: str, target: str) -> None:
    with wave.open(source) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    nominal = 48_000 + 16_000 * int(mode) if mode.isdigit() else 36_000 + 12_000 * "abcdefg".index(mode)
    layout = "mono" if channels == 1 else "stereo"
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=rate)
        stream.layout, stream.bit_rate = layout, nominal * channels // 2
        planar = np.ascontiguousarray(samples.T / 32768, np.float32)
        for start in range(0, planar.shape[1], 1024):
            block = np.ascontiguousarray(planar[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def decode(source: str, target: str) -> None:
    with av.open(source) as container:
        stream = container.streams.audio[0]
        rate, channels = stream.rate, stream.codec_context.layout.nb_channels
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1)
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.T * 32768).round().clip(-32768, 32767).astype("<i2").tobytes())


def main(name: str, arguments: list[str]) -> None:
    if name == "exhale":
        encode(*arguments)
    elif arguments == ["-version"]:
        print("libavcodec     61. 19.100 / 61. 19.100")
    else:
        decode(arguments[arguments.index("-i") + 1], arguments[-1])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
