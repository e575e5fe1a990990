"""The worker process: takes jobs from a socket, sends events back, ends when the socket closes."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from bench.engines.local import Done, Fatal
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


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
