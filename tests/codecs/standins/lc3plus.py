"""Stands in for LC3plus: LC3 frames in the file format of ETSI's program."""

import struct
import sys
import wave
from pathlib import Path

import lc3
import numpy as np


def coder_rate(rate: int) -> int:
    """LC3 codes 44.1 kHz in the frames of 48 kHz."""
    return 48_000 if rate == 44_100 else rate


def encode(frame_us: int, source: str, target: str, bitrate: int) -> None:
    with wave.open(source) as file:
        rate, channels, length = file.getframerate(), file.getnchannels(), file.getnframes()
        samples = np.frombuffer(file.readframes(length), "<i2").reshape(-1, channels)
    coded_rate = coder_rate(rate)
    coder = lc3.Encoder(frame_us, coded_rate, channels)
    step, size = coder.get_frame_samples(), coder.get_frame_bytes(bitrate * coded_rate // rate)
    count = -(-(length + coder.get_delay_samples()) // step)
    padded = np.pad(samples, ((0, count * step - length), (0, 0)))
    header = struct.pack(
        "<9H", 0xCC1C, 18, rate // 100, bitrate // 100, channels, frame_us // 10, 0, length & 0xFFFF, length >> 16
    )
    with Path(target).open("wb") as file:
        file.write(header)
        for frame in padded.reshape(count, -1):
            file.write(struct.pack("<H", size) + coder.encode(frame.astype("<i2").tobytes(), size, 16))


def decode(source: str, target: str) -> None:
    data = Path(source).read_bytes()
    _, position, rate, _, channels, frame, _, low, high = struct.unpack_from("<9H", data)
    coder = lc3.Decoder(10 * frame, coder_rate(100 * rate), channels)
    out = b""
    while position < len(data):
        (size,) = struct.unpack_from("<H", data, position)
        out += coder.decode(data[position + 2 : position + 2 + size], 16)
        position += 2 + size
    start = coder.get_delay_samples()  # the program compensates the delay in the decoder
    samples = np.frombuffer(out, "<i2").reshape(-1, channels)[start : start + (high << 16 | low)]
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(100 * rate)
        file.writeframes(samples.tobytes())


def main(arguments: list[str]) -> None:
    direction, quiet, *rest = arguments
    assert quiet == "-q"
    if direction == "-E":
        option, frame_ms, source, target, bitrate = rest
        assert option == "-frame_ms"
        encode(round(1000 * float(frame_ms)), source, target, int(bitrate))
    else:
        decode(*rest)


if __name__ == "__main__":
    main(sys.argv[2:])
