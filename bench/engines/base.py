"""What every engine is: where jobs run. All of them yield the same events, so that all of them give the same tables."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from bench.errors import CodecbenchError
from bench.measure import Event, Finished, Inspected, Started
from bench.planning import Job, Step

Retry = Callable[[Job, Step, str], Job | None]
"""Given a job, the step its worker died in and how: the job that is left, or None if nothing is."""


class Engine(Protocol):
    """Where jobs run. No table depends on which it was."""

    @property
    def name(self) -> str:
        """As in ``--engine``."""

    def cores(self) -> int:
        """How many workers it can run at once."""

    def run_jobs(
        self, jobs: Iterable[Job], workers: int, timeout_s: float, retry: Retry
    ) -> Generator[Finished | Inspected]:
        """Run ``jobs`` and yield rows as they are finished, in any order.

        Jobs are drawn only as workers become free, so that memory does not grow with their number. A step without an
        answer for ``timeout_s`` ends its worker. Closing the iterator ends all of them.

        Raises:
            CodecbenchError: what a worker met that ends the run, or workers that cannot start at all.
        """


@dataclass(frozen=True, slots=True)
class Done:
    """The worker has finished its job."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """The worker met something that no retry mends, such as a full disk."""

    error: CodecbenchError


@dataclass(frozen=True, slots=True)
class Died:
    """The worker has ended, or was ended, in the middle of its job."""

    how: str


Message = Event | Done | Fatal | Died
"""What an engine hears of its workers."""


class Worker(Protocol):
    """The driver's side of a worker; ``job`` and ``step`` are kept by :func:`drive`."""

    job: Job | None
    step: Step

    @property
    def ready(self) -> bool:
        """Whether it can be given a job, once it has none."""

    def give(self, job: Job) -> None:
        """Let it work on ``job``; one that has died starts again."""

    def stop(self) -> None:
        """End it and everything that it has started."""


W = TypeVar("W", bound=Worker)
Heard = Callable[[], Iterable[tuple[W, Message]]]
"""Waits until there is news of a worker; may come back with nothing."""


def drive(jobs: Iterable[Job], pool: Sequence[W], heard: Heard[W], retry: Retry) -> Generator[Finished | Inspected]:
    """The loop of every engine: one job at a time for each worker of ``pool``; see :meth:`Engine.run_jobs`."""
    waiting: deque[Job] = deque()
    source = iter(jobs)

    def is_more() -> bool:
        if not waiting:
            waiting.extend(islice(source, 1))
        return bool(waiting)

    try:
        while True:
            for worker in pool:
                if worker.job is None and worker.ready and is_more():
                    worker.job, worker.step = waiting.popleft(), Step("start")
                    worker.give(worker.job)
            if all(worker.job is None for worker in pool) and not is_more():
                return
            for worker, message in heard():
                if isinstance(message, Started):
                    worker.step = message.step
                elif isinstance(message, Fatal):
                    raise message.error
                elif isinstance(message, Done):
                    worker.job = None
                elif isinstance(message, Died):
                    job, worker.job = worker.job, None
                    if job is not None and (left := retry(job, worker.step, message.how)) is not None:
                        waiting.append(left)
                else:
                    yield message
    finally:
        for worker in pool:
            worker.stop()
