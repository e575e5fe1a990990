"""Jobs on this machine: a few worker processes, each with one job at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait

from bench.engines.base import Message, Retry, drive
from bench.engines.process import Process, import_path
from bench.measure import Finished, Inspected
from bench.planning import Job, Step


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Local:
    """The engine of ``--engine local``."""

    name: str = "local"

    def cores(self) -> int:
        """Cores that this process may use."""
        return available_cores()

    def run_jobs(
        self, jobs: Iterable[Job], workers: int, timeout_s: float, retry: Retry
    ) -> Generator[Finished | Inspected]:
        """See :meth:`bench.engines.base.Engine.run_jobs`."""
        pool = [_Worker(timeout_s, sys.executable, {"PYTHONPATH": import_path()}) for _ in range(workers)]

        def heard() -> Iterator[tuple[_Worker, Message]]:
            busy = [worker for worker in pool if worker.job is not None]
            ready = wait([worker.pipe for worker in busy], min(worker.time_left_s for worker in busy))
            for worker in busy:
                if worker.pipe in ready or not worker.time_left_s:
                    yield worker, worker.receive()

        return drive(jobs, pool, heard, retry)


class _Worker(Process):
    """A process and what it works on."""

    job: Job | None = None
    step = Step("start")
    ready = True
