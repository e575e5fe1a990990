"""``toy_rvq``: a small residual-quantiser codec of our own, the stand-in for EnCodec where its weights are absent.

It is no model of EnCodec's quality. It has its frame rate (hop 320 at 24 kHz), its codes (up to 32 codebooks of 1024),
so its exact bits at every bandwidth, and its prefix property, and its quality rises with every codebook. An MDCT takes
the place of the networks; ``python -m bench.codecs.toy_rvq.train`` learns the codebooks on the embedded clips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs.codes import Codes
from bench.codecs.kmeans import search
from bench.codecs.residual import ResidualCodec
from bench.codecs.toy_rvq.mdct import HOP, analyse, synthesise
from bench.domain import Identity

RATE = 24_000
BITS = 10
FILE = Path(__file__).parent / "codebooks.npz"


@dataclass(frozen=True, slots=True)
class Book:
    """One codebook: ``vectors``, shape ``(1024, width)``, for the ``width`` MDCT coefficients from ``first`` on.

    The first vector is zero, so that no codebook makes a frame worse.
    """

    first: int
    vectors: NDArray[np.float32]

    @property
    def band(self) -> slice:
        return slice(self.first, self.first + self.vectors.shape[1])


class ToyRvq(ResidualCodec):
    """24 kHz, mono, 75 frames a second of up to 32 codes of 10 bits."""

    sample_rates = (RATE,)
    channels = (1,)
    books: Mapping[int, int] = MappingProxyType({1_500: 2, 3_000: 4, 6_000: 8, 12_000: 16, 24_000: 32})
    bitrates_bps = tuple(books)
    algorithmic_delay_s = 2 * HOP / RATE

    def __init__(self) -> None:
        self.identity = Identity("toy_rvq", "1", f"codebooks {_fingerprint()}")

    def quantise(self, audio: Audio, books: int) -> Codes:
        tables = [(book.band, book.vectors) for book in codebooks()[:books]]
        return Codes((search(analyse(audio.samples[0]), tables),), BITS)

    def synthesise(self, codes: Codes, length: int, channels: int) -> Audio:
        books = codebooks()
        self.require(codes, len(books), BITS, segments=1)
        (segment,) = codes.segments
        spectrum = np.zeros((segment.shape[1], HOP), np.float32)
        for book, chosen in zip(books, segment, strict=False):
            spectrum[:, book.band] += book.vectors[chosen]
        return Audio(synthesise(spectrum, length)[None], RATE)

    def facts(self) -> Mapping[str, str]:
        bands = ", ".join(f"{b.first * RATE // (2 * HOP)} Hz" for b in codebooks()[:8])
        return {
            "frame rate": f"{RATE / HOP:g} Hz ({HOP} samples)",
            "codebooks": f"{len(codebooks())} of {2**BITS} vectors; the first eight start at {bands}",
            "bits per frame": ", ".join(f"{count * BITS} at {rate} bit/s" for rate, count in self.books.items()),
        }

    def files(self) -> Sequence[Path]:
        return (FILE,)


@lru_cache(maxsize=1)
def codebooks() -> list[Book]:
    """The trained codebooks, coarsest first."""
    with np.load(FILE) as file:
        vectors, scales, firsts, widths = (file[key] for key in ("vectors", "scales", "firsts", "widths"))
    parts = np.split(vectors, np.cumsum(widths)[:-1] * 2**BITS)
    return [
        Book(int(first), part.reshape(2**BITS, width).astype(np.float32) * np.float32(scale))
        for first, width, scale, part in zip(firsts, widths, scales, parts, strict=True)
    ]


@lru_cache(maxsize=1)
def _fingerprint() -> str:
    return sha256(FILE.read_bytes()).hexdigest()[:12]
