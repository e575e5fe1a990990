"""The worker process: takes jobs from a socket, sends events back, ends when the socket closes."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from multiprocessing.connection import Connection

from bench.engines.base import Done, Fatal
from bench.errors import CodecbenchError
from bench.measure import measure
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


def end_with_driver(socket: int) -> None:
    """End this process and the programs that it has started, in whatever step, as soon as the driver is dead."""
    watch = select.poll()
    watch.register(socket, 0)  # only its end is of interest
    watch.poll()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    connection = Connection(int(sys.argv[1]))
    threading.Thread(target=end_with_driver, args=[connection.fileno()], daemon=True).start()
    serve(connection)
