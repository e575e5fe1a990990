"""Jobs on this machine: a few worker processes, each with one job at a time.

A worker is a fresh interpreter, not a fork: it starts with its thread counts set, inherits nothing, and needs no
``if __name__ == "__main__"`` in the user's script. Its death costs the step it was in and nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from bench.errors import CodecbenchError
from bench.measure import Finished, Inspected, Started
from bench.planning import Job, Step
from bench.threads import ONE_THREAD

Retry = Callable[[Job, Step, str], Job | None]
"""Given a job, the step its worker died in and how: the job that is left, or None if nothing is."""


@dataclass(frozen=True, slots=True)
class Done:
    """The worker has finished its job."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """The worker met something that no retry mends, such as a full disk."""

    error: CodecbenchError


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_jobs(jobs: Iterable[Job], workers: int, timeout_s: float, retry: Retry) -> Iterator[Finished | Inspected]:
    """Run ``jobs`` and yield rows as they are finished, in any order.

    Jobs are drawn only as workers become free, so that memory does not grow with their number.

    Raises:
        CodecbenchError: what a worker met that ends the run, or workers that cannot start at all.
    """
    waiting: deque[Job] = deque()
    source = iter(jobs)
    pool: list[_Worker] = []

    def next_job() -> Job | None:
        return waiting.popleft() if waiting else next(source, None)

    try:
        for _ in range(workers):
            job = next_job()
            if job is None:
                break
            pool.append(_Worker.start(job))
        while pool:
            timeout = max(0.0, min(worker.deadline(timeout_s) for worker in pool) - time.monotonic())
            ready = wait([worker.pipe for worker in pool], timeout)
            for worker in list(pool):
                if worker.pipe in ready:
                    message = worker.receive()
                elif time.monotonic() > worker.deadline(timeout_s):
                    message = worker.kill(f"no answer within {timeout_s:g} s; the worker was stopped")
                else:
                    continue
                if isinstance(message, Finished | Inspected):
                    yield message
                elif isinstance(message, Fatal):
                    raise message.error
                elif isinstance(message, str):
                    pool.remove(worker)
                    left = retry(worker.job, worker.step, message)
                    if left is not None:
                        waiting.append(left)
                    if (job := next_job()) is not None:
                        pool.append(_Worker.start(job))
                elif isinstance(message, Done):
                    job = next_job()
                    if job is None:
                        worker.stop()
                        pool.remove(worker)
                    else:
                        worker.give(job)
    finally:
        for worker in pool:
            worker.stop()


def scratch(folder: Path) -> Path:
    """Folder for the temporary files of a run's workers."""
    path = folder / ".scratch"
    path.mkdir(exist_ok=True)
    return path


@dataclass
class _Worker:
    """The driver's side of one worker process."""

    process: subprocess.Popen[bytes]
    pipe: Connection
    job: Job
    step: Step = field(default_factory=lambda: Step("start"))
    since: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, job: Job) -> _Worker:
        import socket

        ours, theirs = socket.socketpair()
        environment = {**os.environ, **ONE_THREAD, "PYTHONFAULTHANDLER": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        environment["TMPDIR"] = str(scratch(job.folder))  # what a killed worker leaves there is removed with the folder
        with (job.folder / "workers.log").open("ab") as log, theirs:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-m", "bench.engines.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the driver, which then ends its workers in order
            )
        worker = cls(process, Connection(ours.detach()), job)
        worker.give(job)
        return worker

    def give(self, job: Job) -> None:
        self.job, self.step, self.since = job, Step("start"), time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):  # it has just died; receive() will say of what
            self.pipe.send(job)

    def deadline(self, timeout_s: float) -> float:
        return self.since + timeout_s

    def receive(self) -> Finished | Inspected | Done | Fatal | str | None:
        """Its next message; a text if it has died; None for news of a step."""
        try:
            message: Any = self.pipe.recv()
        except (EOFError, OSError):
            return self.kill(None)
        self.since = time.monotonic()
        if isinstance(message, Started):
            self.step = message.step
            return None
        return message  # type: ignore[no-any-return]

    def kill(self, reason: str | None) -> str:
        """End it, if it has not ended, and say how it ended."""
        if reason is not None:
            self._end()
        code = self.process.wait()
        self._end()  # programs that it had started outlive it
        self.pipe.close()
        return reason or _how_it_ended(code, self.job.folder / "workers.log")

    def _end(self) -> None:
        """End it and the programs that it has started; they share its process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        self._end()
        self.process.wait()
        self.pipe.close()


def _how_it_ended(code: int, log: Path) -> str:
    if code >= 0:
        return f"the worker ended with code {code}; {log.name} in the run folder has its last words"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (often: out of memory)" if name == "SIGKILL" else ""
    return f"the worker was ended by {name}{hint}"
