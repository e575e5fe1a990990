"""The worker process: takes jobs from a socket, sends events back, ends when the socket closes."""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection

from bench.engines.base import Died, Done, Fatal
from bench.errors import CodecbenchError
from bench.measure import measure
from bench.threads import end_with_driver, limit_memory
from bench.toolbox import Toolbox


def serve(pipe: Connection) -> None:
    """Measure one job after the other until the driver is gone."""
    tools = Toolbox()
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            for event in measure(job, tools):
                pipe.send(event)
            pipe.send(Done())
        except (BrokenPipeError, ConnectionResetError):
            return
        except CodecbenchError as error:
            pipe.send(Fatal(error))
            return
        except MemoryError:  # whoever took it: a fresh worker has all of it for this step
            pipe.send(Died("the worker was out of memory"))
            return


def keep_to_itself(pipe: Connection) -> None:
    """No process that a codec starts or forks holds the socket open, or speaks through it in the worker's name."""
    os.set_inheritable(pipe.fileno(), False)
    os.register_at_fork(after_in_child=pipe.close)


if __name__ == "__main__":
    limit_memory()
    connection = Connection(int(sys.argv[1]))
    keep_to_itself(connection)
    end_with_driver(connection.fileno())
    serve(connection)
