"""What a run asks of its engine and does with the answers. The engine of these tests works in this very process."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import audio, load_results, run
from bench.align import probe
from bench.cells.measure import measure_shard
from bench.cells.planning import Job, Plan, Step
from bench.cells.shards import Finished, Inspected, Shard, Started
from bench.cells.toolbox import Toolbox
from bench.config import parse
from bench.engines.base import Retry
from bench.engines.queue import Crew
from bench.errors import ConfigError, StoreError, WorkerDied
from bench.journal import Journal
from bench.runner import ATTEMPTS, START_ATTEMPTS, done_cells, load_plan

Config = dict[str, Any]
Deadly = Callable[[Job, Step], str | None]


class Here:
    """One worker, in this process. It dies of a step where ``deadly`` says how."""

    name = "here"
    start_s = 1.5

    def __init__(self, deadly: Deadly = lambda job, step: None, cores: int = 3) -> None:
        self._deadly, self._cores = deadly, cores
        self.jobs: list[Job] = []
        self.retried: list[tuple[Job, Step, Job | None]] = []
        self.crew: Crew | None = None
        self.closed = False

    def cores(self) -> int:
        return self._cores

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        self.crew = crew
        try:
            for drawn in jobs:
                job: Job | None = drawn
                while job is not None:
                    self.jobs.append(job)
                    assert len(self.jobs) < 50, "work that never ends"
                    job = yield from self._of(job, retry)
        finally:
            self.closed = True

    def _of(self, job: Job, retry: Retry) -> Generator[Finished | Inspected, None, Job | None]:
        if (how := self._deadly(job, Step("start"))) is not None:
            return self._again(job, Step("start"), how, retry)
        for event in measure_shard(Shard((job,)), Toolbox(job.device, job.metrics_device)):
            if isinstance(event, Started) and event.step not in job.poisoned:
                how = self._deadly(job, event.step)
                if how is not None:
                    return self._again(job, event.step, how, retry)
            elif isinstance(event, Finished | Inspected):
                yield event
        return None

    def _again(self, job: Job, step: Step, how: str, retry: Retry) -> Job | None:
        left = retry(job, step, how)
        self.retried.append((job, step, left))
        return left


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Two clips, the second longer, with two conditions and one quantity."""
    for index in range(2):
        audio.write(tmp_path / "data" / f"s{index}.wav", probe(8_000, 1, index).part(0, 4_000 + 800 * index), "PCM_16")
    return {
        "name": "tiny",
        "datasets": [{"loader": "folder", "name": "s", "category": "speech", "path": str(tmp_path / "data")}],
        "codecs": ["passthrough", {"name": "pcm", "options": {"bits": 6}}],
        "metrics": ["snr"],
        "cell_timeout_s": 77,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def once(clip: str, condition: str) -> Deadly:
    """Deadly the first time that ``condition`` of ``clip`` is coded."""
    return times(1, clip, condition)


def times(often: int, clip: str, condition: str) -> Deadly:
    left = [often]

    def deadly(job: Job, step: Step) -> str | None:
        if (job.clip.id, step.stage, step.condition) != (clip, "encode", condition) or not left[0]:
            return None
        left[0] -= 1
        return "it was killed (signal 9)"

    return deadly


def test_an_engine_is_told_who_works_and_what_with(config: Config, folder: Path) -> None:
    engine = Here()
    results = run(config, output=folder, engine=engine)
    assert engine.crew == Crew(3, 77)
    assert [job.clip.id for job in engine.jobs] == ["s/s1", "s/s0"]
    for job in engine.jobs:
        assert (job.run, job.folder, job.poisoned) == ("tiny", folder, {})
        assert job.cache == Path(os.environ["CODECBENCH_CACHE"])
        assert job.scratch.parent == folder
        assert not job.scratch.exists(), "temporary files end with the run"
    last = results.info["invocations"][-1]
    assert (last["engine"], last["workers"], last["engine_start_s"]) == ("here", 3, 1.5)
    assert last["started"] <= last["ended"] <= results.info["ended"]
    assert results.info["costs"] == {}
    assert (results.info["complete"], results.info["run"]) == (True, "tiny")
    assert set(results.encodings["status"]) == {"ok"}
    assert engine.closed


@pytest.mark.parametrize(("given", "configured", "used"), [(2, 5, 2), (None, 5, 5), (None, None, 3)])
def test_workers_are_those_asked_for(
    given: int | None, configured: int | None, used: int, config: Config, folder: Path
) -> None:
    engine = Here()
    run(config | ({"workers": configured} if configured else {}), output=folder, engine=engine, workers=given)
    assert engine.crew is not None
    assert engine.crew.workers == used


def test_one_worker_is_the_least(config: Config, folder: Path) -> None:
    engine = Here(cores=0)
    run(config, output=folder, engine=engine)
    assert engine.crew == Crew(1, 77)
    with pytest.raises(ConfigError, match=r"^workers: expected at least 1, got 0\.$"):
        run(config, output=folder, engine=engine, workers=0)


def test_a_run_lies_where_its_name_says(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(config, engine=Here())
    assert load_results(tmp_path / "results" / "runs" / "tiny").info["complete"] is True


def test_another_cache_another_data_folder_and_costs(config: Config, folder: Path, tmp_path: Path) -> None:
    relative = {"loader": "folder", "name": "s", "category": "speech", "path": "data"}
    asked: list[str] = []
    engine = Here()
    opus = {"name": "opus", "bitrates_bps": [12_000]}
    results = run(
        config | {"datasets": [relative], "codecs": [opus]},
        output=folder, engine=engine, data=tmp_path, cache=tmp_path / "there", costs=asked.append, limit=1,
    )  # fmt: skip
    assert {job.cache for job in engine.jobs} == {tmp_path / "there"}
    assert list((tmp_path / "there").rglob("*.cbs"))
    assert list((tmp_path / "there" / "costs").iterdir())
    assert asked == ["opus"]
    assert list(results.info["costs"]) == ["opus"]
    assert not Path(os.environ["CODECBENCH_CACHE"]).exists()


def test_progress_hears_of_the_part_and_of_every_row(config: Config, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    rows: list[str] = []

    def progress(part: Plan, done: int) -> Callable[[Finished], None]:
        told.append((len(list(part.cells())), done))
        return lambda finished: rows.extend(finished.rows)

    run(config, output=folder, engine=Here(), only="pcm*", limit=1, progress=progress)
    assert told == [(1, 0)]
    assert len(rows) == 2
    run(config, output=folder, engine=Here(), progress=progress)
    assert told == [(1, 0), (4, 2)]
    assert len(rows) == len(set(rows)) == 4 * 2


def test_cells_that_are_done_are_counted_with_their_scores(config: Config) -> None:
    plan, _ = load_plan(config)
    cell, *_ = plan.cells()
    assert done_cells(plan, {}) == 0
    assert done_cells(plan, {cell.encoding_key: {}}) == 1
    assert done_cells(plan, {cell.encoding_key: {}, cell.score_keys["snr"]: {}, "another": {}}) == 2


def test_a_worker_that_dies_once_is_forgiven(config: Config, folder: Path) -> None:
    engine = Here(once("s/s0", "passthrough"))
    results = run(config, output=folder, engine=engine)
    assert set(results.encodings["status"]) == {"ok"}
    [(died, step, again)] = engine.retried
    assert step == Step("encode", "passthrough")
    assert again is not None
    assert (again.clip, again.scratch, again.poisoned, again.folder) == (died.clip, died.scratch, {}, folder)
    assert again.cache == Path(os.environ["CODECBENCH_CACHE"])


def test_what_was_finished_before_a_death_is_not_done_again(config: Config, folder: Path) -> None:
    engine = Here(once("s/s0", "pcm,bits=6"))
    run(config, output=folder, engine=engine)
    [(died, _, again)] = engine.retried
    assert again is not None
    assert [todo.condition.id for todo in died.todos] == ["passthrough", "pcm,bits=6"]
    assert [todo.condition.id for todo in again.todos] == ["pcm,bits=6"]


def test_a_step_that_kills_twice_is_the_cell_and_the_others_are_measured(config: Config, folder: Path) -> None:
    engine = Here(times(9, "s/s0", "passthrough"))
    results = run(config, output=folder, engine=engine)
    assert len(engine.retried) == ATTEMPTS == 2
    failed = results.encodings[results.encodings["status"] != "ok"]
    assert list(zip(failed["clip"], failed["condition"], failed["status"], strict=True)) == [
        ("s/s0", "passthrough", "failed")
    ]
    assert failed["reason"].iloc[0] == "it was killed (signal 9), 2 times, in: encode passthrough."
    assert results.info["complete"] is True


def test_deaths_are_counted_for_each_clip_and_step(config: Config, folder: Path) -> None:
    seen: set[tuple[str, Step]] = set()

    def each_once(job: Job, step: Step) -> str | None:
        if (job.clip.id, step) in seen:
            return None
        seen.add((job.clip.id, step))
        return "bad luck"

    results = run(config, output=folder, engine=Here(each_once))
    assert len(seen) > 10
    assert set(results.encodings["status"]) == set(results.scores["status"]) == {"ok"}


def test_two_steps_of_a_clip_may_both_be_left_out(config: Config, folder: Path) -> None:
    engine = Here(lambda job, step: "boom" if step.stage == "encode" and job.clip.id == "s/s0" else None)
    results = run(config, output=folder, engine=engine)
    failed = results.encodings[results.encodings["status"] != "ok"]
    assert list(failed["reason"]) == [f"boom, 2 times, in: encode {one}." for one in ("passthrough", "pcm,bits=6")]


def test_workers_that_never_start_end_the_run(config: Config, folder: Path) -> None:
    engine = Here(lambda job, step: "it has no memory" if step.stage == "start" else None)
    with pytest.raises(WorkerDied, match=r"^workers do not start: it has no memory\. `codecbench doctor` may know why"):
        run(config, output=folder, engine=engine)
    assert len(engine.jobs) == START_ATTEMPTS == 5
    assert engine.closed
    assert load_results(folder).info["complete"] is False
    assert run(config, output=folder, engine=Here()).info["complete"] is True


def test_a_worker_that_dies_of_what_it_leaves_out_ends_the_run(config: Config, folder: Path) -> None:
    class Stubborn(Here):
        def _of(self, job: Job, retry: Retry) -> Generator[Finished | Inspected, None, Job | None]:
            return self._again(job, Step("encode", "passthrough"), "again", retry)
            yield

    with pytest.raises(WorkerDied, match=r"dies although it leaves out encode passthrough: again\. workers\.log has"):
        run(config, output=folder, engine=Stubborn())


def test_what_is_seen_of_a_clip_is_written_once(config: Config, folder: Path) -> None:
    def seen() -> list[dict[str, Any]]:
        texts = [path.read_text(encoding="utf-8") for path in sorted((folder / "journal").glob("*.jsonl"))]
        entries = [json.loads(line) for text in texts for line in text.splitlines()]
        return [entry for entry in entries if entry.get("key", "").startswith("clip ")]

    run(config, output=folder, engine=Here(), only=["passthrough"])
    first = seen()
    assert len(first) == 2
    assert {entry["row"]["status"] if "row" in entry else entry["status"] for entry in first} == {"ok"}
    run(config, output=folder, engine=Here())
    assert seen() == first


def test_a_progress_that_fails_leaves_what_was_measured(config: Config, folder: Path) -> None:
    def progress(part: Plan, done: int) -> Callable[[Finished], None]:
        def report(finished: Finished) -> None:
            raise KeyboardInterrupt

        return report

    engine = Here()
    with pytest.raises(KeyboardInterrupt):
        run(config, output=folder, engine=engine, progress=progress)
    assert engine.closed
    stopped = load_results(folder)
    assert stopped.info["complete"] is False
    assert len(stopped.encodings) == 1
    assert stopped.info["invocations"][-1]["engine_start_s"] == 1.5
    engine = Here()
    run(config, output=folder, engine=engine)
    assert sum(todo.finished is None for job in engine.jobs for todo in job.todos) == 3


def test_failed_rows_are_tried_again_only_when_asked(config: Config, folder: Path) -> None:
    run(config, output=folder, engine=Here(times(2, "s/s0", "passthrough")))
    engine = Here()
    assert "failed" in set(run(config, output=folder, engine=engine).encodings["status"])
    assert engine.jobs == []
    results = run(config, output=folder, engine=engine, retry_failed=True)
    assert set(results.encodings["status"]) == {"ok"}
    assert [[todo.condition.id for todo in job.todos] for job in engine.jobs] == [["passthrough"]]


def test_what_another_driver_has_claimed_waits(config: Config, folder: Path) -> None:
    with closing(Journal(folder / "journal", {"started": "", "versions": {}, "machine": {"cpu": ""}})) as dead:
        dead.claim("s/s1")
    engine = Here()
    run(config, output=folder, engine=engine)
    assert [job.clip.id for job in engine.jobs] == ["s/s0", "s/s1"]


def test_what_another_driver_has_finished_meanwhile_is_not_done_again(config: Config, folder: Path) -> None:
    class First(Here):
        def _of(self, job: Job, retry: Retry) -> Generator[Finished | Inspected, None, Job | None]:
            if len(self.jobs) == 1:
                run(config, output=folder, engine=Here(), only=["s/s0"])
            return (yield from super()._of(job, retry))

    engine = First()
    results = run(config, output=folder, engine=engine)
    assert [job.clip.id for job in engine.jobs] == ["s/s1"]
    assert len(results.encodings) == 4
    assert results.info["complete"] is True


def test_clips_that_may_be_left_are_counted(config: Config, folder: Path) -> None:
    from operator import length_hint

    class Counting(Here):
        left: list[int]

        def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
            self.left = [length_hint(jobs)]
            self.left += [length_hint(jobs) for _ in jobs]
            yield from ()

    engine = Counting()
    run(config, output=folder, engine=engine)
    assert engine.left == [2, 1, 0]


@pytest.mark.parametrize("variable", ["CODECBENCH_CACHE_GB", "CODECBENCH_WORKER_MEMORY_GB"])
@pytest.mark.parametrize("text", ["5GB", "-1", "nan", "inf"])
def test_a_limit_that_is_none_is_told(
    variable: str, text: str, config: Config, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    least = " from 0.5 on" if "MEMORY" in variable else ""
    with pytest.raises(ConfigError, match=f"^{variable}: expected a number of gigabytes{least}, got '{text}'.$"):
        run(config, output=folder, engine=Here())
    assert not folder.exists()


def test_a_worker_has_the_memory_for_its_modules(config: Config, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_WORKER_MEMORY_GB", "0.49")
    with pytest.raises(ConfigError, match=r"from 0\.5 on, got '0\.49'"):
        run(config, output=folder, engine=Here())
    monkeypatch.setenv("CODECBENCH_WORKER_MEMORY_GB", "0.5")
    run(config, output=folder, engine=Here())


@pytest.mark.parametrize(("gigabytes", "kept"), [("", 2), ("0.001", 2), ("0.000004", 1), ("0", 0)])
def test_the_cache_is_pruned_to_its_limit(
    gigabytes: str, kept: int, config: Config, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECBENCH_CACHE_GB", gigabytes)
    run(config | {"codecs": [{"name": "pcm", "options": {"bits": 6}}]}, output=folder, engine=Here())
    assert len(list((tmp_path / "cache").rglob("*.cbs"))) == kept


def test_a_cache_that_cannot_be_limited_is_told(config: Config, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_CACHE_GB", "1")
    with pytest.raises(ConfigError, match="the cache at memory://there cannot be limited"):
        run(config, output=folder, engine=Here(), cache="memory://there")


def test_a_file_in_the_place_of_the_folder_is_told(config: Config, folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(StoreError, match=re.escape(str(folder))):
        run(config, output=folder, engine=Here())


def test_changes_count_instead_of_the_configuration(config: Config) -> None:
    plan, text = load_plan(config, changes={"num_gpus": 2.0, "device": None})
    assert (plan.config.num_gpus, plan.config.device) == (2.0, parse(config).device)
    assert eval(text) == config
    assert plan.clips == load_plan(parse(config))[0].clips
    assert (len(plan.clips), len(plan.conditions), plan.quantities) == (2, 2, ("snr",))


def test_measures_of_sets_stand_once_in_a_plan(config: Config) -> None:
    from bench.metrics import sets

    name = sets.TABLE[0].name
    assert load_plan(config | {"set_measures": [name, name]})[0].set_measures == (name,)


@pytest.mark.parametrize("how", ["mapping", "file"])
def test_problems_of_a_configuration_come_with_the_sets_that_are_absent(
    how: str, config: Config, tmp_path: Path
) -> None:
    broken = config | {"datasets": [{"loader": "librispeech_test_clean"}], "codecs": ["opsu"], "metrics": ["snr"]}
    path = tmp_path / "broken.yaml"
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_plan(broken if how == "mapping" else path, data=tmp_path)
    assert "opsu" in str(told.value)
    assert any(problem.startswith("datasets[0]: ") and "Get it: " in problem for problem in told.value.problems)


def test_a_file_that_is_no_mapping_is_the_only_problem(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("- 1", encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load_plan(tmp_path / "x.yaml")
    assert len(told.value.problems) == 1
