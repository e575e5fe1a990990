"""The worker process: takes shards from a socket, sends events back, ends when the socket closes."""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection

from bench.cells.batches import code_shard
from bench.cells.measure import measure_shard
from bench.cells.shards import Shard, Started
from bench.cells.toolbox import Toolbox
from bench.engines.base import Died, Fatal, Idle, Message
from bench.errors import CodecbenchError
from bench.models.device import CPU, require
from bench.threads import end_with_driver, limit_memory


def serve(pipe: Connection) -> None:
    """Work on one shard after the other until the driver is gone.

    What ends a step goes with the start of the next one, which follows at once: half as many messages.
    """
    tools: Toolbox | None = None
    while True:
        try:
            shard: Shard = pipe.recv()
        except (EOFError, OSError):
            return
        held: list[Message] = []
        try:
            tools = tools or _equipped(shard)
            for event in code_shard(shard, tools) if shard.coding else measure_shard(shard, tools):
                held.append(event)
                if isinstance(event, Started):
                    pipe.send(held)
                    held = []
            pipe.send([*held, Idle()])
        except (BrokenPipeError, ConnectionResetError):
            return
        except CodecbenchError as error:
            pipe.send([*held, Fatal(error)])
            return
        except MemoryError:  # whoever took it: a fresh worker has all of it for this step
            pipe.send([*held, Died("the worker was out of memory")])
            return


def keep_to_itself(pipe: Connection) -> None:
    """No process that a codec starts or forks holds the socket open, or speaks through it in the worker's name."""
    os.set_inheritable(pipe.fileno(), False)
    os.register_at_fork(after_in_child=pipe.close)


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


if __name__ == "__main__":
    limit_memory()
    connection = Connection(int(sys.argv[1]))
    keep_to_itself(connection)
    end_with_driver(connection.fileno())
    serve(connection)
