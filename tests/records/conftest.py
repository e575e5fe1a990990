"""A small finished run, made once, and records made of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import bench
from bench import audio
from bench.align import probe
from bench.records.publishing import publish


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of speech and one of music, three conditions; one file cannot be read, so some cells failed."""
    root = tmp_path_factory.mktemp("records")
    for index in range(2):
        audio.write(root / "data" / "speech" / f"s{index}.wav", probe(16_000, 1, index).part(0, 16_000), "PCM_16")
    (root / "data" / "speech" / "broken.wav").write_bytes(b"RIFF no audio")
    audio.write(root / "data" / "music" / "m.flac", probe(44_100, 2, 9).part(0, 30_011), "PCM_16")
    config = {
        "name": "mine",
        "datasets": [
            {"loader": "folder", "name": "speech", "category": "speech", "path": str(root / "data" / "speech")}
            | {"licence": "CC-BY-4.0"},
            {"loader": "folder", "name": "music", "category": "music", "path": str(root / "data" / "music")},
        ],
        "codecs": [
            "passthrough",
            {"name": "opus", "bitrates_bps": [12000]},
            {"name": "toy_rvq", "bitrates_bps": [6000]},
        ],
        "metrics": ["si_sdr", "snr", "stoi"],
        "set_measures": ["fad_log_mel"],
    }
    return bench.run(config, output=root / "run", cache=root / "cache", workers=1).folder


@pytest.fixture(scope="session")
def published(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(finished_run, tmp_path_factory.mktemp("public") / "records").folder


@pytest.fixture
def record(published: Path, tmp_path: Path) -> Path:
    """A copy of the record, to be damaged."""
    return shutil.copytree(published, tmp_path / "results" / "records" / published.name)


@pytest.fixture
def run_copy(finished_run: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the tables of the run."""

    def copy() -> Path:
        folder = tmp_path / "runs" / "mine"
        folder.mkdir(parents=True)
        for path in (*finished_run.glob("*.parquet"), finished_run / "run.json"):
            shutil.copy(path, folder)
        return folder

    return copy
