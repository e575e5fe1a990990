"""Shared fixtures. Real audio is read in place from CODECBENCH_TEST_DATA and skipped visibly where it is absent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.threads import ONE_THREAD

os.environ.update(ONE_THREAD)  # as in every process that measures, and before anything reads it

import numpy as np
import pytest
from hypothesis import settings

from bench import audio
from bench.align import probe
from bench.audio import Audio

if TYPE_CHECKING:
    from bench.runs.results import Results

settings.register_profile("codecbench", deadline=None)  # a busy machine is no failure
settings.load_profile("codecbench")

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("CODECBENCH_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """``real_data("speech/x.wav")``: that file of the real audio, or a skip that names it."""

    def find(name: str) -> Path:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"needs {path}; CODECBENCH_TEST_DATA can point to the folder that holds it")
        return path

    return find


@pytest.fixture(scope="session")
def speechlike() -> Audio:
    """Two seconds of mono noise with spectrum and rhythm of speech, 16 kHz."""
    return probe(16_000).part(0, 32_000)


@pytest.fixture(scope="session")
def network_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where small random networks lie, by the environment variables of the semantic metrics that look there."""
    for module in ("torch", "transformers", "jiwer"):
        pytest.importorskip(module, reason="pip install 'codecbench[semantic]'")
    from tests.metrics import networks

    folder = tmp_path_factory.mktemp("networks")
    return {
        "CODECBENCH_WHISPER": str(networks.whisper(folder / "whisper")),
        "CODECBENCH_WAVLM_SV": str(networks.wavlm(folder / "wavlm")),
    }


@pytest.fixture
def semantic_networks(network_folders: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Semantic metrics run, on networks that know nothing."""
    for variable, folder in network_folders.items():
        monkeypatch.setenv(variable, folder)


@pytest.fixture(scope="session")
def _small_set_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "data"
    for index in range(4):
        audio.write(folder / "speech" / f"s{index}.wav", probe(16_000, 1, index).part(0, 12_000 + index), "PCM_16")
    for index in range(2):
        audio.write(folder / "music" / f"m{index}.flac", probe(44_100, 2, 9 + index).part(0, 30_011), "PCM_16")
    return folder


@pytest.fixture
def small_set(_small_set_once: Path, tmp_path: Path) -> Path:
    """A folder ``speech`` of four short mono WAV files, 16 kHz, and ``music`` of two stereo ones, 44.1 kHz."""
    return shutil.copytree(_small_set_once, tmp_path / "data")


@pytest.fixture
def small_config(small_set: Path) -> dict[str, object]:
    """A configuration over ``small_set`` with cheap metrics."""
    return _small_config(small_set)


@pytest.fixture(scope="session")
def _small_run(_small_set_once: Path) -> Path:
    from bench import run

    folder = _small_set_once.parent
    run(_small_config(_small_set_once), output=folder / "run", cache=folder / "cache", workers=1)
    return folder


@pytest.fixture
def small_run(_small_run: Path, small_config: dict[str, object], tmp_path: Path) -> Results:
    """``small_config`` measured into ``run`` below ``tmp_path``, its bitstreams in the cache: a copy, to be changed."""
    from bench import run

    for name in ("run", "cache"):
        shutil.copytree(_small_run / name, tmp_path / name)
    return run(small_config, output=tmp_path / "run", workers=1)  # nothing is left to do but tables with these paths


def _small_config(small_set: Path) -> dict[str, object]:
    return {
        "name": "small",
        "datasets": [
            {"loader": "folder", "name": "speech", "category": "speech", "path": str(small_set / "speech")},
            {"loader": "folder", "name": "music", "category": "music", "path": str(small_set / "music")},
        ],
        "codecs": [
            "passthrough",
            {"name": "opus", "bitrates_bps": [12000, 64000]},
            {"name": "pcm", "options": {"bits": 6}},
        ],
        "metrics": ["si_sdr", "snr"],
    }


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CODECBENCH_DATA", raising=False)


def noise(rate: int, seconds: float, channels: int = 1, seed: int = 0, level: float = 0.1) -> Audio:
    """White noise."""
    samples = np.random.default_rng(seed).standard_normal((channels, round(rate * seconds))) * level
    return Audio(samples.clip(-1, 1).astype(np.float32), rate)
