from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from bench import audio
from bench.audio import Audio
from bench.datasets.base import DatasetContext

settings.register_profile("codecbench", deadline=None)  # a busy machine is no failure
settings.load_profile("codecbench")


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


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings; they are third-party material and no part of the repository."""
    default = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("CODECBENCH_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}; set CODECBENCH_TEST_DATA")
    return folder
