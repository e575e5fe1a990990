"""Jobs on a Ray cluster: one actor a worker, each with one worker process and one job at a time.

What measures is the same process as in the local engine, with the same threads, interpreter and modules; the actor sees
how it ends, which Ray does not tell, and hands on its messages. So both engines say the same of a codec that crashes.
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
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from bench.engines.base import Died, Done, Fatal, Message, Retry, drive
from bench.engines.local import available_cores
from bench.engines.process import Process, import_path, scratch
from bench.errors import ConfigError, DatasetError, MissingRequirement, StoreError, WorkerDied
from bench.measure import Finished, Inspected
from bench.planning import Job, Step
from bench.provenance import package_versions
from bench.storage import Place, is_remote, read_bytes, remove
from bench.store import write_bytes
from bench.threads import ONE_THREAD

START_ATTEMPTS = 5
"""How often in a row an actor may fail to start."""

GRACE_S = 120.0
"""How much longer than a step's own timeout the driver waits for its actor: a frozen machine tells of no timeout."""

ANSWER_S = 10.0
"""How long a cluster may take to answer at its address."""

GATHER_S = 0.05
"""For how long an actor gathers messages before it sends them."""

OBJECT_STORE_BYTES = 100 * 2**20
"""Of a cluster started here. Only messages pass through it, where Ray would reserve a third of the memory."""

SHORT = "/tmp"  # noqa: S108
"""Where the files of a cluster started here lie while it lasts: the path of a socket may have 107 bytes."""

HANDED_OVER = ("HF_HOME", "PATH", "TORCH_HOME", "XDG_CACHE_HOME")
"""Variables that decide what a worker finds, besides those that begin with :data:`HANDED_OVER_KINDS`."""

OF_STORES = ("AWS_", "FSSPEC_", "GOOGLE_APPLICATION_CREDENTIALS")
"""How variables begin that say where stores are, and what opens them."""

HANDED_OVER_KINDS = ("CODECBENCH_", *OF_STORES)
"""Not in the actor's runtime environment, which Ray shows to everybody: some are secrets."""


@dataclass(frozen=True, slots=True)
class Ray:
    """The engine of ``--engine ray``.

    ``address`` is ``host:port`` of a cluster, or ``auto`` for the one of this machine; without it a cluster of this
    machine alone is started, and ended with the run. A process that is connected already stays so. ``gpus_per_worker``
    is what Ray sets aside for each worker. ``patience_s`` is how long a run waits for the first free core.
    """

    address: str | None = None
    gpus_per_worker: float = 0.0
    patience_s: float = 300.0
    path: str = field(default_factory=import_path, init=False, repr=False)  # before Ray puts its own folders into it
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

    def run_jobs(
        self, jobs: Iterable[Job], workers: int, timeout_s: float, retry: Retry
    ) -> Generator[Finished | Inspected]:
        """See :meth:`bench.engines.base.Engine.run_jobs`. A job waits only for an actor that has started."""
        source = iter(jobs)
        if (first := next(source, None)) is None:
            return
        with _connected(self.address, workers) as ray, _probe(first.folder) as probe:
            starting = _Starting(ray, probe, timeout_s, self.gpus_per_worker, self.path)
            pool = [_Worker(starting) for _ in range(workers)]
            alive = time.monotonic()

            def heard() -> Iterator[tuple[_Worker, Message]]:
                nonlocal alive
                for worker in _with_news(ray, pool):
                    for message in worker.receive():
                        yield worker, message
                for worker in pool:
                    if worker.job is not None and time.monotonic() > worker.since + timeout_s + GRACE_S:
                        yield worker, worker.lost(f"no answer within {timeout_s + GRACE_S:g} s; it was stopped")
                if any(worker.ready for worker in pool):
                    alive = time.monotonic()
                elif time.monotonic() > alive + self.patience_s:
                    raise WorkerDied(_no_room(ray, self))

            yield from drive(chain([first], source), pool, heard, retry)


@dataclass(frozen=True, slots=True)
class _Probe:
    """A file in the run folder that every node must see, and the packages that it must have."""

    path: Place
    text: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an actor runs."""

    host: str


@dataclass(frozen=True, slots=True)
class _Starting:
    """What it takes to start an actor."""

    ray: Any
    probe: _Probe
    timeout_s: float
    gpus: float
    path: str

    def actor(self) -> Any:
        """A new one; it starts when the cluster has room."""
        handed = {name: os.environ[name] for name in os.environ if _is_handed_over(name)}
        host = self.ray.remote(_Host).options(
            num_cpus=1,
            num_gpus=self.gpus,
            max_restarts=0,
            runtime_env={"env_vars": {**ONE_THREAD, "PYTHONPATH": self.path}},
        )
        handed["PYTHONPATH"] = self.path
        return host.remote(self.timeout_s, sys.executable, handed, str(Path.cwd()))


class _Host:
    """The actor: on some node, beside the process that measures."""

    def __init__(self, timeout_s: float, interpreter: str, environment: Mapping[str, str], folder: str) -> None:
        self._interpreter, self._folder = interpreter, folder
        os.environ.update({name: value for name, value in environment.items() if name.startswith(OF_STORES)})
        self._process = Process(timeout_s, interpreter, environment)

    def check(self, probe: _Probe) -> _Place | Fatal:
        """Whether this node can do the work of the driver."""
        place = _Place(socket.gethostname())
        host = f"node {place.host}"
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
        return place

    def measure(self, job: Job, is_there: bool) -> Iterator[list[Message]]:
        """What comes of ``job``, in the order in which it comes; ``is_there``: the driver sees the clip's file."""
        if is_there and not Path(job.clip.path).exists():
            advice = "Put the data on a file system that all nodes have at the same place."
            yield [Fatal(DatasetError(f"{job.clip.path}: node {socket.gethostname()} does not see it. {advice}"))]
            return
        self._process.give(job)
        ended = False
        while not ended:
            self._process.pipe.poll(self._process.time_left_s)
            gathered = [self._process.receive()]
            until = time.monotonic() + GATHER_S
            while not (ended := isinstance(gathered[-1], Done | Fatal | Died)) and self._process.pipe.poll(
                max(0.0, until - time.monotonic())
            ):
                gathered.append(self._process.receive())
            yield gathered


class _Worker:
    """The driver's side of an actor; has another one started when it is lost."""

    def __init__(self, starting: _Starting) -> None:
        self.job: Job | None = None
        self.step = Step("start")
        self.since = 0.0
        self.news: Any = None
        self._starting = starting
        self._failed_starts = 0
        self._start()

    def _start(self) -> None:
        self._place: _Place | None = None
        self._actor = self._starting.actor()
        self.news = self._actor.check.remote(self._starting.probe)

    @property
    def ready(self) -> bool:
        return self._place is not None

    def give(self, job: Job) -> None:
        self.since = time.monotonic()
        self.news = self._actor.measure.options(num_returns="streaming").remote(job, Path(job.clip.path).exists())

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
        if isinstance(messages[-1], Done | Fatal | Died):
            self.news = None
        return messages

    def _started(self, found: _Place | Fatal) -> list[Message]:
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
            raise ConfigError(f"{where} ({_last_line(error)}).") from None
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, interrupted)  # which Ray has taken to itself
        yield ray


@contextmanager
def _probe(folder: Place) -> Iterator[_Probe]:
    path = (folder / ".scratch" if is_remote(folder) else scratch(folder)) / f"probe-{os.getpid()}-{time.time_ns()}"
    try:
        write_bytes(path, path.name.encode())
        yield _Probe(path, path.name, package_versions())
    finally:
        remove(path)


def _is_handed_over(name: str) -> bool:
    return name in HANDED_OVER or (name.startswith(HANDED_OVER_KINDS) and not name.startswith("CODECBENCH_LISTEN_"))


def _no_room(ray: Any, engine: Ray) -> str:
    total, free = ray.cluster_resources(), ray.available_resources()
    has = ", ".join(f"{total.get(name, 0):g} {name} ({free.get(name, 0):g} free)" for name in ("CPU", "GPU"))
    need = f"1 CPU and {engine.gpus_per_worker:g} GPU" if engine.gpus_per_worker else "1 CPU"
    return (
        f"no worker could start within {engine.patience_s:g} s: each needs {need} of one node; the cluster has {has}."
    )


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
