"""Learn the codebooks of a ``kmeans`` quantiser from audio files.

    python -m bench.codecs.torch_module.train options.yaml codebooks.npz --books 8 --size 256 clips/*.wav

``options.yaml`` holds the options of the codec as in a configuration, without ``quantiser``. The files become latents;
each codebook comes from k-means on what the codebooks before it have left. Do not train on clips that you measure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from bench import audio, codecs
from bench.codecs.kmeans import k_means, nearest
from bench.errors import ConfigError

ROUNDS = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.codecs.torch_module.train", description=__doc__)
    parser.add_argument("options", type=Path, help="YAML with the options of the codec, without `quantiser`")
    parser.add_argument("output", type=Path, help="the .npz file to write")
    parser.add_argument("files", type=Path, nargs="+", help="audio files to learn from")
    parser.add_argument("--books", type=int, default=8)
    parser.add_argument("--size", type=int, default=256, help="vectors in a codebook")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    options = yaml.safe_load(given.options.read_text(encoding="utf-8"))
    codec = codecs.make("torch_module", {**options, "quantiser": {"kind": "uniform", "step": 1.0}})
    signals = (audio.read(path).at(codec.sample_rates[0]).mixed_to(codec.channels[0]) for path in given.files)
    latents = np.concatenate([codec.latents(signal).T for signal in signals])
    vectors = train(latents, given.books, given.size, given.seed)
    np.savez_compressed(
        given.output, vectors=vectors, trained_on=np.array(sorted(path.name for path in given.files)), seed=given.seed
    )
    print(f"{given.output}: {given.books} codebooks of {given.size} for latents of {vectors.shape[2]} numbers")
    for book, left in enumerate(remaining(latents, vectors), start=1):
        print(f"book {book}: {10 * np.log10(left):.2f} dB of the energy left")


def train(latents: NDArray[np.float32], books: int, size: int, seed: int) -> NDArray[np.float32]:
    """Codebooks, shape ``(books, size, width)``, for latents of shape ``(frames, width)``.

    Raises:
        ConfigError: too few frames for that size.
    """
    if not 1 <= books <= 255 or size < 2:
        raise ConfigError(f"expected --books from 1 to 255 and --size from 2 on, got {books} and {size}.")
    rng = np.random.default_rng(seed)
    residual = latents.astype(np.float32).copy()
    tables = []
    for book in range(books):
        left = int(residual.any(axis=1).sum())
        if left < size:
            raise ConfigError(
                f"codebook {book + 1} of {books}: expected at least {size} frames that are not exact yet, got {left}. "
                "Give it more audio, or a smaller --size."
            )
        table = k_means(residual, size, rng, ROUNDS)
        residual -= table[nearest(residual, table)]
        tables.append(table)
    return np.stack(tables)


def remaining(latents: NDArray[np.float32], vectors: Iterable[NDArray[np.float32]]) -> list[float]:
    """The share of the latents' energy that is left after each codebook."""
    residual, whole, left = latents.copy(), float(np.square(latents).sum()), []
    for table in vectors:
        residual -= table[nearest(residual, table)]
        left.append(float(np.square(residual).sum()) / whole)
    return left


if __name__ == "__main__":
    main()
