"""What every engine is: where jobs run. All of them yield the same events, so that all of them give the same tables."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bench.cells.planning import Job, Step
from bench.cells.shards import Done, Event, Finished, Inspected, Shard, Started, coded
from bench.engines.queue import Crew, Queue
from bench.errors import CodecbenchError

Retry = Callable[[Job, Step, str], Job | None]
"""Given a job, the step its worker died in and how: the job that is left, or None if nothing is."""


class Engine(Protocol):
    """Where jobs run. No table depends on which it was."""

    @property
    def name(self) -> str:
        """As in ``--engine``."""

    @property
    def start_s(self) -> float:
        """How long the first worker of the last :meth:`run_jobs` took until it could be given something, in seconds."""

    def cores(self) -> int:
        """How many workers it can run at once, coders included."""

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        """Run ``jobs`` and yield rows as they are finished, in any order.

        Jobs are drawn only as workers become free, so that memory does not grow with their number. A step without an
        answer for the time limit of ``crew`` ends its worker. Closing the iterator ends all of them.

        Raises:
            CodecbenchError: what a worker met that ends the run, or workers that cannot start at all.
        """


@dataclass(frozen=True, slots=True)
class Idle:
    """The worker has finished its shard."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """The worker met something that no retry mends, such as a full disk."""

    error: CodecbenchError


@dataclass(frozen=True, slots=True)
class Died:
    """The worker has ended, or was ended, in the middle of its shard."""

    how: str


Message = Event | Idle | Fatal | Died
"""What an engine hears of its workers."""


class Worker(Protocol):
    """The driver's side of a worker."""

    work: Work | None
    """What it is at; kept by :func:`drive`."""
    coding: bool
    """Whether it is a coder."""

    @property
    def ready(self) -> bool:
        """Whether it can be given a shard, once it has none."""

    def give(self, shard: Shard) -> None:
        """Let it work on ``shard``; one that has died starts again."""

    def stop(self) -> None:
        """End it and everything that it has started."""


class Work:
    """A shard that a worker is at: what is left of it, and the encodings that came of it."""

    def __init__(self, shard: Shard) -> None:
        self.coding = shard.coding
        self.left: dict[int, Job] = dict(enumerate(shard.jobs))
        self.at = Started(Step("start"))
        self.rows: dict[str, Mapping[str, Any]] = {}

    def ended(self, job: int, queue: Queue) -> None:
        """That ``job`` of the shard is done; where it was coded, it now waits to be measured."""
        done = self.left.pop(job)
        if self.coding:
            queue.measure(done, self.rows)

    def died(self, how: str, queue: Queue, retry: Retry) -> None:
        """Its worker has died. The job it was at is a matter for ``retry``, the others wait again.

        A batch is nobody's fault: each of its jobs waits again, to be coded by itself.
        """
        at = self.left.pop(self.at.job, None) if self.at.job is not None else None
        for job in reversed(self.left.values()):
            queue.again(coded(job, self.rows) if self.coding else job, alone=self.at.job is None)
        if at is not None and (rest := retry(at, self.at.step, how)) is not None:
            queue.again(rest)


W = TypeVar("W", bound=Worker)
Heard = Callable[[], Iterable[tuple[W, Message]]]
"""Waits until there is news of a worker; may come back with nothing."""


def drive(queue: Queue, pool: Sequence[W], heard: Heard[W], retry: Retry) -> Generator[Finished | Inspected]:
    """The loop of every engine: one shard at a time for each worker of ``pool``; see :meth:`Engine.run_jobs`."""
    try:
        while True:
            for worker in pool:
                if worker.work is None and worker.ready and (shard := queue.shard(worker.coding)) is not None:
                    worker.work = Work(shard)
                    worker.give(shard)
            if all(worker.work is None for worker in pool) and queue.empty:
                return
            for worker, message in heard():
                if isinstance(message, Fatal):
                    raise message.error
                if isinstance(message, Idle):
                    worker.work = None
                elif isinstance(message, Died):
                    work, worker.work = worker.work, None
                    if work is not None:
                        work.died(message.how, queue, retry)
                elif worker.work is not None:
                    if isinstance(message, Started):
                        worker.work.at = message
                    elif isinstance(message, Done):
                        worker.work.ended(message.job, queue)
                    else:
                        if worker.work.coding and isinstance(message, Finished):
                            worker.work.rows.update(message.rows)
                        yield message
    finally:
        for worker in pool:
            worker.stop()
