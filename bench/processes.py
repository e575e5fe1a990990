"""A function in worker processes, each a fresh interpreter with one thread: what crashes one costs its task only."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, wait
from typing import Any

from bench.errors import CodecbenchError
from bench.threads import child, import_path


@dataclass(frozen=True, slots=True)
class Died:
    """The result of a task whose process has ended in the middle of it: ``how``, such as ``signal 9``."""

    how: str


def results(function: str, tasks: Iterable[Any], workers: int, *shared: object) -> Iterator[tuple[Any, Any]]:
    """Each of ``tasks`` with what ``function(*shared, task)`` gives, or :class:`Died`; in any order.

    Args:
        function: ``module:name``; it, ``shared``, tasks and results go through pickle. ``shared`` goes once.
    Raises:
        CodecbenchError: what the function raises; another exception ends its process.
    """
    left = deque(tasks)
    pool: dict[Any, _Worker] = {}
    try:
        while left or pool:
            while left and len(pool) < workers:
                worker = _Worker(function, shared, left.popleft())
                pool[worker.pipe] = worker
            for pipe in wait(list(pool)):
                task, result = pool[pipe].task, pool[pipe].result()
                if isinstance(result, CodecbenchError):
                    raise result
                if isinstance(result, Died):
                    del pool[pipe]
                elif left:
                    pool[pipe].give(left.popleft())
                else:
                    pool.pop(pipe).end()
                yield task, result
    finally:
        for worker in pool.values():
            worker.end()


class _Worker:
    """A process that does one task after the other."""

    def __init__(self, function: str, shared: tuple[object, ...], task: object) -> None:
        code = "import sys; from bench.processes import serve; serve(int(sys.argv[1]))"
        path = {"PYTHONPATH": import_path()}
        self._process, self.pipe = child([sys.executable, "-c", code], path, subprocess.DEVNULL, None)
        self._send((function, shared))
        self.give(task)

    def give(self, task: object) -> None:
        self.task = task
        self._send(task)

    def result(self) -> Any:
        """What the function gave or raised, or how the process has died."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            return Died(self.end())

    def end(self) -> str:
        """Stop it, and say how it ended."""
        self.pipe.close()
        self._process.kill()
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"code {code}"

    def _send(self, value: object) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has just died; result() will say so
            self.pipe.send(value)


def serve(descriptor: int) -> None:
    """The worker's side: the function and what is shared, then tasks, from a socket until it closes."""
    with Connection(descriptor) as pipe, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        target, shared = pipe.recv()
        module, _, name = target.partition(":")
        work = getattr(import_module(module), name)
        while True:
            task = pipe.recv()
            try:
                result = work(*shared, task)
            except CodecbenchError as error:
                result = error
            pipe.send(result)
