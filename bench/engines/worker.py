"""The worker process: takes shards from a socket, sends events back, ends when the socket closes."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from multiprocessing.connection import Connection

from bench.batches import code_shard
from bench.device import CPU, require
from bench.engines.base import Fatal, Idle
from bench.errors import CodecbenchError
from bench.measure import measure_shard
from bench.shards import Shard
from bench.toolbox import Toolbox


def serve(pipe: Connection) -> None:
    """Work on one shard after the other until the driver is gone."""
    tools: Toolbox | None = None
    while True:
        try:
            shard: Shard = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            tools = tools or _equipped(shard)
            for event in code_shard(shard, tools) if shard.coding else measure_shard(shard, tools):
                pipe.send(event)
            pipe.send(Idle())
        except (BrokenPipeError, ConnectionResetError):
            return
        except CodecbenchError as error:
            pipe.send(Fatal(error))
            return


def _equipped(shard: Shard) -> Toolbox:
    """The toolbox of a worker that was given ``shard`` first.

    Raises:
        MissingRequirement: it has to compute on a device that is not there.
    """
    job = shard.jobs[0]
    if any(todo.on_device and (shard.coding or todo.finished is None) for todo in job.todos):
        require(job.device)
    require(job.metrics_device if not shard.coding else CPU)
    return Toolbox(job.device, job.metrics_device)


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
