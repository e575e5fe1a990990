"""Shards on a Ray cluster: one actor a worker, each with one worker process and one shard at a time.

What works is the same process as in the local engine, with the same threads, interpreter and modules; its actor is in
:mod:`bench.engines.ray_actor`. So both engines say the same of a codec that crashes.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from bench.cells.planning import Job
from bench.cells.shards import Finished, Inspected, Shard
from bench.engines.base import Died, Fatal, Idle, Message, Retry, Work, drive
from bench.engines.queue import Crew, Queue
from bench.engines.ray_actor import OF_STORES, Host, Node, Probe
from bench.errors import ConfigError, MissingRequirement, WorkerDied
from bench.provenance import available_cores, package_versions
from bench.storage import is_remote, remove
from bench.store import write_bytes
from bench.threads import ONE_THREAD, import_path

START_ATTEMPTS = 5
"""How often in a row an actor may fail to start."""

GRACE_S = 120.0
"""How much longer than a step's own timeout the driver waits for its actor: a frozen machine tells of no timeout."""

ANSWER_S = 10.0
"""How long a cluster may take to answer at its address."""

OBJECT_STORE_BYTES = 100 * 2**20
"""Of a cluster started here. Only messages pass through it, where Ray would reserve a third of the memory."""

SHORT = "/tmp"  # noqa: S108
"""Where the files of a cluster started here lie while it lasts: the path of a socket may have 107 bytes."""

HANDED_OVER = ("HF_HOME", "PATH", "TORCH_HOME", "XDG_CACHE_HOME")
"""Variables that decide what a worker finds, besides those that begin with :data:`HANDED_OVER_KINDS`."""

HANDED_OVER_KINDS = ("CODECBENCH_", *OF_STORES)
"""Not in the actor's runtime environment, which Ray shows to everybody: some are secrets."""


@dataclass(slots=True)
class Ray:
    """The engine of ``--engine ray``.

    ``address`` is ``host:port`` of a cluster, or ``auto`` for the one of this machine; without it a cluster of this
    machine alone is started, and ended with the run. A process that is connected already stays so. ``gpus_per_worker``
    is what Ray sets aside for each worker that is no coder. ``patience_s`` is how long a run waits for a free core.
    """

    address: str | None = None
    gpus_per_worker: float = 0.0
    patience_s: float = 300.0
    path: str = field(default_factory=import_path, init=False, repr=False)  # before Ray puts its own folders into it
    start_s: float = field(default=0.0, init=False, compare=False)
    name: ClassVar[str] = "ray"

    def __post_init__(self) -> None:
        if find_spec("ray") is None:
            raise MissingRequirement("--engine ray needs ray. To get it: pip install 'codecbench[ray]'")
        if self.address is not None and not re.fullmatch(r"auto|[^/\s]+:\d+", self.address):
            raise ConfigError(f"--address: expected host:port of a Ray cluster, or auto, got {self.address!r}.")
        if self.gpus_per_worker < 0:
            raise ConfigError(f"--gpus-per-worker: expected 0 or more, got {self.gpus_per_worker:g}.")

    def cores(self) -> int:
        """Workers that the cluster has room for."""
        if self.address is None:
            return available_cores()
        with _connected(self.address, 0) as ray:
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return max(1, sum(self._room(node) for node in nodes))

    def _room(self, resources: Mapping[str, float]) -> int:
        cores = resources.get("CPU", 0.0)
        return int(min(cores, resources.get("GPU", 0.0) / self.gpus_per_worker) if self.gpus_per_worker else cores)

    def run_jobs(self, jobs: Iterable[Job], crew: Crew, retry: Retry) -> Generator[Finished | Inspected]:
        """See :meth:`bench.engines.base.Engine.run_jobs`. A shard waits only for an actor that has started."""
        queue = Queue(jobs, crew)
        if (first := queue.first) is None:
            return
        began = time.monotonic()
        with _connected(self.address, crew.workers + crew.coders) as ray, _probe(first) as probe:
            starting = _Starting(ray, probe, crew.timeout_s, self.gpus_per_worker, self.path)
            pool = [_Worker(starting) for _ in range(crew.workers)]
            if crew.coders:
                coding = replace(starting, gpus=crew.num_gpus / crew.coders)
                pool += [_Worker(coding, coding=True) for _ in range(crew.coders)]
            self.start_s, active = 0.0, began

            def heard() -> Iterator[tuple[_Worker, Message]]:
                nonlocal active
                for worker in _with_news(ray, pool):
                    for message in worker.receive():
                        yield worker, message
                for worker in pool:
                    if worker.work is not None and time.monotonic() > worker.since + crew.timeout_s + GRACE_S:
                        yield worker, worker.lost(f"no answer within {crew.timeout_s + GRACE_S:g} s; it was stopped")
                if not self.start_s and any(worker.ready for worker in pool):
                    self.start_s = time.monotonic() - began
                if any(worker.work is not None for worker in pool) or all(worker.ready for worker in pool):
                    active = time.monotonic()
                elif time.monotonic() > active + self.patience_s:
                    raise WorkerDied(_no_room(ray, self, crew))

            yield from drive(queue, pool, heard, retry)


@dataclass(frozen=True, slots=True)
class _Starting:
    """What it takes to start an actor."""

    ray: Any
    probe: Probe
    timeout_s: float
    gpus: float
    path: str

    def actor(self) -> Any:
        """A new one; it starts when the cluster has room."""
        handed = {name: os.environ[name] for name in os.environ if _is_handed_over(name)}
        host = self.ray.remote(Host).options(
            num_cpus=1,
            num_gpus=self.gpus,
            max_restarts=0,
            runtime_env={"env_vars": {**ONE_THREAD, "PYTHONPATH": self.path}},
        )
        handed["PYTHONPATH"] = self.path
        return host.remote(self.timeout_s, sys.executable, handed, str(Path.cwd()))


class _Worker:
    """The driver's side of an actor; has another one started when it is lost."""

    def __init__(self, starting: _Starting, coding: bool = False) -> None:
        self.work: Work | None = None
        self.coding = coding
        self.since = 0.0
        self.news: Any = None
        self._starting = starting
        self._failed_starts = 0
        self._start()

    def _start(self) -> None:
        self._place: Node | None = None
        self._actor = self._starting.actor()
        self.news = self._actor.check.remote(self._starting.probe)

    @property
    def ready(self) -> bool:
        return self._place is not None

    def give(self, shard: Shard) -> None:
        self.since = time.monotonic()
        are_there = [Path(job.clip.path).exists() for job in shard.jobs]
        self.news = self._actor.work.options(num_returns="streaming").remote(shard, are_there)

    def receive(self) -> list[Message]:
        """Its news, which have come."""
        ray = self._starting.ray
        try:
            if self._place is None:
                return self._started(ray.get(self.news))
            messages: list[Message] = ray.get(next(self.news))
        except (ray.exceptions.RayError, StopIteration) as error:
            return [self._after(error)]
        self.since = time.monotonic()
        if isinstance(messages[-1], Idle | Fatal | Died):
            self.news = None
        return messages

    def _started(self, found: Node | Fatal) -> list[Message]:
        if isinstance(found, Fatal):
            return [found]
        self._place, self._failed_starts, self.news = found, 0, None
        return []

    def _after(self, error: BaseException) -> Message:
        ray = self._starting.ray
        if self._place is None:
            self._failed_starts += 1
            if self._failed_starts >= START_ATTEMPTS:
                return Fatal(WorkerDied(f"Ray cannot start a worker: {_last_line(error)}"))
            return self.lost(_last_line(error))
        if not isinstance(error, ray.exceptions.RayActorError):
            return self.lost(f"its Ray actor on {self._place.host} failed: {_last_line(error)}")
        # a dead node is known as such only later, so that the two cannot be told apart here
        return self.lost(f"its Ray actor on {self._place.host} was lost (out of memory, ended, or gone with its node)")

    def lost(self, how: str) -> Died:
        """End it, if it has not ended, and let another one start."""
        self.stop()
        self._start()
        return Died(how)

    def stop(self) -> None:
        with suppress(self._starting.ray.exceptions.RayError):
            self._starting.ray.kill(self._actor)


def _with_news(ray: Any, pool: list[_Worker]) -> list[_Worker]:
    """The workers of which something is to be received; waits a second for the first."""
    expected = [worker for worker in pool if worker.news is not None]
    news = [worker.news for worker in expected]
    ray.wait(news, timeout=1.0, fetch_local=False)
    come, _ = ray.wait(news, num_returns=len(news), timeout=0, fetch_local=False)
    found = {id(one) for one in come}
    return [worker for worker in expected if id(worker.news) in found]


@contextmanager
def _connected(address: str | None, workers: int) -> Iterator[Any]:
    """The module ``ray``, connected: to ``address``, or to a cluster of this machine that ends with the context."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    interrupted = signal.getsignal(signal.SIGTERM)
    with ExitStack() as ending:
        import ray

        if ray.is_initialized():
            yield ray
            return
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
        if address is None:
            folder = TemporaryDirectory(prefix="codecbench-ray-", dir=SHORT, ignore_cleanup_errors=True)
            quiet |= {"_temp_dir": ending.enter_context(folder), "object_store_memory": OBJECT_STORE_BYTES}
            quiet |= {"num_cpus": workers, "include_dashboard": False}
        ending.callback(ray.shutdown)
        try:
            if address not in (None, "auto"):
                host, _, port = str(address).rpartition(":")
                socket.create_connection(
                    (host.strip("[]"), int(port)), ANSWER_S
                ).close()  # Ray itself would try for minutes
            ray.init(address or "local", **quiet)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            where = f"--address {address}: no Ray cluster can be used there" if address else "Ray does not start here"
            raise ConfigError(f"{where} ({_last_line(error)}). `ray status` shows what runs.") from None
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, interrupted)  # which Ray has taken to itself
        yield ray


@contextmanager
def _probe(job: Job) -> Iterator[Probe]:
    path = (job.folder / ".scratch" if is_remote(job.folder) else job.scratch) / f"probe-{os.getpid()}-{time.time_ns()}"
    try:
        write_bytes(path, path.name.encode())
        yield Probe(path, path.name, package_versions())
    finally:
        remove(path)


def _is_handed_over(name: str) -> bool:
    return name in HANDED_OVER or (name.startswith(HANDED_OVER_KINDS) and not name.startswith("CODECBENCH_LISTEN_"))


def _no_room(ray: Any, engine: Ray, crew: Crew) -> str:
    total, free = ray.cluster_resources(), ray.available_resources()
    has = ", ".join(f"{total.get(name, 0):g} {name} ({free.get(name, 0):g} free)" for name in ("CPU", "GPU"))
    need = f"1 CPU and {engine.gpus_per_worker:g} GPU" if engine.gpus_per_worker else "1 CPU"
    if crew.coders:
        need += f" (a coding worker 1 CPU and {crew.num_gpus / crew.coders:g} GPU)"
    return (
        f"no worker could start within {engine.patience_s:g} s: each needs {need} of one node; the cluster has {has}."
    )


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
