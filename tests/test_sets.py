"""Measures of whole sets in a run: one table whatever happens on the way; every set a row; nothing coded again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import load_results, run
from bench.audio import Audio, read
from bench.domain import Identity
from bench.errors import ConfigError, StoreError
from bench.metrics.sets.base import Arrays, SetMeasure, SetQuantity, Value
from bench.metrics.sets.log_mel import FrechetLogMel
from bench.runs.results import SET_COLUMNS, SETS, Results
from tests.runs import lines, rows

Config = dict[str, Any]
MEASURES = ["fad_log_mel", "codebooks"]
N_QUANTITIES = 2 + 6


@pytest.fixture
def with_sets(small_config: Config) -> Config:
    codecs = ["passthrough", {"name": "opus", "bitrates_bps": [12000]}, {"name": "toy_rvq", "bitrates_bps": [1500]}]
    return small_config | {"codecs": codecs, "metrics": ["snr"], "set_measures": MEASURES}


def cell(results: Results, category: str, condition: str, quantity: str) -> Any:
    found = results.sets.set_index(["category", "condition", "quantity"]).loc[(category, condition, quantity)]
    return found.to_dict()


def assert_same_sets(first: Path, second: Path) -> None:
    one, other = (load_results(folder).sets for folder in (first, second))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_every_planned_set_is_a_row(with_sets: Config, small_set: Path, tmp_path: Path) -> None:
    (small_set / "speech" / "bad.wav").write_bytes(b"no audio")
    results = run(with_sets, output=tmp_path / "run", workers=2)
    assert results.info["complete"] is True
    assert len(results.sets) == 2 * 3 * N_QUANTITIES
    assert list(results.sets.columns) == list(SET_COLUMNS)
    assert not results.sets.duplicated(["category", "condition", "quantity"]).any()
    assert set(results.set_quantities) == set(results.sets["quantity"])

    coded = cell(results, "speech", "opus@12000", "fad_log_mel")
    assert (coded["status"], coded["n"], coded["n_sources"], coded["n_failed"]) == ("ok", 4, 4, 1)
    assert coded["reason"].startswith("without some clips: 1 x failed: no decoded audio: ")
    assert 0 <= coded["ci_low"] < coded["value"] < coded["ci_high"]
    assert coded["value"] == pytest.approx(of_the_files(results, "opus@12000"), rel=1e-4)
    same = cell(results, "speech", "passthrough", "fad_log_mel")
    assert same["value"] < 1e-6 < 1 < coded["value"] < cell(results, "speech", "toy_rvq@1500", "fad_log_mel")["value"]
    line = json.loads(cell(results, "speech", "opus@12000", "fad_log_mel_inf")["details"])
    assert line["frames"] == [136.0, 68.0]

    few = cell(results, "music", "opus@12000", "fad_log_mel_inf")
    assert (few["status"], few["n"]) == ("undefined", 2)
    assert "the extrapolation needs 128" in few["reason"]
    stereo = cell(results, "music", "toy_rvq@1500", "codebook_usage")
    assert (stereo["status"], stereo["n_not_applicable"]) == ("not_applicable", 2)
    plain = cell(results, "speech", "opus@12000", "codebook_entropy")
    assert (plain["status"], plain["n_failed"]) == ("not_applicable", 1)
    assert plain["reason"] == "opus does not expose codes."
    tokens = cell(results, "speech", "toy_rvq@1500", "tokens_per_second")
    rate = results.encodings.query("condition == 'toy_rvq@1500' and status == 'ok'")
    assert tokens["value"] * 10 == pytest.approx(rate["payload_bits"].sum() / rate["seconds"].sum())
    assert len(json.loads(tokens["details"])["codebooks"]) == 2


def of_the_files(results: Results, condition: str) -> float:
    """The log-mel distance of the clips of speech, from their audio in the run folder and by another formula."""
    clips = results.encodings.query("category == 'speech' and status == 'ok'")["clip"].unique()
    sides = [
        np.concatenate([FrechetLogMel().embed(read(path)) for path in paths])
        for paths in (map(results.reference, clips), (results.decoded(clip, condition) for clip in clips))
    ]
    means, covariances = zip(*((side.mean(axis=0), np.cov(side, rowvar=False)) for side in sides), strict=True)
    roots = np.sqrt(np.linalg.eigvals(covariances[0] @ covariances[1]).astype(complex)).real.sum()
    return float(np.square(means[0] - means[1]).sum() + np.trace(sum(covariances)) - 2 * roots)


def files(*folders: Path) -> dict[Path, int]:
    """When each was written."""
    return {path: path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_in_one_go_in_parts_and_added_later_give_one_table(with_sets: Config, tmp_path: Path) -> None:
    folder, cache = tmp_path / "run", tmp_path / "cache"
    before = run(with_sets | {"set_measures": []}, output=folder, cache=cache, workers=1)
    assert before.sets.empty
    kept, count = files(folder / "decoded", folder / "references", cache / "bitstreams"), lines(folder)

    part = run(with_sets, output=folder, cache=cache, workers=1, limit=1, only=["opus*", "fad*"])
    assert part.info["complete"] is False
    assert set(part.sets["measure"]) == {"fad_log_mel"}
    assert cell(part, "speech", "opus@12000", "fad_log_mel")["n"] == 1
    assert np.isnan(cell(part, "speech", "opus@12000", "fad_log_mel")["ci_low"])
    in_part = lines(folder) - count

    after = run(with_sets, output=folder, cache=cache, workers=1)
    assert after.info["complete"] is True
    assert files(folder / "decoded", folder / "references", cache / "bitstreams") == kept
    pd.testing.assert_frame_equal(before.encodings, after.encodings)
    pd.testing.assert_frame_equal(before.scores, after.scores)
    assert in_part == 2 + 2 * 2
    added = lines(folder) - count - in_part
    assert added == 6 * 3 * len(MEASURES) - 2 + 2 * 3 * N_QUANTITIES

    run(with_sets, output=tmp_path / "whole", cache=tmp_path / "other", workers=2)
    assert_same_sets(folder, tmp_path / "whole")
    journal = rows(folder)
    (folder / SETS).unlink()
    run(with_sets, output=folder, cache=cache, workers=1)
    assert rows(folder) == journal
    assert_same_sets(folder, tmp_path / "whole")


@pytest.mark.slow
def test_what_a_clip_has_added_is_made_again_where_it_is_lost_or_damaged(with_sets: Config, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(with_sets, output=folder, workers=1)
    shutil.copytree(folder, tmp_path / "before")
    shutil.rmtree(folder / "statistics")
    run(with_sets, output=folder, workers=1)
    assert_same_sets(folder, tmp_path / "before")
    next((folder / "statistics" / "codebooks").rglob("*.npz")).write_bytes(b"damaged")
    for segment in (folder / "journal").iterdir():
        kept = [line for line in segment.read_text().splitlines() if '"n_items"' not in line]
        segment.write_text("\n".join(kept) + "\n")
    with pytest.raises(StoreError, match=r"cannot be read .* it is made anew"):
        run(with_sets, output=folder, workers=1)
    run(with_sets, output=folder, workers=1)
    assert_same_sets(folder, tmp_path / "before")


class Loudest(SetMeasure):
    """Speaks of speech only; the loudest sample of a set."""

    identity = Identity("loudest", "1")
    quantities = (SetQuantity("loudest", "-", "the loudest sample", higher_is_better=True, high=1.0),)
    categories = ("speech",)

    def of_audio(self, audio: Audio) -> Arrays:
        return {"loudest": np.array(np.abs(audio.samples).max())}

    def values(self, members: Any, wanted: Any) -> dict[str, Value]:
        return {"loudest": Value(max(float(one.degraded["loudest"]) for one in members), len(members))}


class Broken(Loudest):
    """Has a bug."""

    identity = Identity("broken", "1")

    def values(self, members: Any, wanted: Any) -> dict[str, Value]:
        raise ZeroDivisionError("a bug")


def test_plug_ins_are_named_by_their_path_and_their_errors_are_rows(with_sets: Config, tmp_path: Path) -> None:
    named = ["tests.test_sets:Loudest", "tests.test_sets:Broken"]
    results = run(with_sets | {"set_measures": named}, output=tmp_path / "run", workers=1, only=["passthrough"])
    by_measure = results.sets.query("condition == 'passthrough'").set_index(["category", "measure"])
    assert by_measure.loc[("speech", "loudest"), "status"] == "ok"
    assert 0 < by_measure.loc[("speech", "loudest"), "value"] <= by_measure.loc[("speech", "loudest"), "ci_high"] <= 1
    assert by_measure.loc[("music", "loudest"), "reason"] == "loudest speaks of speech, not of music."
    broken = by_measure.loc[("speech", "broken")]
    assert (broken["status"], broken["reason"]) == ("failed", "ZeroDivisionError: a bug")


def test_unknown_names_are_told_with_the_nearest(with_sets: Config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"set_measures\[0\]: no set measure is named 'fad_log'. Did you mean"):
        run(with_sets | {"set_measures": ["fad_log"]}, output=tmp_path / "run")
