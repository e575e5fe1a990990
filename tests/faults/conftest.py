"""A small run that nothing disturbs, with which all that were disturbed are compared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import audio, load_results, run
from bench.align import probe
from tests.runs import Config, assert_identical, lines, processes_of


def misbehaving(fault: str, **options: object) -> Config:
    """The part of a configuration for the codec with ``fault``."""
    label = fault.replace(" ", "-")
    return {"name": "tests.faults.codecs:Misbehaving", "label": label, "options": {"fault": fault, **options}}


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Three mono clips and a stereo one, four codecs of which one takes its time, two metrics: 48 rows."""
    folder = tmp_path_factory.mktemp("data")
    for index in range(3):
        audio.write(folder / "speech" / f"s{index}.wav", probe(16_000, 1, index).part(0, 9_000 + index), "PCM_16")
    audio.write(folder / "music" / "m0.flac", probe(44_100, 2, 9).part(0, 20_011), "PCM_16")
    loader = {"loader": "folder", "path": "speech", "name": "speech", "category": "speech"}
    return {
        "name": "faults",
        "datasets": [
            {**loader, "path": str(folder / "speech")},
            {**loader, "path": str(folder / "music"), "name": "music", "category": "music"},
        ],
        "codecs": [
            "passthrough",
            {"name": "pcm", "options": {"bits": 6}},
            misbehaving("is slow", everywhere=True),
            {"name": "opus", "bitrates_bps": [12000]},
        ],
        "metrics": ["si_sdr", "snr"],
    }


@pytest.fixture(scope="session")
def whole(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was not disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    results = run(config, output=folder / "run", cache=folder / "cache", workers=2, costs=lambda name: None)
    assert set(results.encodings["status"]) == set(results.scores["status"]) == {"ok"}
    assert lines(folder / "run") == 48 + 4
    return folder / "run"


@pytest.fixture
def cache(whole: Path, tmp_path: Path) -> str:
    """A folder without bitstreams, in which what codecs cost is known."""
    shutil.copytree(whole.parent / "cache" / "costs", tmp_path / "cache" / "costs")
    return str(tmp_path / "cache")


@pytest.fixture(scope="session")
def require_whole(whole: Path) -> Callable[[Path], None]:
    """Fails unless a run has the tables and the audio of ``whole``, every cell once, and no process is left of it."""

    def require(folder: Path) -> None:
        assert_identical(whole, folder)
        results = load_results(folder)
        assert results.info["complete"] is True
        assert not results.encodings.duplicated(["clip", "condition"]).any()
        assert not results.scores.duplicated(["clip", "condition", "quantity"]).any()
        for name in [*results.encodings["decoded"], *results.clips["reference"]]:
            assert (folder / name).read_bytes() == (whole / name).read_bytes()
        assert processes_of(folder) == []

    return require
