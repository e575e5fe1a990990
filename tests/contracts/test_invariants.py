"""What makes the numbers true, seen in whole runs. DESIGN numbers them; these are tested elsewhere:

1 counted bits and 3 delay: tests/contracts/test_codecs.py, tests/codecs. 2 every cell a row, 8 one run, one table, and
9 content keys: tests/test_runner.py. 5 stereo and 7 argument order: tests/contracts/test_metrics.py. 11 uncertainty:
tests/stats/test_clustered.py, tests/report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import audio, run, score
from bench.align import probe
from bench.runs.results import Results

CONTROLS = [
    "passthrough",
    "one_sample_shift",
    "gain_minus_6db",
    "right_channel_destroyed",
    "lowpass_3500",
    "lowpass_7000",
]


@pytest.fixture(scope="module")
def controls(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """All controls on a stereo clip of music and a mono clip of speech."""
    folder = tmp_path_factory.mktemp("controls")
    audio.write(folder / "music" / "stereo.wav", probe(48_000, 2).part(0, 96_000))
    audio.write(folder / "speech" / "mono.wav", probe(48_000, 1).part(0, 96_000))
    config: dict[str, Any] = {
        "name": "controls",
        "datasets": [
            {"loader": "folder", "name": name, "category": name, "path": str(folder / name)}
            for name in ("speech", "music")
        ],
        "codecs": CONTROLS,
        "metrics": ["si_sdr", "snr", "pesq_wb", "stoi", "log_spectral_distance"],
        "seed": 5,
    }
    return run(config, output=folder / "run", cache=folder / "cache", workers=2)


def value(results: Results, clip: str, condition: str, quantity: str) -> float:
    row = results.scores.query("clip == @clip and condition == @condition and quantity == @quantity").iloc[0]
    assert row["status"] == "ok", row["reason"]
    return float(row["value"])


def test_4_one_resampler_and_it_is_on_record(controls: Results) -> None:
    assert controls.info["resampler"].startswith("soxr ")
    assert controls.info["resampler"].endswith("VHQ")
    assert controls.info["versions"]["soxr"] in controls.info["resampler"]


def test_6_domains_are_kept_apart(controls: Results) -> None:
    music = controls.scores[
        (controls.scores["category"] == "music") & controls.scores["quantity"].isin(["pesq_wb", "stoi"])
    ]
    assert len(music) == 2 * len(CONTROLS)
    assert set(music["status"]) == {"not_applicable"}
    assert music["value"].isna().all()
    assert music["reason"].str.contains("speaks of speech and noisy_reverberant_speech, not of music").sum() >= 2 * 5


def test_10_seeds_are_data(controls: Results) -> None:
    assert controls.info["seed"] == 5
    assert controls.info["config_text"]


def test_12_controls_are_conditions_and_show_what_they_should(controls: Results) -> None:
    for clip in ("music/stereo", "speech/mono"):
        assert value(controls, clip, "passthrough", "snr") == np.inf
        assert value(controls, clip, "gain_minus_6db", "snr") == pytest.approx(6.02, abs=0.01)
        assert value(controls, clip, "gain_minus_6db", "si_sdr") > 100
        assert value(controls, clip, "one_sample_shift", "si_sdr") < 40
        low, mid = (value(controls, clip, f"lowpass_{edge}", "si_sdr") for edge in (3_500, 7_000))
        assert low < mid
    rows = controls.encodings.set_index(["clip", "condition"])
    assert rows.loc[("speech/mono", "right_channel_destroyed"), "status"] == "not_applicable"
    stereo = controls.scores.query("clip == 'music/stereo' and condition == 'right_channel_destroyed'").set_index(
        "quantity"
    )
    assert stereo.loc["snr", "status"] == "undefined"  # a perfect left channel has an infinite SNR
    assert stereo.loc["log_spectral_distance", "value"] > 5
    assert set(controls.encodings["role"]) == {"control"}


def test_what_is_heard_is_what_was_measured(controls: Results) -> None:
    """`score` of the kept files gives the table's numbers to the last bit."""
    reference = controls.reference("speech/mono")
    for condition in ("lowpass_3500", "one_sample_shift"):
        kept = score(reference, controls.decoded("speech/mono", condition), list(controls.quantities)).values
        for quantity, number in kept.items():
            assert number == value(controls, "speech/mono", condition, quantity)


def test_files_are_24_bit_and_nothing_else(controls: Results) -> None:
    files = list(Path(controls.folder).rglob("*.flac"))
    assert len(files) == 2 + 2 * len(CONTROLS) - 1
    assert {audio.info(path).subtype for path in files} == {"PCM_24"}
