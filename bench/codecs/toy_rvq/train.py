"""Learn the codebooks of ``toy_rvq`` on the embedded clips: ``python -m bench.codecs.toy_rvq.train``, about a minute.

Each codebook is for one band of the MDCT: the one in which the books before it have left most, weighted so that quiet
high bands have their turn. Its vectors come from k-means on that residual, each clip at several shifts and levels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import audio
from bench.codecs.kmeans import Points, k_means, nearest
from bench.codecs.toy_rvq import BITS, FILE, RATE, Book
from bench.codecs.toy_rvq.mdct import HOP, analyse

CLIPS = Path(audio.__file__).parent / "datasets" / "embedded"
BOOKS = 32
WIDTHS = (8, 12, 16, 24, 32, 48)
SHIFTS = 6
ROUNDS = 8
FLATTENING = 0.35
"""Exponent of the long-term spectrum in the weight: 0 is plain squared error, 1 gives every band the same say."""
SEED = 7


def main() -> None:
    """Train and write ``codebooks.npz`` beside this file."""
    rng = np.random.default_rng(SEED)
    residual = training_frames(rng)
    weight = np.square(residual).mean(axis=0) ** -FLATTENING
    books = []
    for number in range(BOOKS):
        band = _band(np.square(residual).mean(axis=0) * weight)
        book = Book(band.start, _as_stored(k_means(residual[:, band], 2**BITS, rng, ROUNDS))[0])
        residual[:, band] -= book.vectors[nearest(residual[:, band], book.vectors)]
        books.append(book)
        print(f"book {number + 1}: {_hertz(band.start)} to {_hertz(band.stop)} Hz, left {_decibels(residual):.2f} dB")
    _write(FILE, books)


def training_frames(rng: np.random.Generator) -> Points:
    """MDCT frames of the embedded clips at random shifts and levels, and with both signs."""
    frames = []
    for clip in sorted(CLIPS.glob("*.flac")):
        samples = audio.read(clip).mixed_to(1).at(RATE).samples[0]
        for _ in range(SHIFTS):
            gain = 10 ** (rng.uniform(-12, 6) / 20) * rng.choice([-1.0, 1.0])
            frames.append(analyse(samples[int(rng.integers(HOP)) :] * gain))
    return np.concatenate(frames)


def _band(energy: NDArray[np.floating]) -> slice:
    """The band in which one codebook can remove most.

    Ten bits spread over ``width`` coefficients remove a share of ``1 - 2 ** (-20 / width)`` of their energy, by the
    rate-distortion function of a Gaussian.
    """
    total = np.concatenate([[0.0], np.cumsum(energy)])
    best = max(
        ((total[first + width] - total[first]) * (1 - 2 ** (-2 * BITS / width)), first, width)
        for width in WIDTHS
        for first in range(0, HOP - width + 1, 4)
    )
    return slice(best[1], best[1] + best[2])


def _as_stored(vectors: Points) -> tuple[Points, float, NDArray[np.int8]]:
    """``vectors`` rounded to eight bits, as the file holds them; the step and the integers."""
    step = float(np.abs(vectors).max() / 127) or 1.0
    integers = np.rint(vectors / step).astype(np.int8)
    return integers.astype(np.float32) * np.float32(step), step, integers


def _write(path: Path, books: list[Book]) -> None:
    stored = [_as_stored(book.vectors) for book in books]
    np.savez_compressed(
        path,
        vectors=np.concatenate([integers.reshape(-1) for _, _, integers in stored]),
        scales=np.array([step for _, step, _ in stored]),
        firsts=np.array([book.first for book in books]),
        widths=np.array([book.vectors.shape[1] for book in books]),
    )


def _hertz(coefficient: int) -> int:
    return round(coefficient * RATE / (2 * HOP))


def _decibels(residual: Points) -> float:
    return float(10 * np.log10(np.square(residual).mean()))


if __name__ == "__main__":
    main()
