from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.datasets.base import DatasetContext


@pytest.fixture
def context(tmp_path: Path) -> DatasetContext:
    (tmp_path / "data").mkdir()
    return DatasetContext(tmp_path / "data", tmp_path / "cache")


@pytest.fixture
def put(context: DatasetContext) -> Callable[..., Path]:
    """Write an audio file below the data folder: noise bursts, so that levels and pauses are known."""

    def write(name: str, seconds: float = 1.0, rate: int = 16_000, channels: int = 1, seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        samples = 0.1 * rng.standard_normal((channels, round(seconds * rate)))
        path = Path(context.data_dir or "") / name
        audio.write(path, Audio(samples.astype(np.float32), rate))
        return path

    return write
