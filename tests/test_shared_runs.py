"""Several drivers on one run: they share the work, and whatever becomes of them, there is one table."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import load_results, run
from bench.cells.planning import Job, Plan
from bench.cells.shards import Finished, Inspected
from bench.domain import Clip
from bench.engines.base import Retry
from bench.engines.queue import Crew
from bench.journal import Journal
from bench.runner import load_plan
from bench.runs.results import ENCODING_COLUMNS
from bench.runs.table_writer import table_writer
from bench.store import write_table
from tests.runs import assert_identical, rows, start, with_codec
from tests.scale import driver

Config = dict[str, Any]


def segments(folder: Path) -> list[list[dict[str, Any]]]:
    """What each driver has written, in the order of their starts."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((folder / "journal").glob("*.jsonl"))]
    return [[json.loads(line) for line in text.splitlines()] for text in texts]


def keys_of(segment: list[dict[str, Any]]) -> set[str]:
    return {entry["key"] for entry in segment if "key" in entry and not entry["key"].startswith("clip ")}


def wait_until_it_works(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until a driver has handed out a clip, or has ended."""
    deadline = time.monotonic() + 120

    def works() -> bool:
        return any('"claim"' in path.read_text() for path in (folder / "journal").glob(f"*-{process.pid}-*"))

    while process.poll() is None and not works():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_one_table(folder: Path) -> None:
    results = load_results(folder)
    assert results.info["complete"] is True
    assert (len(results.encodings), len(results.scores)) == (6 * 2, 6 * 2 * 2)
    assert set(results.encodings["status"]) == {"ok"}
    assert not results.scores.duplicated(["clip", "condition", "quantity"]).any()


def test_two_drivers_share_the_clips(small_config: Config, tmp_path: Path) -> None:
    config, folder = with_codec(small_config, "Slow"), tmp_path / "run"
    other = start(config, folder, "--workers", "1")
    wait_until_it_works(other, folder)
    run(config, output=folder, workers=1)
    assert other.wait(timeout=300) == 0
    assert_one_table(folder)
    parts = [keys_of(segment) for segment in segments(folder)]
    assert len(parts) == 2
    assert all(len(part) >= 6 for part in parts)
    assert len(parts[0] & parts[1]) <= 6  # the cells of the last clip, when nothing else was left to do
    assert len(load_results(folder).info["invocations"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("first", [(), ("--only", "opus*"), ("--only", "speech", "--only", "snr")])
@pytest.mark.parametrize("killed", [False, True])
def test_another_selection_or_a_killed_driver_changes_nothing(
    small_config: Config, tmp_path: Path, first: tuple[str, ...], killed: bool
) -> None:
    run(small_config, output=tmp_path / "whole", workers=2, cache=tmp_path / "c1")
    folder = tmp_path / "run"
    other = start(small_config, folder, "--workers", "1", "--cache", str(tmp_path / "c2"), *first)
    wait_until_it_works(other, folder)
    if killed:
        other.send_signal(signal.SIGSTOP)
    second = start(small_config, folder, "--workers", "1", "--cache", str(tmp_path / "c2"))
    wait_until_it_works(second, folder)
    if killed:
        other.kill()
    assert other.wait(timeout=300) == (-signal.SIGKILL if killed else 0)
    assert second.wait(timeout=300) == 0
    assert_identical(tmp_path / "whole", folder)
    assert Counter(rows(folder)).most_common(1)[0][1] <= 2


class Watched(driver.Instant):
    """Runs nothing until it was told of the first job, and keeps the order of all."""

    def __init__(self, at_first: Any = None) -> None:
        self.order: list[str] = []
        self._at_first = at_first

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        def told() -> Generator[Job]:
            for job in jobs:
                self.order.append(job.clip.id)
                if len(self.order) == 1 and self._at_first:
                    self._at_first()
                yield job

        return super().run_jobs(told(), crew, retry)


def test_what_a_dead_driver_has_claimed_comes_last(tmp_path: Path) -> None:
    config, folder = driver.config(tmp_path, 400), tmp_path / "run"
    ids = [clip.id for clip in load_plan(config)[0].clips]
    with closing(Journal(folder / "journal", invocation())) as dead:
        dead.claim(ids[0])
        dead.claim(ids[2])
    engine = Watched()
    results = run(config, output=folder, engine=engine)
    assert engine.order == [ids[1], ids[3], ids[0], ids[2]]
    assert results.info["complete"] is True


def test_what_others_finish_meanwhile_is_left_out_and_stands_in_the_tables(tmp_path: Path) -> None:
    config, folder = driver.config(tmp_path, 400), tmp_path / "run"
    ids = [clip.id for clip in load_plan(config)[0].clips]

    def another() -> None:
        run(config, output=folder, engine=Watched(), only=ids[1:3])

    engine = Watched(another)
    results = run(config, output=folder, engine=engine)
    assert engine.order == [ids[0], ids[3]]
    assert (len(results.scores), results.info["missing_cells"]) == (4 * 90, 0)
    assert Counter(rows(folder)).most_common(1)[0][1] == 1
    assert [one["engine"] for one in results.info["invocations"]] == ["instant", "instant"]


def test_a_driver_that_ends_while_tables_are_written_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables of the slower writer would otherwise replace the whole ones of the faster."""
    from bench import runner

    config, folder = driver.config(tmp_path, 200), tmp_path / "run"
    ids = [clip.id for clip in load_plan(config)[0].clips]
    finish, calls = runner.write_tables, []

    def finish_late(plan: Plan, *rest: Any) -> None:
        finish(plan, *rest)
        calls.append(1)
        if len(calls) == 1:
            run(config, output=folder, engine=driver.Instant(), only=ids[1:])
            finish(plan, *rest)  # as if it had been under way all the time

    monkeypatch.setattr(runner, "write_tables", finish_late)
    results = run(config, output=folder, engine=driver.Instant(), only=ids[:1])
    assert results.info["complete"] is True
    assert len(results.encodings) == 20


def invocation() -> dict[str, Any]:
    return {
        "started": "2026-01-02", "git_revision": None, "versions": {}, "machine": {"cpu": "x"}, "workers": 1,
        "engine": "dead",
    }  # fmt: skip


def test_tables_in_chunks_are_the_tables_in_one_piece(tmp_path: Path) -> None:
    import pandas as pd
    import pyarrow.parquet as pq

    found = [
        {"clip": f"c{i}", "bitrate_bps": None if i % 7 else i, "seconds": i / 3, "adaptive_coded": True, "status": "ok"}
        for i in range(2_345)
    ]
    for count in (0, 1, 2_345):
        with table_writer(tmp_path / "chunks.parquet", ENCODING_COLUMNS) as writer:
            for one in found[:count]:
                writer.add(one)
        write_table(tmp_path / "whole.parquet", found[:count], ENCODING_COLUMNS)
        chunks, whole = (tmp_path / f"{name}.parquet" for name in ("chunks", "whole"))
        pd.testing.assert_frame_equal(pd.read_parquet(chunks), pd.read_parquet(whole))
        assert pq.read_schema(chunks).equals(pq.read_schema(whole))

    def fail() -> None:
        with table_writer(tmp_path / "chunks.parquet", ENCODING_COLUMNS) as writer:
            writer.add({"clip": "lost"})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(pd.read_parquet(tmp_path / "chunks.parquet")) == 2_345
    assert {path.name for path in tmp_path.iterdir()} == {"chunks.parquet", "whole.parquet"}


def test_keys_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Regression: with other keys, everything that anybody has measured would be measured again."""
    from bench.cells import planning
    from bench.config import parse

    monkeypatch.setattr(planning, "resampler_identity", lambda: "soxr 1.0 VHQ")
    codec = {"name": "pcm", "label": "six ü", "options": {"bits": 6}}
    about = {"name": "keys", "datasets": ["embedded"], "codecs": [codec], "metrics": ["snr"]}
    config = parse(about | {"set_measures": ["codebooks"]})
    clip = Clip('set/ü "1"', "set", "speech", "x.wav", "ab" * 32, 16_000, 1, 16_000, "", 0.5, 1.25, source="s")
    plan = Plan(config, (clip,), tuple(config.conditions), tuple(config.quantities), tuple(config.set_measures))
    (cell,) = plan.cells()
    assert cell.stream_key == "450502f3effdede6ff69b5c365c56daaf3ccc99f1247737896958fcaae902970"
    assert cell.encoding_key == "3b6caff26607a34ae4e947b7bbd90353cabe4e9198272bc19e1bc04b6bde676e"
    assert cell.score_keys == {"snr": "e6710c1f0cfb638cece7157517b2bdd3cf14eb1acb0840fbc120d78b8e0262af"}
    assert cell.set_keys == {"codebooks": "0640e604e0002a74816203aeda593dd379e627db308376a59985a95c6704da65"}


@pytest.mark.slow
def test_figures_at_scale_are_there() -> None:
    """Small ones, so that `make bench-scale` has what to call."""
    planned, resumed, driven = driver.plan_million(1_000), driver.resume_finished(1_000), driver.driver_memory(1_000)
    assert (planned.cells, resumed.cells, driven.cells) == (1_000, 1_000, 1_000)
    assert planned.seconds > 0 < resumed.seconds
    assert 50 < driven.peak_mb < 1_000
