"""The simulation against closed forms, and against the real engine on work of known length."""

import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from bench import audio, run
from bench.audio import Audio
from bench.engines.local import Local
from tests.plugins import EightBit
from tests.scale.simulation import Gpus, Site, Storage, Work, longest_first, shards, simulate

SLEEPER = "tests.scale.test_simulation:Sleeper"


class Sleeper(EightBit):
    """Takes as long to encode as the clip is, whatever else the machine does."""

    def misbehave(self, audio: Audio) -> None:
        time.sleep(audio.length / audio.rate)


def test_one_worker_does_one_thing_after_the_other():
    works = [Work(1.0, 2.0, rows=10), Work(0.5, 0.25, rows=10)]
    found = simulate(works, Site(1, start_s=2.0, plan_s=3.0, finish_s=1.0, row_s=0.01))
    assert found.seconds == pytest.approx(3.0 + 2.0 + 3.75 + 20 * 0.01 + 1.0)
    assert found.cpu_s == pytest.approx(3.75 + 0.2 + 2.0 + 4.0)
    assert (found.clips, found.rows, found.limit) == (2, 20, "workers")


def test_the_last_clip_is_waited_for():
    """Three equal clips on two workers take two turns."""
    assert simulate([Work(1.0, 0.0, 1)] * 3, Site(2)).seconds == pytest.approx(2.0)


def test_longest_first_leaves_no_worker_alone_with_a_long_clip():
    works = [Work(1.0, 0.0, 1)] * 4 + [Work(4.0, 0.0, 1)]
    assert simulate(works, Site(2)).seconds == pytest.approx(6.0)
    assert simulate(longest_first(works), Site(2)).seconds == pytest.approx(4.0)


def test_a_driver_that_is_too_slow_holds_its_workers_back():
    """100 rows of 10 ms for each second of work: one driver serves one worker's second in a second."""
    works = [Work(1.0, 0.0, rows=100)] * 400
    one, two, many = (simulate(works, Site(20, row_s=0.01, drivers=drivers)) for drivers in (1, 2, 20))
    assert one.seconds == pytest.approx(400, rel=0.01)
    assert two.seconds == pytest.approx(200, rel=0.02)
    assert many.seconds == pytest.approx(40, rel=0.01)
    assert one.limit == "driver"
    assert one.driver_busy == pytest.approx(1.0, rel=0.01)


def test_shared_storage_has_a_bandwidth_and_a_latency():
    works = [Work(1.0, 0.0, 1, written_bytes=1e9, operations=2)] * 100
    slow = simulate(works, Site(50, storage=Storage("slow", bytes_per_s=1e9)))
    assert slow.seconds == pytest.approx(100, rel=0.02)
    assert slow.limit == "storage"
    far = simulate(works, Site(50, storage=Storage("far", latency_s=0.5)))
    assert far.seconds == pytest.approx(2 * (1.0 + 2 * 0.5))


def test_gpus_code_while_others_score_and_wait_where_too_much_is_coded():
    works = [Work(10.0, 1.0, 1)] * 100
    balanced = simulate(works, Site(1, gpus=Gpus(1, speed=10, start_s=0)))
    assert balanced.seconds == pytest.approx(101)
    scorers = simulate(works, Site(1, gpus=Gpus(1, speed=1000, start_s=0, ahead=2)))
    assert scorers.seconds == pytest.approx(100, rel=0.01)
    coders = simulate(works, Site(10, gpus=Gpus(1, speed=10, start_s=0)))
    assert (coders.limit, coders.seconds) == ("GPUs", pytest.approx(101))


def test_shards_are_seeded_and_lose_no_clip():
    clip = Work(1.0, 2.0, rows=7, read_bytes=10, written_bytes=100, operations=5)
    made = shards(clip, 1_001, 16, seed=3)
    assert made == shards(clip, 1_001, 16, seed=3) != shards(clip, 1_001, 16, seed=4)
    assert sum(work.clips for work in made) == 1_001
    assert sum(work.rows for work in made) == 7 * 1_001
    assert sum(work.coding_s for work in made) == pytest.approx(1_001, rel=0.02)


@dataclass
class Watched:
    """The local engine, and when each clip began and ended there, seen from its rows."""

    begins: dict[str, float] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    name: str = "local"
    engine: Local = field(default_factory=Local)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def run_jobs(self, jobs: Iterable[Any], *options: Any, **more: Any) -> Generator[Any]:
        for news in self.engine.run_jobs(jobs, *options, **more):
            for row in getattr(news, "rows", {}).values():
                self.ends[row["clip"]] = time.monotonic()
                if "encode_s" in row:
                    self.begins[row["clip"]] = time.monotonic() - row["encode_s"] - row["decode_s"]
            yield news


@pytest.mark.parametrize("workers", [1, 2])
def test_the_simulation_predicts_the_local_engine(tmp_path, workers):
    """From what each clip took in that run: the order, what is between two clips, and the wait for the last one."""
    for number, seconds in enumerate(np.random.default_rng(0).uniform(0.1, 0.9, 8)):
        noise = np.random.default_rng(number).standard_normal((1, round(seconds * 8_000))) * 0.1
        audio.write(tmp_path / "clips" / f"{number}.wav", Audio(noise.astype(np.float32), 8_000), "PCM_16")
    config = {
        "name": "sleepers",
        "datasets": [{"loader": "folder", "name": "s", "category": "speech", "path": str(tmp_path / "clips")}],
        "codecs": [{"name": SLEEPER}],
        "metrics": ["snr"],
    }
    watched = Watched()
    run(config, output=tmp_path / "run", cache=tmp_path / "cache", workers=workers, engine=watched)
    began = sorted(watched.begins.values())
    works = [Work(watched.ends[clip] - begin, 0.0, rows=2) for clip, begin in watched.begins.items()]
    expected = simulate(longest_first(works), Site(workers)).seconds
    late = began[workers - 1] - began[0]  # workers start at the same time, not in the same instant
    assert max(watched.ends.values()) - began[0] == pytest.approx(expected, abs=0.1 * expected + 0.3 + late)
