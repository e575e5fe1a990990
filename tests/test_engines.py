"""One table, wherever it was made: processes here, a Ray cluster, and one that loses its actors and nodes."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bench import engines, run
from bench.cells.planning import Job, Plan, Step
from bench.cells.shards import Done, Finished, Inspected, Shard, Started
from bench.engines.base import Died, Idle, Message, Retry, Work, drive
from bench.engines.local import Local
from bench.engines.queue import SHARD_JOBS, Crew, Queue
from bench.errors import ConfigError, DatasetError, StoreError, UnknownName, WorkerDied
from bench.runner import load_plan
from bench.runs.results import load_results
from bench.threads import import_path
from tests.runs import assert_identical, jobs_of, lines, rows, start, until, with_codec

Config = dict[str, Any]


def ray_engine(**options: Any) -> Any:
    """The engine, or a visible skip."""
    pytest.importorskip("ray", reason="pip install 'codecbench[ray]'")
    from bench.engines.ray import Ray

    return Ray(**options)


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A real cluster of two nodes with one core each; ``cluster.second`` can be removed."""
    pytest.importorskip("ray", reason="pip install 'codecbench[ray]'")
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False},
    )
    made.second = made.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    yield made
    ray.shutdown()
    made.shutdown()


class FakeWorker:
    """Does nothing but keep what it was given."""

    def __init__(self, ready: bool = True, coding: bool = False) -> None:
        self.work: Work | None = None
        self.ready = ready
        self.coding = coding
        self.given: list[Shard] = []
        self.stopped = False

    def give(self, shard: Shard) -> None:
        self.given.append(shard)

    def stop(self) -> None:
        self.stopped = True

    def finishes(self) -> Iterator[tuple[FakeWorker, Message]]:
        """What it says when its shard goes well."""
        for number in range(len(self.given[-1].jobs)):
            yield self, Done(number)
        yield self, Idle()

    @property
    def clips(self) -> list[str]:
        return [job.clip.id for shard in self.given for job in shard.jobs]


def jobs(config: Config, folder: Path) -> list[Job]:
    plan, _ = load_plan(config)
    return list(jobs_of(plan, folder))


class Many(Iterator[Job]):
    """Jobs that are alike, and how many were drawn."""

    def __init__(self, config: Config, folder: Path, count: int, seconds: float = 1.0) -> None:
        self._first = jobs(config, folder)[0]
        self._count, self._seconds, self.drawn = count, seconds, 0

    def __length_hint__(self) -> int:
        return self._count - self.drawn

    def __next__(self) -> Job:
        if self.drawn == self._count:
            raise StopIteration
        self.drawn += 1
        clip = replace(self._first.clip, id=f"clip{self.drawn}", duration_s=self._seconds, channels=1)
        return replace(self._first, clip=clip)


def test_shards_are_drawn_as_they_are_needed_and_become_small_at_the_end(small_config: Config, tmp_path: Path) -> None:
    source = Many(small_config, tmp_path, 1000)
    ahead: list[int] = []
    pool = [FakeWorker(), FakeWorker(ready=False), FakeWorker()]

    def heard() -> Iterator[tuple[FakeWorker, Message]]:
        ahead.append(source.drawn - sum(len(worker.clips) for worker in pool))
        for worker in pool:
            if worker.work is not None:
                yield from worker.finishes()

    assert list(drive(Queue(source, Crew(3, 60.0)), pool, heard, lambda *_: None)) == []
    assert max(ahead) == 0
    assert not pool[1].given
    sizes = [len(shard.jobs) for shard in pool[0].given]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (SHARD_JOBS, 1)
    assert sum(len(worker.clips) for worker in pool) == 1000
    assert all(worker.stopped for worker in pool)


def test_a_shard_is_full_after_a_minute_of_audio(small_config: Config, tmp_path: Path) -> None:
    queue = Queue(Many(small_config, tmp_path, 100, seconds=25.0), Crew(1, 60.0))
    shard = queue.shard(coding=False)
    assert shard is not None
    assert len(shard.jobs) == 3


def test_a_death_costs_the_job_it_was_at_and_the_rest_is_given_again(small_config: Config, tmp_path: Path) -> None:
    pool = [FakeWorker(), FakeWorker()]
    asked: list[tuple[str, str, str]] = []

    def heard() -> Iterator[tuple[FakeWorker, Message]]:
        if pool[0].work is not None:
            yield pool[0], Done(0)
            yield pool[0], Started(Step("encode", "x"), 1)
            pool[0].ready = False  # its node is gone, and no other has room
            yield pool[0], Died("gone")
        else:
            yield from pool[1].finishes()

    def retry(job: Job, step: Step, how: str) -> Job:
        asked.append((job.clip.id, str(step), how))
        return job

    wanted = list(Many(small_config, tmp_path, 100))
    list(drive(Queue(wanted, Crew(2, 60.0)), pool, heard, retry))
    done, at, *_ = pool[0].clips
    assert asked == [(at, "encode x", "gone")]
    assert Counter(pool[1].clips) == Counter(job.clip.id for job in wanted if job.clip.id != done)


def test_a_worker_that_dies_before_its_first_step_blames_the_first_job(small_config: Config, tmp_path: Path) -> None:
    pool = [FakeWorker()]
    asked: list[str] = []

    def heard() -> Iterator[tuple[FakeWorker, Message]]:
        if not asked:
            yield pool[0], Died("gone")
        else:
            yield from pool[0].finishes()

    def retry(job: Job, step: Step, how: str) -> Job:
        asked.append(str(step))
        return job

    wanted = jobs(small_config, tmp_path)
    list(drive(Queue(wanted, Crew(1, 60.0)), pool, heard, retry))
    assert asked == ["start"]
    assert {job.clip.id for shard in pool[0].given[1:] for job in shard.jobs} == {job.clip.id for job in wanted}


def test_engines_by_name() -> None:
    assert engines.engine() == Local()
    with pytest.raises(UnknownName, match=r"no engine is named 'rai'\. Did you mean 'ray'"):
        engines.engine("rai")
    with pytest.raises(ConfigError, match="are for `--engine ray`"):
        engines.engine("local", address="auto")
    with pytest.raises(ConfigError, match="expected host:port of a Ray cluster, or auto, got 'ray://"):
        ray_engine(address="ray://head:10001")


def test_workers_of_the_configuration(small_config: Config, tmp_path: Path) -> None:
    info = run(small_config | {"workers": 1}, output=tmp_path / "run", only=["speech/s0"]).info
    assert (info["workers"], info["engine"]) == (1, "local")
    one, _ = load_plan(small_config | {"workers": 1})
    other, _ = load_plan(small_config)
    assert list(one.cells()) == list(other.cells())


def test_ray_gives_the_table_of_the_local_engine(tmp_path: Path) -> None:
    """With a codec that segfaults, whose failed rows are the same to the letter."""
    crasher = {"name": "tests.plugins:Crasher", "label": "crasher"}
    config = {
        "name": "small", "datasets": ["embedded"], "metrics": ["si_sdr", "snr"],
        "codecs": ["passthrough", {"name": "opus", "bitrates_bps": [12000]}, crasher],
    }  # fmt: skip
    engine = ray_engine()
    run(config, output=tmp_path / "ray", cache=tmp_path / "c1", workers=2, limit=1, engine=engine)
    run(config, output=tmp_path / "local", cache=tmp_path / "c2", workers=2, limit=1)
    assert_identical(tmp_path / "ray", tmp_path / "local")
    results = load_results(tmp_path / "ray")
    assert results.encodings["reason"].str.contains("SIGSEGV").any()
    assert results.info["engine"] == "ray"
    assert not list((tmp_path / "ray").glob(".scratch*"))
    (invocation,) = results.info["invocations"]
    assert invocation["engine_start_s"] == engine.start_s > 0
    import ray

    assert not ray.is_initialized()


def test_nothing_to_do_starts_no_cluster(small_config: Config, tmp_path: Path) -> None:
    engine = ray_engine(address="nowhere.invalid:1")
    run(small_config, output=tmp_path / "run", workers=1)
    run(small_config, output=tmp_path / "run", workers=1, engine=engine)


@pytest.mark.slow
def test_a_hang_is_the_same_on_ray(small_config: Config, tmp_path: Path) -> None:
    config = with_codec(small_config, "Hanger") | {"cell_timeout_s": 5}
    run(config, output=tmp_path / "ray", cache=tmp_path / "c1", workers=2, engine=ray_engine())
    run(config, output=tmp_path / "local", cache=tmp_path / "c2", workers=2)
    assert_identical(tmp_path / "ray", tmp_path / "local")
    assert load_results(tmp_path / "ray").encodings["reason"].str.contains("no answer within 5 s").any()


def actors(pid: int) -> list[int]:
    """The processes of actors below ``pid``: Ray gives them their class's name."""
    found = []
    with contextlib.suppress(OSError):  # processes come and go meanwhile
        below = [
            int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
        ]
        for child in below:
            if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"ray::Host"):
                found.append(child)
            found += actors(child)
    return found


@pytest.mark.slow
def test_two_nodes_give_the_table_of_one_machine(cluster: Any, small_config: Config, tmp_path: Path) -> None:
    engine = ray_engine(address=cluster.address)
    assert engine.cores() == 2
    run(small_config, output=tmp_path / "ray", cache=tmp_path / "c1", engine=engine)
    run(small_config, output=tmp_path / "local", cache=tmp_path / "c2", workers=1)
    assert_identical(tmp_path / "ray", tmp_path / "local")
    assert load_results(tmp_path / "ray").info["workers"] == 2


class Harm:
    """Progress that does something once: as soon as two clips are being measured."""

    def __init__(self, cells: int, then: Callable[[], object]) -> None:
        self.cells, self.then, self.done = cells, then, False
        self.seen: Counter[str] = Counter()

    def __call__(self, plan: Plan, done: int) -> Callable[[Finished], None]:
        return self.count

    def count(self, finished: Finished) -> None:
        self.seen.update(str(row["clip"]) for row in finished.rows.values())
        if not self.done and sum(seen < self.cells for seen in self.seen.values()) == 2:
            self.done = True
            self.then()


@dataclass
class Told:
    """An engine, and how its workers have died."""

    engine: Any
    deaths: list[str] = field(default_factory=list)
    name = "ray"

    def cores(self) -> int:
        return 2

    @property
    def start_s(self) -> float:
        return float(self.engine.start_s)

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        def told(job: Job, step: Step, how: str) -> Job | None:
            self.deaths.append(how)
            return retry(job, step, how)

        return self.engine.run_jobs(jobs, crew, told)  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["node", "actor"])
def test_a_lost_node_or_actor_costs_nothing_but_time(
    cluster: Any, small_config: Config, tmp_path: Path, fault: str
) -> None:
    def harm() -> None:
        if fault == "node":
            cluster.remove_node(cluster.second, allow_graceful=False)
        else:
            os.kill(actors(os.getpid())[0], signal.SIGKILL)

    config = with_codec(small_config, "Slow")
    progress = Harm(2 * 3, harm)
    engine = Told(ray_engine(address=cluster.address))
    run(config, output=tmp_path / "ray", cache=tmp_path / "c1", engine=engine, progress=progress)
    run(config, output=tmp_path / "local", cache=tmp_path / "c2", workers=2)
    assert progress.done
    assert len(engine.deaths) == 1
    assert re.match(r"its Ray actor on \S+ was lost", engine.deaths[0])
    assert_identical(tmp_path / "ray", tmp_path / "local")
    keys = rows(tmp_path / "ray")
    assert len(keys) == len(set(keys))


@pytest.mark.slow
def test_a_cell_that_takes_its_actor_along_twice_fails_alone(
    cluster: Any, small_config: Config, tmp_path: Path
) -> None:
    config = with_codec(small_config, "KillsParent")
    engine = ray_engine(address=cluster.address)
    results = run(config, output=tmp_path / "ray", workers=2, engine=engine)
    failed = results.encodings[results.encodings["status"] == "failed"]
    assert list(failed["clip"]) == ["music/m0", "music/m1"]
    assert failed["reason"].str.contains(r"its Ray actor on \S+ was lost .* 2 times, in: encode KillsParent").all()


@pytest.mark.slow
def test_a_node_without_the_data_or_the_folder_ends_the_run_with_a_message(
    cluster: Any, small_config: Config, tmp_path: Path
) -> None:
    from bench.engines import ray as module
    from bench.engines.ray_actor import Probe

    job = jobs(small_config, tmp_path)[0]
    probe = Probe(tmp_path / ".scratch" / "gone", "text", {})
    with module._connected(cluster.address, 0) as ray:
        starting = module._Starting(ray, probe, 60.0, 0.0, import_path())
        answer = ray.get(starting.actor().check.remote(probe))
        assert isinstance(answer.error, StoreError)
        assert str(answer.error).startswith(f"{tmp_path}: node ")
        (tmp_path / ".scratch").mkdir()
        probe.path.write_text("text", encoding="utf-8")
        answer = ray.get(starting.actor().check.remote(probe))
        assert "Install the same packages on all nodes" in str(answer.error)
        Path(job.clip.path).unlink()
        stream = starting.actor().work.options(num_returns="streaming").remote(Shard((job,)), [True])
        (fatal,) = ray.get(next(stream))
        assert isinstance(fatal.error, DatasetError)
        assert job.clip.path in str(fatal.error)


@pytest.mark.slow
def test_no_room_is_said(cluster: Any, small_config: Config, tmp_path: Path) -> None:
    engine = ray_engine(address=cluster.address, gpus_per_worker=1, patience_s=3.0)
    with pytest.raises(WorkerDied, match=r"each needs 1 CPU and 1 GPU of one node; the cluster has 2 CPU .*, 0 GPU"):
        run(small_config, output=tmp_path / "run", workers=1, engine=engine)


@pytest.mark.slow
def test_no_cluster_at_the_address(small_config: Config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--address 127\.0\.0\.1:1: no Ray cluster can be used there"):
        run(small_config, output=tmp_path / "run", engine=ray_engine(address="127.0.0.1:1"))


@pytest.mark.slow
def test_ctrl_c_ends_a_ray_run_cleanly(small_config: Config, tmp_path: Path) -> None:
    ray_engine()
    for number, one in enumerate((signal.SIGINT, signal.SIGTERM)):
        folder = tmp_path / f"run{number}"
        process = start(with_codec(small_config, "Hanger"), folder, "--workers", "1", "--engine", "ray")
        until(lambda folder=folder: lines(folder))
        measuring = actors(process.pid)
        assert measuring
        process.send_signal(one)
        assert process.wait(timeout=60) == 130
        said = (tmp_path / "said").read_bytes()
        assert b"the same command continues" in said
        assert b"Traceback" not in said
        until(lambda measuring=measuring: not any(Path(f"/proc/{actor}").exists() for actor in measuring))
        assert not list(folder.glob(".scratch*"))
        assert load_results(folder).info["complete"] is False
