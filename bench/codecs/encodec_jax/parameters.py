"""EnCodec's architecture and parameters from a folder with config.json and model.safetensors, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import MissingRequirement
from bench.untrusted import parse_json

Array = NDArray[np.float32]
NORMED = (("parametrizations.weight.original0", "parametrizations.weight.original1"), ("weight_g", "weight_v"))
"""Names of the gain and the direction of a weight under weight normalisation, as written today and before."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The numbers of config.json that shape the networks; those that it leaves out are those of the 24 kHz model."""

    sampling_rate: int = 24_000
    audio_channels: int = 1
    normalize: bool = False
    chunk_length_s: float | None = None
    overlap: float | None = None
    hidden_size: int = 128
    num_filters: int = 32
    num_residual_layers: int = 1
    upsampling_ratios: tuple[int, ...] = (8, 5, 4, 2)
    norm_type: str = "weight_norm"
    kernel_size: int = 7
    last_kernel_size: int = 7
    residual_kernel_size: int = 3
    dilation_growth_rate: int = 2
    use_causal_conv: bool = True
    pad_mode: str = "reflect"
    compress: int = 2
    num_lstm_layers: int = 2
    trim_right_ratio: float = 1.0
    use_conv_shortcut: bool = True

    @property
    def hop(self) -> int:
        return int(np.prod(self.upsampling_ratios))

    @property
    def segment(self) -> tuple[int, int] | None:
        """Length of a segment and the distance from one to the next, in samples; None where a clip is one segment."""
        if self.chunk_length_s is None or self.overlap is None:
            return None
        length = int(self.chunk_length_s * self.sampling_rate)
        return length, max(1, int((1.0 - self.overlap) * length))


def read_architecture(folder: Path) -> Architecture:
    """The architecture that config.json describes.

    Raises:
        MissingRequirement: it is not EnCodec, or an EnCodec that was never published.
    """
    path = folder / "config.json"
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Architecture)}
        given: dict[str, Any] = {key: value for key, value in data.items() if key in known}
        given["upsampling_ratios"] = tuple(given.get("upsampling_ratios", Architecture().upsampling_ratios))
        kind = data.get("model_type", "encodec")
    except (ValueError, TypeError, AttributeError) as error:
        raise MissingRequirement(f"{path}: expected the configuration of EnCodec ({error}). Fetch it again.") from None
    found = Architecture(**given)
    if kind != "encodec" or found.pad_mode != "reflect" or found.trim_right_ratio != 1.0:
        raise MissingRequirement(
            f"{path}: expected EnCodec with pad_mode reflect and trim_right_ratio 1.0, got {kind} with "
            f"{found.pad_mode} and {found.trim_right_ratio}; use the codec on torch for it."
        )
    return found


def read_parameters(folder: Path, names: Iterable[str]) -> dict[str, Array]:
    """The parameters called ``names``, weight normalisation worked out, and ``codebooks``: (books, codes, width).

    Kernels of convolutions have the shape (taps, inputs, outputs), of transposed ones (inputs, taps, outputs).

    Raises:
        MissingRequirement: some are not in the file, or the codebooks are empty.
    """
    from safetensors.numpy import load_file

    path = folder / "model.safetensors"
    try:
        stored = load_file(path)
    except Exception as error:  # noqa: BLE001  # the reader has errors of its own for every defect
        raise MissingRequirement(f"{path}: cannot be read ({error}). Fetch it again.") from None
    found = {name: value for name in names if (value := _parameter(stored, name)) is not None}
    lacking = sorted(set(names) - found.keys())
    tables = [key for key in stored if key.startswith("quantizer.layers.") and key.endswith(".codebook.embed")]
    if lacking or not tables:
        raise MissingRequirement(
            f"{path}: expected all weights of EnCodec, but {len(lacking)} are missing "
            f"({', '.join(lacking[:3]) or 'the codebooks'}, ...). Fetch them again."
        )
    tables.sort(key=lambda key: int(key.split(".")[2]))
    found["codebooks"] = np.stack([stored[key] for key in tables]).astype(np.float32)
    empty = int((~found["codebooks"].any(axis=(1, 2))).sum())
    if empty:
        raise MissingRequirement(
            f"{path}: expected {len(tables)} filled codebooks, but {empty} are empty (all zeros). These are not "
            "trained weights; fetch them again."
        )
    return found


def _parameter(stored: Mapping[str, NDArray[Any]], name: str) -> Array | None:
    """One parameter; names of kernels end in ``kernel`` or ``transposed_kernel``, which no file uses."""
    place, _, what = name.rpartition(".")
    if what not in ("kernel", "transposed_kernel"):
        return stored[name].astype(np.float32) if name in stored else None
    weight = stored.get(f"{place}.weight")
    for gain, direction in NORMED:
        if f"{place}.{gain}" in stored and f"{place}.{direction}" in stored:
            wide = stored[f"{place}.{direction}"].astype(np.float64)
            weight = wide * (stored[f"{place}.{gain}"] / np.sqrt(np.square(wide).sum(axis=(1, 2), keepdims=True)))
    if weight is None:
        return None
    axes = (2, 1, 0) if what == "kernel" else (0, 2, 1)
    return np.ascontiguousarray(weight.transpose(axes), np.float32)
