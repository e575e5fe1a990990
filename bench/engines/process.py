"""One worker process, seen from outside.

It is a fresh interpreter, not a fork: it starts with its thread counts set, inherits nothing, and needs no
``if __name__ == "__main__"`` in the user's script. Its death costs the step it was in and nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from bench.cells.planning import Job
from bench.cells.shards import Shard
from bench.engines.base import Died, Message
from bench.errors import StoreError
from bench.storage import Place, is_remote, working_folder
from bench.store import write_bytes
from bench.threads import child

START_S = 60.0
"""How long a worker may take at least until its first message: on a busy machine, imports alone take seconds."""


class Process:
    """Started with its first shard, and again with the first shard after its death."""

    def __init__(self, timeout_s: float, interpreter: str, environment: Mapping[str, str]) -> None:
        """``environment`` is added to that of this process; a step may take ``timeout_s``."""
        self._timeout_s, self._interpreter, self._environment = timeout_s, interpreter, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._since, self._limit_s = 0.0, timeout_s
        self._log = Path()
        self._kept_log: Place | None = None
        self.pipe: Connection

    def give(self, shard: Shard) -> None:
        """Let it work on ``shard``."""
        if self._process is None:
            self._process, self._limit_s = self._started(shard.jobs[0]), max(self._timeout_s, START_S)
        self._since = time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):  # it has just died; receive() will say of what
            self.pipe.send(shard)

    def _started(self, job: Job) -> subprocess.Popen[bytes]:
        job.scratch.mkdir(parents=True, exist_ok=True)
        own = {"PYTHONFAULTHANDLER": "1", "TMPDIR": str(job.scratch)}  # what is left there is removed with the folder
        self._log = working_folder(job.folder) / "workers.log"
        self._kept_log = job.folder / "workers.log" if is_remote(job.folder) else None
        command = [self._interpreter, "-m", "bench.engines.worker"]
        with self._log.open("ab") as log:
            process, self.pipe = child(command, {**self._environment, **own}, log, log)
        return process

    @property
    def time_left_s(self) -> float:
        """Until its step has taken too long."""
        return max(0.0, self._since + self._limit_s - time.monotonic())

    def receive(self) -> list[Message]:
        """Its next messages, which have come; how it ended if none has and its time is over, or if it is dead."""
        try:
            if self.pipe.poll():
                messages: list[Message] = self.pipe.recv()
                self._since, self._limit_s = time.monotonic(), self._timeout_s
                if isinstance(messages[-1], Died):
                    self.stop()
                return messages
        except (EOFError, OSError):
            assert self._process is not None
            code = self._process.wait()
            self.stop()
            if self._kept_log is not None:
                with suppress(StoreError):
                    write_bytes(self._kept_log, self._log.read_bytes())
            return [Died(_how_it_ended(code, self._log))]
        self.stop()
        return [Died(f"no answer within {self._limit_s:g} s; the worker was stopped")]

    def stop(self) -> None:
        """End it and the programs that it has started, which share its process group and may outlive it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
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
