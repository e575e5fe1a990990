"""Shards on this machine: a few worker processes, each with one shard at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait

from bench.cells.planning import Job
from bench.cells.shards import Finished, Inspected
from bench.engines.base import Message, Retry, Work, drive
from bench.engines.process import Process
from bench.engines.queue import Crew, Queue
from bench.provenance import available_cores
from bench.threads import import_path

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Local:
    """The engine of ``--engine local``."""

    name: str = "local"
    start_s: float = 0.0
    """A worker starts with its first shard: there is nothing to wait for before."""

    def cores(self) -> int:
        """Cores that this process may use."""
        return available_cores()

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        """See :meth:`bench.engines.base.Engine.run_jobs`."""
        pool = [_Worker(crew.timeout_s) for _ in range(crew.workers)]
        pool += [_Worker(crew.timeout_s, gpu) for gpu in gpus_of_coders(crew, os.environ.get(VISIBLE))]

        def heard() -> Iterator[tuple[_Worker, Message]]:
            busy = [worker for worker in pool if worker.work is not None]
            ready = wait([worker.pipe for worker in busy], min(worker.time_left_s for worker in busy))
            for worker in busy:
                if worker.pipe in ready or not worker.time_left_s:
                    for message in worker.receive():
                        yield worker, message

        return drive(Queue(jobs, crew), pool, heard, retry)


class _Worker(Process):
    """A process and what it works on. ``gpu``: of a coder, the one GPU that it sees; empty for all that there are."""

    work: Work | None = None
    ready = True

    def __init__(self, timeout_s: float, gpu: str | None = None) -> None:
        self.coding = gpu is not None
        super().__init__(timeout_s, sys.executable, {"PYTHONPATH": import_path()} | ({VISIBLE: gpu} if gpu else {}))


def gpus_of_coders(crew: Crew, visible: str | None) -> list[str]:
    """What each coder is to see of the GPUs that this process may see; nothing for one that may see all of them.

    >>> gpus_of_coders(Crew(2, 60.0, coders=2, num_gpus=2), None), gpus_of_coders(Crew(2, 60.0, 2, 2), "4,5")
    (['0', '1'], ['4', '5'])
    """
    if crew.coders < 2 or not crew.num_gpus:
        return [""] * crew.coders
    names = visible.split(",") if visible is not None else [str(number) for number in range(crew.coders)]
    return [names[number % len(names)] for number in range(crew.coders)]
