from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench import audio


@pytest.fixture
def utterance(real_data) -> Callable[[float], np.ndarray]:
    """``utterance(seconds)``: the beginning of a real sentence at 16 kHz, float32, shape ``(samples,)``."""

    def cut(seconds: float) -> np.ndarray:
        clip = audio.read(real_data("speech/vctk_p230_023.wav")).at(16_000)
        return clip.samples[0, : round(16_000 * seconds)].clip(-1, 1)

    return cut


@pytest.fixture
def placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """``placed(name)``: an empty folder where the weights called ``name`` are looked for."""

    def folder(name: str) -> Path:
        path = tmp_path / name
        path.mkdir()
        monkeypatch.setenv(f"CODECBENCH_{name.upper()}", str(path))
        return path

    return folder
