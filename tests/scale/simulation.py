"""A run past one machine: a discrete-event simulation of workers, drivers and shared storage. Pure and seeded.

A worker reads a shard of clips, codes and scores it, writes its files and sends its rows to its driver. Storage and
each driver serve one request after the other, in the order in which they come. A worker gets its next shard when the
driver has taken the rows of the one before, so that a driver that is too slow holds its workers back.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import inf

import numpy as np


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done for some clips. Seconds are of one core; ``operations`` are files opened, read or written."""

    coding_s: float
    scoring_s: float
    rows: int
    read_bytes: float = 0.0
    written_bytes: float = 0.0
    operations: int = 0
    clips: int = 1

    def together(self, times: float, clips: int) -> Work:
        """``clips`` clips that are ``times`` as much work as this one."""
        return Work(
            self.coding_s * times, self.scoring_s * times, self.rows * clips, self.read_bytes * times,
            self.written_bytes * times, self.operations * clips, clips,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storage:
    """A shared file system: what one operation waits, and what all workers together can move."""

    name: str
    latency_s: float = 0.0
    bytes_per_s: float = inf
    operations_per_s: float = inf

    def serves_s(self, size: float, operations: int) -> float:
        """How long it is busy with a request."""
        return max(size / self.bytes_per_s, operations / self.operations_per_s)


NO_STORAGE = Storage("free")


@dataclass(frozen=True, slots=True)
class Gpus:
    """Workers that only code, ``speed`` times as fast as a core; the others score what they have coded.

    ``ahead``: how many coded shards may wait for a scorer before a coder waits (the bound of memory).
    """

    workers: int
    speed: float
    start_s: float = 20.0
    ahead: int = 8


@dataclass(frozen=True, slots=True)
class Site:
    """Where a run is made.

    ``start_s`` is what a worker needs before its first clip, ``plan_s`` and ``finish_s`` what a driver does alone
    before and after, ``row_s`` its work for each row. ``contention`` is how much longer work takes when all cores are
    busy.
    """

    workers: int
    start_s: float = 0.0
    plan_s: float = 0.0
    row_s: float = 0.0
    finish_s: float = 0.0
    contention: float = 1.0
    drivers: int = 1
    storage: Storage = NO_STORAGE
    gpus: Gpus | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run takes. The shares say how much of the time of measuring each part was busy; 1.0 is saturated."""

    seconds: float
    cpu_s: float
    clips: int
    rows: int
    written_bytes: float
    workers_busy: float
    driver_busy: float
    storage_busy: float
    gpus_busy: float = 0.0

    @property
    def limit(self) -> str:
        """The part that the others wait for."""
        parts = {"driver": self.driver_busy, "storage": self.storage_busy, "GPUs": self.gpus_busy}
        name = max(parts, key=parts.__getitem__)
        return name if parts[name] > 0.95 and parts[name] > self.workers_busy else "workers"


@dataclass(slots=True)
class _Server:
    """Serves one request after the other."""

    free: float = 0.0
    busy: float = 0.0

    def serve(self, now: float, seconds: float) -> float:
        """When a request of ``now`` is done."""
        self.free = max(self.free, now) + seconds
        self.busy += seconds
        return self.free


@dataclass(slots=True)
class _Run:
    """The state of a simulation; each ``_`` method of a phase schedules the next one."""

    site: Site
    waiting: deque[Work]
    storage: _Server = field(default_factory=_Server)
    drivers: list[_Server] = field(default_factory=list)
    events: list[tuple[float, int, str, int, Work | None]] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)
    coded: deque[Work] = field(default_factory=deque)
    idle_scorers: list[int] = field(default_factory=list)
    idle_coders: list[int] = field(default_factory=list)
    working: float = 0.0
    coding: float = 0.0

    def at(self, when: float, phase: str, who: int, work: Work | None = None) -> None:
        heapq.heappush(self.events, (when, next(self.numbers), phase, who, work))

    def stored(self, now: float, size: float, operations: int) -> float:
        place = self.site.storage
        return self.storage.serve(now, place.serves_s(size, operations)) + operations * place.latency_s

    def free(self, now: float, who: int) -> None:
        """A worker without work takes the next shard, if there is one."""
        if self.site.gpus is not None:
            if not self.coded:
                self.idle_scorers.append(who)
                return
            work = self.coded.popleft()
            if self.idle_coders:
                self.at(now, "coder free", self.idle_coders.pop())
            self.score(now, who, work)
        elif self.waiting:
            work = self.waiting.popleft()
            self.at(self.stored(now, work.read_bytes, work.clips), "read", who, work)

    def read(self, now: float, who: int, work: Work) -> None:
        seconds = (work.coding_s + work.scoring_s) * self.site.contention
        self.working += seconds
        self.at(now + seconds, "measured", who, work)

    def score(self, now: float, who: int, work: Work) -> None:
        seconds = work.scoring_s * self.site.contention
        self.working += seconds
        self.at(now + seconds, "measured", who, work)

    def measured(self, now: float, who: int, work: Work) -> None:
        self.at(self.stored(now, work.written_bytes, work.operations - work.clips), "written", who, work)

    def written(self, now: float, who: int, work: Work) -> None:
        driver = self.drivers[who % self.site.drivers]
        self.at(driver.serve(now, work.rows * self.site.row_s), "free", who)

    def coder_free(self, now: float, who: int) -> None:
        assert self.site.gpus is not None
        if not self.waiting:
            return
        if len(self.coded) >= self.site.gpus.ahead:
            self.idle_coders.append(who)
            return
        work = self.waiting.popleft()
        self.at(self.stored(now, work.read_bytes, work.clips), "coder read", who, work)

    def coder_read(self, now: float, who: int, work: Work) -> None:
        assert self.site.gpus is not None
        seconds = work.coding_s / self.site.gpus.speed
        self.coding += seconds
        self.at(now + seconds, "coded", who, work)

    def is_coded(self, now: float, who: int, work: Work) -> None:
        self.coded.append(work)
        if self.idle_scorers:
            self.at(now, "free", self.idle_scorers.pop())
        self.at(now, "coder free", who)


def simulate(works: Iterable[Work], site: Site) -> Outcome:
    """What a run of ``works``, in this order, takes at ``site``."""
    todo = deque(works)
    clips, rows = sum(work.clips for work in todo), sum(work.rows for work in todo)
    written = sum(work.written_bytes for work in todo)
    run = _Run(site, todo, drivers=[_Server() for _ in range(site.drivers)])
    begin = site.plan_s + site.start_s
    for who in range(site.workers):
        run.at(begin, "free", who)
    if site.gpus is not None:
        for who in range(site.gpus.workers):
            run.at(site.plan_s + site.gpus.start_s, "coder free", who)
    phases = {"read": run.read, "measured": run.measured, "written": run.written, "coder read": run.coder_read,
              "coded": run.is_coded}  # fmt: skip
    now = begin
    while run.events:
        now, _, phase, who, work = heapq.heappop(run.events)
        if work is not None:
            phases[phase](now, who, work)
        elif phase == "free":
            run.free(now, who)
        else:
            run.coder_free(now, who)
    span = max(now - begin, 1e-9)
    driver_s = sum(driver.busy for driver in run.drivers)
    alone = site.plan_s + site.finish_s
    gpus = site.gpus.workers if site.gpus else 1
    return Outcome(
        seconds=now + site.finish_s,
        cpu_s=run.working + driver_s + site.workers * site.start_s + alone * site.drivers,
        clips=clips,
        rows=rows,
        written_bytes=written,
        workers_busy=run.working / (span * site.workers),
        driver_busy=driver_s / (span * site.drivers),
        storage_busy=run.storage.busy / span,
        gpus_busy=run.coding / (span * gpus),
    )


def shards(clip: Work, clips: int, per_shard: int, seed: int) -> list[Work]:
    """``clips`` clips in shards; each is between 0.4 and 1.6 times as much work as ``clip``, evenly spread."""
    amounts = np.random.default_rng(seed).uniform(0.4, 1.6, clips)
    starts = range(0, clips, per_shard)
    times = np.add.reduceat(amounts, starts).tolist()
    return [clip.together(some, min(per_shard, clips - start)) for some, start in zip(times, starts, strict=True)]


def longest_first(works: Sequence[Work]) -> list[Work]:
    """In the order in which a plan gives clips to workers."""
    return sorted(works, key=lambda work: work.coding_s + work.scoring_s, reverse=True)
