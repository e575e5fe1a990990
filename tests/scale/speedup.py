"""How much faster two workers are than one, and how much faster this machine can be at all.

A machine that others use, or whose cores share caches and memory, does not give twice the speed to anything. So the
ceiling is measured beside the speed-up: the same run by one worker alone, and twice at the same time in two folders.
Runs take turns, each repetition in another order, and the medians of the repetitions count. Before them a short run
fills the page cache and the caches of compiled code.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import runner
from tests.scale.costs import Usage
from tests.scale.measured import start, usage

GOAL = 1.8
RAY_GOAL = 1.1


@dataclass(frozen=True, slots=True)
class Job:
    """The real job, or its first clips of each dataset."""

    config: str
    data: str | None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Speedup:
    """Medians over the repetitions."""

    one_s: float
    two_s: float
    speedup: float
    ceiling: float
    one_cpu_s: float
    two_cpu_s: float
    repetitions: int

    @property
    def of_ceiling(self) -> float:
        """The share of what the machine can give: of two independent runs, which share nothing of ours."""
        return self.speedup / self.ceiling


@dataclass(frozen=True, slots=True)
class AgainstLocal:
    """Ray with two workers against the local engine with two, the start of Ray left out."""

    local_s: float
    ray_s: float
    ray_start_s: float
    ratio: float
    repetitions: int


class Place:
    """A folder for runs: each gets folders of its own, and the data sets that are built once."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job, self._folder, self._runs = job, folder, 0
        runner.load_plan(job.config, job.data, folder / "cache")

    def measure(self, workers: int, times: int = 1, engine: str = "local", limit: int | None = None) -> list[Usage]:
        """The job, from nothing, ``times`` at once."""
        with self.fresh(times) as folders:
            return [run for run, _ in self.run(folders, workers, engine, limit)]

    def run(
        self, folders: list[Path], workers: int, engine: str = "local", limit: int | None = None
    ) -> list[tuple[Usage, Path]]:
        """A run in each of ``folders``, all at once; what it took and its run folder."""
        limit = self.job.limit if limit is None else limit
        job = self.job
        started = [start(job.config, one / "run", one / "cache", workers, job.data, limit, engine) for one in folders]
        return [(usage(process), one / "run") for process, one in zip(started, folders, strict=True)]

    @contextmanager
    def fresh(self, times: int = 1) -> Iterator[list[Path]]:
        """Folders whose caches hold the data sets and no bitstream; removed at the end."""
        folders = [self._folder / f"{self._runs + number}" for number in range(times)]
        self._runs += times
        for one in folders:
            if (self._folder / "cache").is_dir():
                shutil.copytree(self._folder / "cache", one / "cache")
        try:
            yield folders
        finally:
            for one in folders:
                shutil.rmtree(one, ignore_errors=True)


def speedup(place: Place, repetitions: int = 3, tell: Callable[[str], None] = print) -> Speedup:
    """Local engine, one worker and two, and the ceiling of the machine."""
    place.measure(1, limit=1)
    ones: list[Usage] = []
    twos: list[Usage] = []
    pairs: list[list[Usage]] = []
    turns = [
        lambda: ones.append(place.measure(1)[0]),
        lambda: twos.append(place.measure(2)[0]),
        lambda: pairs.append(place.measure(1, times=2)),
    ]
    for number in range(repetitions):
        for place_in_turn in range(len(turns)):
            turns[(number + place_in_turn) % len(turns)]()
        tell(
            f"  1 worker {ones[-1].wall_s:.1f} s, 2 workers {twos[-1].wall_s:.1f} s, "
            f"two runs of 1 worker at once {', '.join(f'{run.wall_s:.1f}' for run in pairs[-1])} s"
        )
    return Speedup(
        one_s=median(run.wall_s for run in ones),
        two_s=median(run.wall_s for run in twos),
        speedup=median(one.wall_s / two.wall_s for one, two in zip(ones, twos, strict=True)),
        ceiling=median(
            2 * one.wall_s / (sum(run.wall_s for run in pair) / 2) for one, pair in zip(ones, pairs, strict=True)
        ),
        one_cpu_s=median(run.workers_cpu_s + run.driver_cpu_s for run in ones),
        two_cpu_s=median(run.workers_cpu_s + run.driver_cpu_s for run in twos),
        repetitions=repetitions,
    )


def ray_against_local(place: Place, start_s: Callable[[Path], float], repetitions: int = 3) -> AgainstLocal:
    """Two workers of each engine in turn; ``start_s`` reads from a run folder how long Ray took to start."""
    place.measure(2, limit=1)
    local: list[float] = []
    ray: list[float] = []
    starts: list[float] = []
    for number in range(repetitions):
        for engine in ("local", "ray") if number % 2 == 0 else ("ray", "local"):
            with place.fresh() as folders:
                ((used, folder),) = place.run(folders, 2, engine)
                if engine == "local":
                    local.append(used.wall_s)
                else:
                    ray.append(used.wall_s)
                    starts.append(start_s(folder))
    beyond = [whole - start for whole, start in zip(ray, starts, strict=True)]
    return AgainstLocal(
        local_s=median(local),
        ray_s=median(ray),
        ray_start_s=median(starts),
        ratio=median(one / other for one, other in zip(beyond, local, strict=True)),
        repetitions=repetitions,
    )
