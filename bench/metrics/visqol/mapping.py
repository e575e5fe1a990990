"""From similarities to a mean opinion score: three mappings, each its own scale. None stands in for another."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import MissingRequirement
from bench.metrics.visqol.pooling import Similarity

Array = NDArray[np.float64]

PACKAGE = "visqol-python"
SVR_MODEL = "libsvm_nu_svr_model.txt"
LATTICE_MODEL = "lattice_tcditugenmeetpackhref_ls2_nl60_lr12_bs2048_learn.005_ep2400_train1_7_raw.tflite"
LATTICE_TAU = 0.5  # the quantile of opinions that the lattice is asked for; google/visqol
DISSIMILAR = 0.15  # mean NSIM below which the score is 1; google/visqol, visqol.cc

FIT_OFFSET, FIT_SLOPE, FIT_ORIGIN = -262.847869, 0.0154302525, -361.063949  # google/visqol, fitted to TCD-VoIP
FIT_SCALE = 1.245063  # takes an identical pair to 5


def by_support_vectors(similarity: Similarity) -> float:
    """The mapping of audio mode, MOS-LQO.

    Raises:
        MissingRequirement: the model file is not there.
    """
    model = _support_vectors(model_file(SVR_MODEL))
    distances = np.square(model.vectors - similarity.means).sum(axis=1)
    return _within_scale(float(model.weights @ np.exp(-model.gamma * distances)) - model.rho, similarity)


def by_exponential(similarity: Similarity, scaled: bool = True) -> float:
    """The older mapping of speech mode, MOS-LQO; not ``scaled``, an identical pair has 4.016."""
    fitted = FIT_OFFSET + math.exp(FIT_SLOPE * (similarity.overall - FIT_ORIGIN))
    return _within_scale(fitted * (FIT_SCALE if scaled else 1.0), similarity)


def by_lattice(similarity: Similarity) -> float:
    """The default mapping of speech mode, MOS-LQO, by a lattice network.

    Raises:
        MissingRequirement: the model file is not there.
    """
    features = {
        "fvnsim": similarity.means,
        "fvnsim10_": similarity.worst,
        "fstdnsim": similarity.deviations,
        "fvdegenergy": similarity.energies,
    }
    inputs = {
        f"{name}{band}": np.array([value], np.float32)
        for name, values in features.items()
        for band, value in enumerate(values)
    }
    out = _lattice(model_file(LATTICE_MODEL))(**inputs, tau=np.array([LATTICE_TAU], np.float32))
    return 1.0 if similarity.overall < DISSIMILAR else float(out["predictions"].item())


def model_file(name: str) -> Path:
    """Where the package that ships the model files has the one called ``name``.

    Raises:
        MissingRequirement: it is not there; what to do.
    """
    spec = importlib.util.find_spec("visqol")
    path = Path(spec.origin or "").parent / "model" / name if spec else None
    if path is None or not path.is_file():
        raise MissingRequirement(
            f"ViSQOL needs the model file {name}: expected it in the package {PACKAGE}"
            f"{f' at {path}' if path else ', which is not installed'}. To get it: pip install 'codecbench[metrics]'"
        )
    return path


def models_identity() -> str:
    """Where the model files come from, for the identity of what uses them."""
    return f"models of {PACKAGE} {version(PACKAGE)}"


def _within_scale(score: float, similarity: Similarity) -> float:
    return 1.0 if similarity.overall < DISSIMILAR else min(max(score, 1.0), 5.0)


@dataclass(frozen=True, slots=True)
class _SupportVectors:
    gamma: float
    rho: float
    weights: Array  # (vectors,)
    vectors: Array  # (vectors, bands)


@lru_cache(maxsize=1)
def _support_vectors(path: Path) -> _SupportVectors:
    """A regression with radial basis functions, as libsvm writes it: a head, then a weight and a vector a line."""
    head, _, body = path.read_text(encoding="ascii").partition("\nSV\n")
    settings = dict(line.split(maxsplit=1) for line in head.splitlines())
    rows = [line.split() for line in body.splitlines()]
    vectors = np.zeros((len(rows), max(len(row) for row in rows) - 1))
    for vector, row in zip(vectors, rows, strict=True):
        for entry in row[1:]:
            index, value = entry.split(":")
            vector[int(index) - 1] = float(value)  # what is not listed is zero
    weights = np.array([float(row[0]) for row in rows])
    return _SupportVectors(float(settings["gamma"]), float(settings["rho"]), weights, vectors)


@lru_cache(maxsize=1)
def _lattice(path: Path) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    with _without_remarks():
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
        interpreter.allocate_tensors()
    return interpreter.get_signature_runner("predict")


@contextmanager
def _without_remarks() -> Iterator[None]:
    """What the library itself, no Python, writes to stderr goes nowhere; it has no setting for that."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
