"""EnCodec's own entropy coder: a small Transformer predicts the codes of the next frame for an arithmetic coder.

The model, the coder and the file format ``.ecdc`` are those of the encodec package (arXiv:2210.13438, section 3.3).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.codecs.codes import Codes
from bench.codecs.entropy import Layout
from bench.domain import Identity
from bench.errors import CodecError, MissingRequirement
from bench.models import weights

LAYERS, DIMENSION, PAST_S = 5, 200, 3.5  # as the encodec package builds it


class EncodecLm:
    """The language model of one EnCodec model.

    Args:
        weights: the checkpoint ``encodec_lm_24khz-*.th`` or ``encodec_lm_48khz-*.th``, its folder, or, where it was
            fetched, ``encodec_lm_24khz`` or ``encodec_lm_48khz``.
    """

    def __init__(self, weights: str) -> None:
        self._found = _weights(weights)
        self.identity = Identity("encodec_lm", f"encodec {version('encodec')}", f"weights {self._found.short}")

    def compress(self, codes: Codes) -> bytes:
        """One arithmetic-coded stream for each segment, one after the other, as in an ``.ecdc`` file."""
        file = io.BytesIO()
        for segment in codes.segments:
            self._write(file, segment)
        return file.getvalue()

    def expand(self, data: bytes, layout: Layout) -> Codes:
        file = io.BytesIO(data)
        segments = tuple(self._read(file, layout.books, frames) for frames in layout.frames)
        return Codes(segments, layout.bits_per_code)

    def ecdc(self, codes: Codes, model: str, length: int) -> bytes:
        """``codes`` as a file that ``encodec -d`` decodes.

        Args:
            model: ``encodec_24khz`` or ``encodec_48khz``.
            length: samples of the clip.
        """
        from encodec import binary

        file = io.BytesIO()
        binary.write_ecdc_header(file, {"m": model, "al": length, "nc": codes.books, "lm": True})
        for index, segment in enumerate(codes.segments):
            if codes.scales:
                file.write(struct.pack("!f", codes.scales[index]))
            self._write(file, segment)
        return file.getvalue()

    def _write(self, file: io.BytesIO, segment: NDArray[np.int32]) -> None:
        from encodec.quantization.ac import ArithmeticCoder

        coder = ArithmeticCoder(file)
        with self._predicting(len(segment), coder.total_range_bits) as tables:
            for frame in segment.T:
                for code, table in zip(frame.tolist(), tables.next(), strict=True):
                    coder.push(code, table)
                tables.saw(frame)
        coder.flush()  # type: ignore[no-untyped-call]

    def _read(self, file: io.BytesIO, books: int, frames: int) -> NDArray[np.int32]:
        from encodec.quantization.ac import ArithmeticDecoder

        decoder = ArithmeticDecoder(file)
        segment = np.empty((books, frames), np.int32)
        with self._predicting(books, decoder.total_range_bits) as tables:
            for frame in segment.T:
                for book, table in enumerate(tables.next()):
                    code = decoder.pull(table)
                    if code is None:
                        raise CodecError("the entropy-coded stream is damaged: it ends too early.")
                    frame[book] = code
                tables.saw(frame)
        return segment

    @contextmanager
    def _predicting(self, books: int, range_bits: int) -> Iterator[_Tables]:
        import torch

        model = _language_model(self._found)
        if books > model.n_q:
            raise CodecError(
                f"{self._found.path}: the language model knows {model.n_q} codebooks, the codes have {books}; that of "
                "24 kHz knows 32."
            )
        with torch.inference_mode():
            yield _Tables(model, books, range_bits)


class _Tables:
    """Cumulative distributions of the next frame's codes, frame by frame."""

    def __init__(self, model: Any, books: int, range_bits: int) -> None:
        import torch

        self._model, self._range_bits = model, range_bits
        self._states: Any = None
        self._offset: Any = 0
        self._input = torch.zeros(1, books, 1, dtype=torch.long)

    def next(self) -> Iterator[Any]:
        from encodec.quantization.ac import build_stable_quantized_cdf

        chances, self._states, self._offset = self._model(self._input, self._states, self._offset)
        for book in range(self._input.shape[1]):
            yield build_stable_quantized_cdf(chances[0, :, book, 0], self._range_bits, check=False)

    def saw(self, frame: NDArray[np.int32]) -> None:
        import torch

        self._input = 1 + torch.from_numpy(frame.astype(np.int64))[None, :, None]


def _weights(place: str) -> weights.Weights:
    path = Path(place).expanduser()
    folder = path if path.is_dir() else weights.folder_of(place)
    if not path.is_file() and len(found := sorted(folder.glob("encodec_lm_*.th"))) == 1:
        path = found[0]
    if not path.is_file():
        raise MissingRequirement(
            f"encodec_lm needs its weights: expected a checkpoint file at {place!r}, and there is none. "
            "To get it: codecbench weights fetch encodec_lm_24khz (or encodec_lm_48khz)"
        )
    return weights.find("encodec_lm", str(path))


@lru_cache(maxsize=2)
def _language_model(found: weights.Weights) -> Any:
    """The model in the checkpoint: with 32 codebooks the one of 24 kHz (75 frames/s), else that of 48 kHz (150)."""
    import torch
    from encodec.model import LMModel

    torch.set_num_threads(1)
    state = weights.read_tensors(found.path, "the language model of EnCodec")
    try:
        books = len([key for key in state if key.startswith("linears.") and key.endswith(".weight")])
        frame_rate = 75 if books == 32 else 150
        size = state["linears.0.weight"].shape[0]
        model = LMModel(books, size, num_layers=LAYERS, dim=DIMENSION, past_context=int(PAST_S * frame_rate))
        model.load_state_dict(state)
    except (RuntimeError, KeyError) as error:
        raise weights.not_weights(found.path, "the language model of EnCodec", error) from None
    return model.eval()
