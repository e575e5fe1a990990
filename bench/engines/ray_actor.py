"""The actor of the Ray engine: on some node, beside the process that works; hands its messages on.

It sees how that process ends, which Ray does not tell.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cells.shards import Shard
from bench.engines.base import Died, Fatal, Idle, Message
from bench.engines.process import Process
from bench.errors import DatasetError, MissingRequirement, StoreError
from bench.provenance import package_versions
from bench.storage import Place, read_bytes

GATHER_S = 0.05
"""For how long an actor gathers messages before it sends them."""


OF_STORES = ("AWS_", "FSSPEC_", "GOOGLE_APPLICATION_CREDENTIALS")
"""How variables begin that say where stores are, and what opens them."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A file in the run folder that every node must see, and the packages that it must have."""

    path: Place
    text: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Node:
    """Where an actor runs."""

    host: str


class Host:
    """The actor."""

    def __init__(self, timeout_s: float, interpreter: str, environment: Mapping[str, str], folder: str) -> None:
        self._interpreter, self._folder = interpreter, folder
        os.environ.update({name: value for name, value in environment.items() if name.startswith(OF_STORES)})
        self._process = Process(timeout_s, interpreter, environment)

    def check(self, probe: Probe) -> Node | Fatal:
        """Whether this node can do the work of the driver."""
        node = Node(socket.gethostname())
        host = f"node {node.host}"
        try:
            seen = read_bytes(probe.path).decode()
        except OSError:
            seen = ""
        except (StoreError, MissingRequirement) as error:
            return Fatal(type(error)(f"{host}: {error}"))
        shared = "Put it on a file system that all nodes have at the same place."
        if seen != probe.text:
            return Fatal(StoreError(f"{probe.path.parent.parent}: {host} does not see this run folder. {shared}"))
        if not Path(self._interpreter).exists():
            return Fatal(MissingRequirement(f"{self._interpreter}: {host} does not have this interpreter. {shared}"))
        if not Path(self._folder).is_dir():
            return Fatal(StoreError(f"{self._folder}: {host} does not have the current folder. {shared}"))
        os.chdir(self._folder)
        here = package_versions()
        wrong = [
            f"{name} {here.get(name, 'none')} instead of {probe.versions.get(name, 'none')}"
            for name in sorted({*here, *probe.versions})
            if here.get(name) != probe.versions.get(name)
        ]
        if wrong:
            return Fatal(MissingRequirement(f"{host} has {', '.join(wrong)}. Install the same packages on all nodes."))
        return node

    def work(self, shard: Shard, are_there: Sequence[bool]) -> Iterator[list[Message]]:
        """What comes of ``shard``, in the order in which it comes; ``are_there``: the driver sees the clips' files."""
        for job, is_there in zip(shard.jobs, are_there, strict=True):
            if is_there and not Path(job.clip.path).exists():
                advice = "Put the data on a file system that all nodes have at the same place."
                where = f"{job.clip.path}: node {socket.gethostname()} does not see it"
                yield [Fatal(DatasetError(f"{where}. {advice}"))]
                return
        self._process.give(shard)
        ended = False
        while not ended:
            self._process.pipe.poll(self._process.time_left_s)
            gathered = self._process.receive()
            until = time.monotonic() + GATHER_S
            while not (ended := isinstance(gathered[-1], Idle | Fatal | Died)) and self._process.pipe.poll(
                max(0.0, until - time.monotonic())
            ):
                gathered += self._process.receive()
            yield gathered
