"""Stands in for EVS_cod and EVS_dec: Opus packets in frames of the sizes of EVS, in files of G.192 or MIME storage.

A frame holds the length of the packet in two bytes, the packet, and zeros.
"""

import struct
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

PRIMARY = {2800: 56, 7200: 144, 8000: 160, 9600: 192, 13200: 264, 16400: 328, 24400: 488, 32000: 640, 48000: 960,
           64000: 1280, 96000: 1920, 128000: 2560}  # fmt: skip
AMR_WB_IO = {6600: 132, 8850: 177, 12650: 253, 14250: 285, 15850: 317, 18250: 365, 19850: 397, 23050: 461, 23850: 477}
MAGIC = b"#!EVS_MC1.0\n\0\0\0\1"
OPUS_FRAME = 960


def frame_bits(rate: int, index: int) -> int:
    """5900 is variable: here 7200 and 8000 in turn."""
    return (144, 160)[index % 2] if rate == 5900 else (PRIMARY | AMR_WB_IO)[rate]


def table_of_contents(bits: int) -> int:
    primary = list(PRIMARY.values())
    return primary.index(bits) if bits in primary else 0x20 | list(AMR_WB_IO.values()).index(bits)


def bits_of(byte: int) -> int:
    return list((AMR_WB_IO if byte & 0x20 else PRIMARY).values())[byte & 0x0F]


def resampled(samples: np.ndarray, length: int) -> np.ndarray:
    spectrum = np.fft.rfft(samples)
    return np.fft.irfft(np.resize(np.pad(spectrum, (0, length)), length // 2 + 1), length) * length / len(samples)


def opus(name: str, mode: str) -> av.AudioCodecContext:
    context = av.CodecContext.create(name, mode)
    context.sample_rate, context.layout, context.format = 48_000, "mono", "s16"
    if mode == "w":
        context.time_base = Fraction(1, 48_000)
    return context


def encode(rate: int, khz: int, source: str, target: str, mime: bool) -> None:
    samples = np.fromfile(source, "<i2")
    count = len(samples) // (20 * khz)  # what fills no frame is dropped
    wide = resampled(samples[: count * 20 * khz].astype(float), count * OPUS_FRAME).clip(-32768, 32767)
    coder = opus("libopus", "w")
    coder.bit_rate = (frame_bits(rate, 0) // 8 - 2) * 400
    coder.options = {"vbr": "off", "frame_duration": "20"}
    packets = []
    for index, block in enumerate(wide.reshape(count, OPUS_FRAME).round().astype(np.int16)):
        frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, index * OPUS_FRAME
        packets += [bytes(packet) for packet in coder.encode(frame)]
    with Path(target).open("wb") as file:
        file.write(MAGIC if mime else b"")
        for index, packet in enumerate(packets):
            bits = frame_bits(rate, index)
            body = (struct.pack("<H", len(packet)) + packet).ljust(-(-bits // 8), b"\0")
            if mime:
                file.write(bytes([table_of_contents(bits)]) + body)
            else:
                ones = np.unpackbits(np.frombuffer(body, np.uint8))[:bits]
                file.write(struct.pack("<HH", 0x6B21, bits) + np.where(ones, 0x81, 0x7F).astype("<u2").tobytes())


def bodies(data: bytes, mime: bool) -> list[bytes]:
    found, position = [], len(MAGIC) if mime else 0
    while position < len(data):
        if mime:
            size = -(-bits_of(data[position]) // 8)
            found.append(data[position + 1 : position + 1 + size])
            position += 1 + size
        else:
            sync, bits = struct.unpack_from("<HH", data, position)
            assert sync == 0x6B21
            found.append(np.packbits(np.frombuffer(data, "<u2", bits, position + 4) == 0x81).tobytes())
            position += 4 + 2 * bits
    return found


def decode(khz: int, source: str, target: str, mime: bool) -> None:
    frames = bodies(Path(source).read_bytes(), mime)
    coder = opus("libopus", "r")
    wide = [
        frame.to_ndarray()[0]
        for body in frames
        for frame in coder.decode(av.Packet(body[2 : 2 + struct.unpack_from("<H", body)[0]]))
    ]
    samples = np.concatenate(wide).astype(float)
    narrow = resampled(samples, len(samples) * khz // 48).clip(-32768, 32767)
    narrow.round().astype("<i2").tofile(target)


def main(name: str, arguments: list[str]) -> None:
    mime = "-mime" in arguments
    rest = [part for part in arguments if part not in ("-mime", "-q")]
    if rest[0] == "-max_band":
        assert rest[1] in ("NB", "WB", "SWB", "FB")
        rest = rest[2:]
    if name == "EVS_dec":
        khz, source, target = rest
        decode(int(khz), source, target, mime)
        return
    rate, khz, source, target = rest
    if int(rate) not in {5900, *PRIMARY, *AMR_WB_IO} - {2800}:
        sys.exit(f"Error: {rate} is not a valid bitrate")
    encode(int(rate), int(khz), source, target, mime)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
