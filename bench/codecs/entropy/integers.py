"""A range coder for whole numbers of any size, such as uniformly quantised latents; it adapts and needs no model.

A number is coded as the count of its bits, then its highest bits below the first, then the rest as it is. Counts of
bits have their own statistics in every row, highest bits share theirs; both are counted while coding. So no number is
too large, and frequent ones are cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import CodecError

Integers = NDArray[np.int64]

LARGEST = 2**31
CLASSES = 34
"""Bits that a folded number may have, 0 included."""

FINE = 3
"""Highest bits below the first that have statistics."""

BLOCK = 4
"""Steps that are coded with the same statistics."""

CHUNK = 16
"""Most bits that are coded at once without statistics."""


def compress(values: Integers) -> bytes:
    """``values``, shape ``(rows, steps)``, as bytes.

    Raises:
        CodecError: a number beyond 31 bits.
    """
    from constriction import stream

    if values.size and int(np.abs(values).max()) >= LARGEST:
        raise CodecError(
            f"a quantised latent is {np.abs(values).max()}; at most {LARGEST - 1} can be coded; choose a larger step."
        )
    encoder = stream.queue.RangeEncoder()
    counts = _Counts(len(values))
    folded = np.where(values >= 0, 2 * values, -2 * values - 1)
    for start in range(0, values.shape[1], BLOCK):
        block = np.ascontiguousarray(folded[:, start : start + BLOCK])
        classes = np.frexp(block.astype(np.float64))[1].astype(np.int32)  # exact below 2**53
        encoder.encode(classes.reshape(-1), _family(), counts.of_classes(block.shape[1]))
        for bits in np.unique(classes[classes > 1]):
            below = block[classes == bits] - (1 << (int(bits) - 1))
            fine, coarse = _split(int(bits))
            high = (below >> coarse).astype(np.int32)
            encoder.encode(high, counts.of_high_bits(int(bits)))
            for shift, width in _chunks(coarse):
                encoder.encode(((below >> shift) & ((1 << width) - 1)).astype(np.int32), _uniform(width))
            counts.add_high_bits(int(bits), high, fine)
        counts.add_classes(classes)
    return np.asarray(encoder.get_compressed(), "<u4").tobytes()


def expand(data: bytes, rows: int, steps: int) -> Integers:
    """The inverse of :func:`compress`.

    Raises:
        CodecError: the bytes are no such stream.
    """
    from constriction import stream

    if len(data) % 4:
        raise CodecError(f"the entropy-coded stream is damaged: expected words of 4 bytes, got {len(data)} bytes.")
    decoder = stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))
    counts = _Counts(rows)
    folded = np.zeros((rows, steps), np.int64)
    try:
        for start in range(0, steps, BLOCK):
            width = min(BLOCK, steps - start)
            classes = decoder.decode(_family(), counts.of_classes(width)).reshape(rows, width)
            block = (classes > 0).astype(np.int64)
            for bits in np.unique(classes[classes > 1]):
                chosen = classes == bits
                number = int(chosen.sum())
                fine, coarse = _split(int(bits))
                high = decoder.decode(counts.of_high_bits(int(bits)), number)
                below = high.astype(np.int64) << coarse
                for shift, size in _chunks(coarse):
                    below |= decoder.decode(_uniform(size), number).astype(np.int64) << shift
                counts.add_high_bits(int(bits), high, fine)
                block[chosen] = below + (1 << (int(bits) - 1))
            counts.add_classes(classes)
            folded[:, start : start + width] = block
    except (AssertionError, ValueError) as error:
        raise CodecError(f"the entropy-coded stream is damaged ({error}).") from None
    return np.where(folded % 2 == 0, folded // 2, -(folded + 1) // 2)


def _split(bits: int) -> tuple[int, int]:
    """Of the bits below the first: how many have statistics, and how many do not."""
    fine = min(bits - 1, FINE)
    return fine, bits - 1 - fine


def _chunks(bits: int) -> Iterator[tuple[int, int]]:
    """``(shift, width)`` of the pieces of the lowest ``bits`` bits."""
    for shift in range(0, bits, CHUNK):
        yield shift, min(CHUNK, bits - shift)


def _family() -> Any:
    from constriction import stream

    return stream.model.Categorical(perfect=False)


def _uniform(bits: int) -> Any:
    from constriction import stream

    return stream.model.Uniform(1 << bits)


class _Counts:
    """What came so far. All counts are exact binary fractions, so encoder and decoder agree on every machine."""

    def __init__(self, rows: int) -> None:
        self._classes = np.tile(np.exp2(-np.arange(CLASSES, dtype=np.float64)), (rows, 1))
        self._high = [np.ones(1 << min(max(bits - 1, 0), FINE), np.float64) for bits in range(CLASSES)]
        self._rows = np.arange(rows)[:, None]

    def of_classes(self, steps: int) -> NDArray[np.float64]:
        """Probabilities of each number's bits in a block, shape ``(rows * steps, classes)``."""
        return np.repeat(self._classes / self._classes.sum(axis=1, keepdims=True), steps, axis=0)

    def of_high_bits(self, bits: int) -> Any:
        from constriction import stream

        return stream.model.Categorical(self._high[bits] / self._high[bits].sum(), perfect=False)

    def add_classes(self, classes: NDArray[np.int32]) -> None:
        np.add.at(self._classes, (self._rows, classes), 1.0)

    def add_high_bits(self, bits: int, chosen: NDArray[np.int32], fine: int) -> None:
        self._high[bits] += np.bincount(chosen, minlength=1 << fine)
