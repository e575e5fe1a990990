"""A range coder whose probabilities are counted while it codes: no training, no model to send."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.codecs.codes import Codes
from bench.codecs.entropy import Layout
from bench.domain import Identity
from bench.errors import CodecError

BLOCK = 4
"""Frames that are coded with the same counts."""

PRIOR = 64.0
"""Weight of the uniform distribution that every codebook starts with, in codes seen. With it, and with code counts that
are powers of two, all counts are exact binary fractions: encoder and decoder agree on every machine."""


class Adaptive:
    """Each codebook has its own counts, which run on from segment to segment."""

    def __init__(self) -> None:
        self.identity = Identity("adaptive", "1", f"constriction {version('constriction')}")

    def compress(self, codes: Codes) -> bytes:
        from constriction import stream

        encoder = stream.queue.RangeEncoder()
        counts = _Counts(Layout.of(codes))
        for segment in codes.segments:
            for start in range(0, segment.shape[1], BLOCK):
                block = np.ascontiguousarray(segment[:, start : start + BLOCK])
                for model, chosen in zip(counts.models(), block, strict=True):
                    encoder.encode(chosen, model)
                counts.add(block)
        return np.asarray(encoder.get_compressed(), "<u4").tobytes()

    def expand(self, data: bytes, layout: Layout) -> Codes:
        from constriction import stream

        if len(data) % 4:
            raise CodecError(f"the entropy-coded stream is damaged: expected words of 4 bytes, got {len(data)} bytes.")
        decoder = stream.queue.RangeDecoder(np.frombuffer(data, "<u4").astype(np.uint32))
        counts = _Counts(layout)
        segments = []
        for frames in layout.frames:
            segment = np.empty((layout.books, frames), np.int32)
            for start in range(0, frames, BLOCK):
                block = segment[:, start : start + BLOCK]
                for row, model in zip(block, counts.models(), strict=True):
                    try:
                        row[:] = decoder.decode(model, len(row))
                    except AssertionError as error:
                        raise CodecError(f"the entropy-coded stream is damaged ({error}).") from None
                counts.add(block)
            segments.append(segment)
        return Codes(tuple(segments), layout.bits_per_code)


class _Counts:
    """How often each code of each book came so far, shape ``(books, codes)``."""

    def __init__(self, layout: Layout) -> None:
        size = 2**layout.bits_per_code
        self._counts: NDArray[np.float64] = np.full((layout.books, size), PRIOR / size)
        self._rows = np.arange(layout.books)[:, None]

    def models(self) -> Iterator[Any]:
        from constriction import stream

        for counts in self._counts:
            yield stream.model.Categorical(counts / counts.sum(), perfect=False)

    def add(self, block: NDArray[np.int32]) -> None:
        np.add.at(self._counts, (self._rows, block), 1.0)
