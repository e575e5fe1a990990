"""What every process that measures keeps to: one thread, a limit of memory, and to end with its driver.

A sum over two threads differs in its last bit from a sum over one, and the number of workers must not show in a table.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""Environment variables; they count only before numpy, numba or torch is imported."""


def import_path() -> str:
    """Where this interpreter finds modules, as ``PYTHONPATH``: a codec in a file here works in a worker, too."""
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


def child(
    command: Sequence[str], environment: Mapping[str, str], stdout: int | IO[bytes], stderr: int | IO[bytes] | None
) -> tuple[subprocess.Popen[bytes], Connection]:
    """A process that measures, and the driver's end of the socket whose descriptor is its last argument.

    ``environment`` is added to that of this process.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [*command, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, **environment, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C is for the driver, which then ends its workers in order
        )
    return process, Connection(ours.detach())


def limit_memory() -> None:
    """Let a codec that leaks end itself: at ``CODECBENCH_WORKER_MEMORY_GB``, or first where the machine has no more."""
    if text := os.environ.get("CODECBENCH_WORKER_MEMORY_GB"):
        size, most = int(float(text) * 1e9), resource.getrlimit(resource.RLIMIT_DATA)[1]
        if most == resource.RLIM_INFINITY or size < most:  # whoever has started the run may have set less
            resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    with suppress(OSError):  # only Linux has it
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def end_with_driver(channel: int) -> None:
    """From here on, end this process and its group, in whatever step, as soon as the other end of ``channel`` is gone.

    ``channel`` is the descriptor of a socket or pipe from the driver, which ends with it however it ends.
    """

    def watch() -> None:
        end = select.poll()
        end.register(channel, 0)  # only its end is of interest
        end.poll()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
