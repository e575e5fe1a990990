import numpy as np

from bench.codecs import framing
from bench.codecs.base import Codec
from bench.domain import Identity


class MuLaw(Codec):
    identity = Identity("mu_law", "1")

    def encode_one(self, audio, bitrate_bps):
        curve = np.sign(audio.samples) * np.log1p(255 * np.abs(audio.samples)) / np.log(256)
        return framing.pack(audio, [np.rint(127 * curve).astype(np.int8).tobytes()])

    def decode(self, encoded):
        stream = framing.unpack(encoded)
        curve = np.frombuffer(stream.packets[0], np.int8).reshape(stream.channels, -1) / 127
        return stream.cut(np.sign(curve) * np.expm1(np.abs(curve) * np.log(256)) / 255)
