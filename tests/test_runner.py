"""The main job: one table, whatever happens on the way to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from bench import audio, load_results, run
from bench.cells.planning import Job
from bench.cells.shards import Finished, Inspected
from bench.engines.base import Retry
from bench.engines.local import Local
from bench.engines.queue import Crew
from bench.errors import ConfigError, DatasetError
from bench.runner import load_plan
from bench.runs.results import Results
from tests.conftest import noise
from tests.runs import Config, assert_identical, children, jobs_of, lines, rows, start, tables, with_codec


def test_every_planned_cell_is_a_row_in_order(small_run: Results) -> None:
    assert len(small_run.encodings) == 6 * 4
    assert len(small_run.scores) == 6 * 4 * 2
    assert small_run.info["complete"] is True
    assert set(small_run.scores["status"]) == {"ok"}
    clips = ["speech/s0", "speech/s1", "speech/s2", "speech/s3", "music/m0", "music/m1"]  # not that of the work
    assert list(small_run.clips["clip"]) == list(small_run.encodings["clip"].unique()) == clips
    assert list(small_run.encodings["condition"][:4]) == ["passthrough", "opus@12000", "opus@64000", "pcm,bits=6"]
    assert not small_run.scores.duplicated(["clip", "condition", "quantity"]).any()


def test_bits_are_counted(small_run: Results) -> None:
    encodings = small_run.encodings
    measured = 8 * encodings["payload_bytes"] / encodings["seconds"]
    assert np.allclose(measured.astype(float), encodings["actual_bps"], rtol=0.001)
    pcm = encodings[encodings["codec"] == "pcm"]
    assert (pcm["payload_bits"] == 6 * (pcm["seconds"] * pcm["sample_rate"]).round() * pcm["channels"]).all()
    opus = encodings[encodings["condition"] == "opus@64000"]
    assert opus["actual_bps"].between(30_000, 100_000).all()
    assert (encodings["container_bytes"] > 0).all()


def test_one_worker_and_two_give_one_table(small_run: Results, small_config: Config, tmp_path: Path) -> None:
    run(small_config, output=tmp_path / "two", workers=2, cache=tmp_path / "c2")
    assert_identical(tmp_path / "run", tmp_path / "two")


def test_decoded_files_are_what_was_measured(small_run: Results) -> None:
    from bench.metrics.distortion import snr

    for row in small_run.scores[small_run.scores["quantity"] == "snr"].itertuples():
        reference = audio.read(small_run.reference(str(row.clip)))
        decoded = audio.read(small_run.decoded(str(row.clip), str(row.condition)))
        assert decoded.samples.shape == reference.samples.shape
        assert snr(reference.samples.astype(float), decoded.samples.astype(float)) == pytest.approx(row.value, abs=1e-9)
    assert np.isinf(small_run.scores.query("condition == 'passthrough'")["value"]).all()


def test_a_worker_killed_once_is_tried_again(small_config: Config, tmp_path: Path) -> None:
    config = with_codec(small_config, "KilledOnce", marker=str(tmp_path / "marker"))
    results = run(config, output=tmp_path / "run", workers=1, only=["music/m0"])
    assert (tmp_path / "marker").exists()
    assert set(results.encodings["status"]) == {"ok"}


def test_errors_of_a_codec_are_rows_with_their_reason_and_no_endless_loop(small_config: Config, tmp_path: Path) -> None:
    """Where it codes, and where it cannot even be made in a worker."""
    failing = with_codec(small_config, "Failing")["codecs"]
    broken = with_codec(small_config, "BrokenInWorker", driver=os.getpid())["codecs"][1:]
    config = small_config | {"codecs": [*failing, *broken]}
    results = run(config, output=tmp_path / "run", workers=2)
    reasons = results.encodings.query("codec == 'Failing'").set_index("clip")["reason"]
    assert reasons["speech/s0"] == "it does not like mono."
    assert reasons["music/m0"] == "ZeroDivisionError: a bug"
    rows = results.encodings.query("codec == 'BrokenInWorker'")
    assert len(rows) == 6
    assert (rows["reason"] == "RuntimeError: not here").all()


def test_adding_a_metric_encodes_nothing_again(small_run: Results, small_config: Config, tmp_path: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "decoded").rglob("*.flac")}
    after = run(
        small_config | {"metrics": ["si_sdr", "snr", "log_spectral_distance"]}, output=tmp_path / "run", workers=1
    )
    assert len(after.scores) == len(small_run.scores) * 3 // 2
    pd.testing.assert_frame_equal(small_run.encodings, after.encodings)
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "decoded").rglob("*.flac")}


def test_adding_a_codec_measures_only_that(small_run: Results, small_config: Config, tmp_path: Path) -> None:
    before = lines(tmp_path / "run")
    codecs = [*small_config["codecs"], "lowpass_3500"]
    results = run(small_config | {"codecs": codecs}, output=tmp_path / "run", workers=1)
    assert lines(tmp_path / "run") == before + 6 * 3
    assert "lowpass_3500" in set(results.encodings["condition"])


def test_a_changed_clip_is_measured_again(
    small_run: Results, small_config: Config, small_set: Path, tmp_path: Path
) -> None:
    audio.write(small_set / "speech" / "s0.wav", noise(16_000, 0.7), "PCM_16")
    second = run(small_config, output=tmp_path / "run", workers=1)
    first = small_run.scores
    changed = first["value"] != second.scores["value"]
    assert set(first["clip"][changed & np.isfinite(first["value"])]) == {"speech/s0"}


class Idle(Local):
    """An engine that has nothing to run."""

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        assert not list(jobs)
        yield from ()


def test_a_run_with_nothing_to_do_does_nothing(small_run: Results, small_config: Config, tmp_path: Path) -> None:
    journal, before = rows(tmp_path / "run"), tables(tmp_path / "run")
    run(small_config, output=tmp_path / "run", engine=Idle())
    assert rows(tmp_path / "run") == journal
    for one, other in zip(before, tables(tmp_path / "run"), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_only_and_limit_leave_a_marked_partial_run_that_completes(
    small_run: Results, small_config: Config, tmp_path: Path
) -> None:
    where: dict[str, Any] = {"output": tmp_path / "part", "cache": tmp_path / "c2", "workers": 1}
    part = run(small_config, only=["opus*"], limit=1, **where)
    assert part.info["complete"] is False
    assert set(part.encodings["condition"]) == {"opus@12000", "opus@64000"}
    assert list(part.encodings["clip"].unique()) == ["speech/s0", "music/m0"]
    assert run(small_config, **where).info["complete"] is True
    assert_identical(tmp_path / "run", tmp_path / "part")
    with pytest.raises(ConfigError, match="--only nothing matches nothing"):
        run(small_config, only=["nothing"], **where)


def test_failed_cells_are_kept_and_tried_again_when_asked(
    small_config: Config, small_set: Path, tmp_path: Path
) -> None:
    clip = small_set / "speech" / "s2.wav"
    good = clip.read_bytes()
    clip.write_bytes(good[:-2000])
    about: dict[str, Any] = {"output": tmp_path / "run", "workers": 1, "only": ["speech/s2", "speech/s0"]}
    results = run(small_config, **about)
    bad = results.encodings[results.encodings["clip"] == "speech/s2"]
    assert set(bad["status"]) == {"failed"}
    assert bad["reason"].str.contains("truncated").all()
    assert set(results.encodings[results.encodings["clip"] == "speech/s0"]["status"]) == {"ok"}
    assert set(run(small_config, engine=Idle(), **about).encodings.query("clip == 'speech/s2'")["status"]) == {"failed"}
    clip.write_bytes(good)
    mended = run(small_config, retry_failed=True, **about)
    assert set(mended.encodings["status"]) == {"ok"}


def test_bad_audio_becomes_failed_rows_and_the_rest_is_measured(
    small_config: Config, small_set: Path, tmp_path: Path
) -> None:
    speech = small_set / "speech"
    (speech / "empty.wav").write_bytes(b"")
    (speech / "text 好.wav").write_text("no audio")
    soundfile.write(speech / "nan.wav", np.full((4000, 1), np.nan), 16_000, subtype="FLOAT")
    soundfile.write(speech / "silent.wav", np.zeros((8000, 1)), 16_000)
    soundfile.write(speech / "six.wav", np.random.default_rng(0).standard_normal((8000, 6)) * 0.1, 48_000)
    soundfile.write(
        speech / "hot.wav", np.random.default_rng(0).standard_normal((8000, 1)) * 2, 44_100, subtype="FLOAT"
    )
    soundfile.write(speech / "one.wav", np.array([[0.5]]), 16_000)
    results = run(small_config, output=tmp_path / "run", workers=1)
    encodings = results.encodings.set_index(["clip", "condition"])
    scores = results.scores.set_index(["clip", "condition", "quantity"])
    assert len(results.encodings) == 13 * 4
    for name, reason in (("empty", "0 bytes"), ("text 好", "cannot be read"), ("nan", "NaN")):
        row = encodings.loc[(f"speech/{name}", "opus@12000")]
        assert row["status"] == "failed", name
        assert reason in row["reason"]
    assert encodings.loc[("speech/silent", "opus@12000"), "status"] == "ok"
    assert scores.loc[("speech/silent", "opus@12000", "si_sdr"), "status"] == "undefined"
    assert encodings.loc[("speech/six", "opus@12000"), "status"] == "not_applicable"
    assert "channels: 1 mixes to mono" in encodings.loc[("speech/six", "opus@12000"), "reason"]
    assert encodings.loc[("speech/six", "passthrough"), "status"] == "ok"
    assert encodings.loc[("speech/hot", "passthrough"), "status"] == "ok"
    assert encodings.loc[("speech/one", "opus@12000"), "status"] == "ok"
    assert any("hot" in warning and "clipped" in warning for warning in results.info["warnings"])
    assert set(results.encodings[results.encodings["clip"].str.match(r"speech/s\d")]["status"]) == {"ok"}


def test_a_lead_in_is_coded_and_cut_off(small_config: Config, small_set: Path, tmp_path: Path) -> None:
    cut = {
        "loader": "folder",
        "name": "m",
        "category": "music",
        "path": str(small_set / "music"),
        "start_s": 0.3,
        "duration_s": 0.2,
        "lead_in_s": 0.25,
    }
    results = run(small_config | {"datasets": [cut]}, output=tmp_path / "run", workers=1, only=["m/m0"])
    assert set(results.encodings["seconds"].round(6)) == {0.45}
    original = audio.read(small_set / "music" / "m0.flac", 0.3, 0.2)
    np.testing.assert_array_equal(audio.read(results.reference("m/m0")).samples, original.samples)
    np.testing.assert_array_equal(audio.read(results.decoded("m/m0", "passthrough")).samples, original.samples)


def test_ctrl_c_leaves_a_run_that_continues(small_config: Config, tmp_path: Path) -> None:
    config = with_codec(small_config, "Hanger")
    process = start(config, tmp_path / "run", "--workers", "1")
    deadline = time.monotonic() + 30
    while not lines(tmp_path / "run"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=20)
    said = (tmp_path / "said").read_bytes()
    assert process.returncode == 130
    assert b"the same command continues" in said
    assert b"Traceback" not in said
    assert load_results(tmp_path / "run").info["complete"] is False
    assert children(process.pid) == []


def test_missing_data_is_said_before_anything_starts(small_config: Config, tmp_path: Path) -> None:
    config = small_config | {"datasets": [{"loader": "folder", "name": "x", "category": "speech", "path": "nowhere"}]}
    with pytest.raises(DatasetError, match=r"datasets\[0\] \(x\).*nowhere.*--data DIR"):
        run(config, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_reference_is_prepared_once_for_each_metric_whatever_the_conditions(
    small_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.plugins import COUNTS

    counts = tmp_path / "counts"
    monkeypatch.setenv(COUNTS, str(counts))

    def counted() -> Counter[str]:
        """Calls of every metric and clip since the last time; the clips differ in length."""
        lines = counts.read_text(encoding="utf-8").splitlines() if counts.exists() else []
        counts.unlink(missing_ok=True)
        return Counter(lines)

    def calls(conditions: int) -> dict[str, int]:
        lengths = [*range(12_000, 12_004), 30_011]  # the two music clips are of one length
        return {
            f"{metric} {call} {length}": times * (2 if length == 30_011 else 1)
            for metric in ("counting", "counting_too")
            for call, times in (("prepare", 1), ("score", conditions))
            for length in lengths
        }

    config = small_config | {"metrics": ["tests.plugins:Counting", "tests.plugins:CountingToo"]}
    first = run(config, output=tmp_path / "run", workers=2).scores
    assert counted() == calls(conditions=4)
    assert first["prepare_s"].notna().sum() == 6 * 2
    more = config | {"codecs": [*config["codecs"], {"name": "pcm", "options": {"bits": 8}}]}
    run(more, output=tmp_path / "run", workers=2)
    assert counted() == calls(conditions=1)
    run(more, output=tmp_path / "run", workers=2)
    assert not counted()


def test_long_clips_come_first(small_config: Config, small_set: Path, tmp_path: Path) -> None:
    audio.write(small_set / "speech" / "s2.wav", noise(16_000, 3.0), "PCM_16")
    plan, _ = load_plan(small_config)
    ids = [clip.id for clip in plan.clips]
    worked = [job.clip.id for job in jobs_of(plan, tmp_path / "run")]
    assert worked == [ids[index] for index in (2, 4, 5, 3, 1, 0)]  # 3 s; two of 0.68 s in stereo; then 0.75 s and less


def test_keys_do_not_depend_on_the_order_of_the_configuration(small_config: Config) -> None:
    plan, _ = load_plan(small_config)
    other, _ = load_plan(small_config | {"codecs": list(reversed(small_config["codecs"])), "name": "other"})
    assert {cell.encoding_key for cell in plan.cells()} == {cell.encoding_key for cell in other.cells()}


def test_names_belong_to_rows_and_content_to_bitstreams(small_config: Config, small_set: Path, tmp_path: Path) -> None:
    """One recording in two datasets has rows in both; a new label gives new rows, and nothing is encoded again."""
    twice = {"loader": "folder", "name": "again", "category": "speech", "path": str(small_set / "speech")}
    config = small_config | {"datasets": [*small_config["datasets"], twice]}
    first = run(config, output=tmp_path / "run", workers=2)
    assert not first.scores.duplicated(["clip", "condition", "quantity"]).any()
    assert sorted(first.encodings["dataset"].unique()) == ["again", "music", "speech"]
    streams = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.cbs")}
    labelled = [{"name": "opus", "label": "renamed", "bitrates_bps": [12000, 64000]}]
    second = run(config | {"codecs": labelled}, output=tmp_path / "run", workers=2)
    assert sorted(second.encodings["condition"].unique()) == ["renamed@12000", "renamed@64000"]
    assert set(second.encodings["codec"]) == {"renamed"}
    assert second.encodings["decoded"].str.startswith("decoded/renamed@").all()
    assert streams == {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.cbs")}


def test_file_names_differ_where_ids_do() -> None:
    from bench.paths import file_name

    ids = [
        "a/b",
        "a__b",
        "A/b",
        "a/B",
        "a b",
        "a_b",
        "a/..",
        "..",
        "",
        "ü/好",
        "x" * 300,
        "x" * 299 + "y",
        "a:b",
        "a?b",
    ]
    names = [file_name(one) for one in ids]
    assert len({name.casefold() for name in names}) == len(ids)
    assert all(name and "/" not in name and not name.startswith(".") and len(name.encode()) <= 130 for name in names)


def test_a_relative_cache_and_a_built_dataset(small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = {
        "name": "built",
        "datasets": [
            {
                "loader": "noisy_reverberant", "name": "noisy", "speech": {"path": "speech"}, "noise": "simulated",
                "rooms": "simulated", "count": 2, "sample_rate": 16000, "seed": 3,
            }
        ],
        "codecs": ["passthrough"],
        "metrics": "snr",
    }  # fmt: skip
    results = run(config, output="out", data=small_set, cache="here/cache", workers=1)
    assert set(results.scores["status"]) == {"ok"}
    assert json.loads(results.clips["attributes"][0])["seed"] == 3


def test_another_format_has_references_and_decoded_files_of_its_own(small_config: Config, tmp_path: Path) -> None:
    """Changed and changed back: what stands in the tables is what lies in the folder."""
    for rate in (24_000, 16_000, 24_000):
        common = {"sample_rate": rate, "channels": 1}
        results = run(small_config | common, output=tmp_path / "run", workers=1, only=["*/?0"])
        assert np.isinf(results.scores.query("condition == 'passthrough'")["value"]).all()
        for clip in results.encodings["clip"].unique():
            found = [results.reference(clip), *(results.decoded(clip, condition) for condition in results.conditions)]
            assert {(audio.info(path).rate, audio.info(path).channels) for path in found} == {(rate, 1)}


def test_lost_files_are_made_again(small_run: Results, small_config: Config, tmp_path: Path) -> None:
    lost = [small_run.decoded("speech/s1", "opus@12000"), small_run.reference("music/m1")]
    for path in lost:
        path.unlink()
    after = run(small_config, output=tmp_path / "run", workers=1)
    assert all(path.exists() for path in lost)
    pd.testing.assert_frame_equal(small_run.scores, after.scores)


def test_another_name_for_the_run_is_in_every_row(small_run: Results, small_config: Config, tmp_path: Path) -> None:
    renamed = run(small_config | {"name": "renamed"}, output=tmp_path / "run", engine=Idle())
    assert set(renamed.scores["run"]) == set(renamed.encodings["run"]) == {"renamed"}
    assert len(renamed.info["invocations"]) == len(small_run.info["invocations"]) + 1


def test_ctrl_c_ends_the_programs_of_the_workers_too(small_config: Config, tmp_path: Path) -> None:
    marker = f"{tmp_path.name}-{os.getpid()}"
    options = {
        "encode": ["sh", "-c", f"sleep 60; : {marker} {{input}} {{bitstream}}"],
        "decode": ["true", "{bitstream}", "{output}"],
    }
    codec = {"name": "command", "label": "slow", "options": options | {"delay_samples": 0}}
    process = start(small_config | {"codecs": [codec]}, tmp_path / "run", "--workers", "1")

    def running() -> bool:
        commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
        return any(marker.encode() in command and b"sleep" in command for command in commands)

    deadline = time.monotonic() + 30
    while not running():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    time.sleep(0.2)
    assert not running()
    assert not list((tmp_path / "run").glob(".scratch*"))


def test_patterns_of_one_kind_add_up(small_config: Config, tmp_path: Path) -> None:
    plan, _ = load_plan(small_config)
    part = plan.restricted(["opus@12*", "pcm*", "snr", "music"])
    assert [condition.id for condition in part.conditions] == ["opus@12000", "pcm,bits=6"]
    assert part.quantities == ("snr",)
    assert {clip.category for clip in part.clips} == {"music"}


def test_a_wrong_cache_limit_is_said_before_anything_starts(
    small_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECBENCH_CACHE_GB", "5GB")
    with pytest.raises(ConfigError, match="CODECBENCH_CACHE_GB: expected a number of gigabytes, got '5GB'"):
        run(small_config, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("CODECBENCH_CACHE_GB", "0")
    run(small_config, output=tmp_path / "run", workers=1, only=["speech/s0"])
    assert not list((tmp_path / "cache").rglob("*.cbs"))


def test_names_in_another_encoding_are_one_message(small_config: Config, small_set: Path, tmp_path: Path) -> None:
    (small_set / "speech" / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"x")
    with pytest.raises(DatasetError, match=r"expected file names in UTF-8, got caf\\xe9\.wav; rename them"):
        run(small_config, output=tmp_path / "run")


def test_a_long_label_is_no_long_file_name(small_config: Config, tmp_path: Path) -> None:
    codec = {"name": "pcm", "label": "x" * 400, "options": {"bits": 8}}
    results = run(
        small_config | {"codecs": [codec, {"name": "pcm", "label": "..", "options": {"bits": 8}}]},
        output=tmp_path / "run",
        workers=1,
        only=["speech/s0"],
    )
    assert set(results.encodings["status"]) == {"ok"}
    assert len({path.parent for path in (tmp_path / "run").rglob("decoded/*/*.flac")}) == 2


def test_a_killed_worker_leaves_no_program_behind(small_config: Config, tmp_path: Path) -> None:
    marker = f"{tmp_path.name}-{os.getpid()}"
    encode = ["sh", "-c", f"sleep 60; : {marker} {{input}} {{bitstream}}"]
    options = {"encode": encode, "decode": ["true", "{bitstream}", "{output}"], "delay_samples": 0}
    process = start(
        small_config | {"codecs": [{"name": "command", "label": "slow", "options": options}], "cell_timeout_s": 30},
        tmp_path / "run", "--workers", "1", "--only", "speech/s0",
    )  # fmt: skip

    def running() -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if marker.encode() in (command := path.read_bytes()) and b"sleep" in command:
                    found.append(int(path.parent.name))
        return found

    deadline = time.monotonic() + 30
    while not (before := running()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (worker,) = children(process.pid)
    os.kill(worker, signal.SIGKILL)
    while set(before) & set(running()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
