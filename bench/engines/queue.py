"""What waits for a worker: jobs as they were drawn, and jobs that are coded and not yet measured."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import length_hint
from typing import Any

from bench.cells.planning import Job, Plan
from bench.cells.shards import Shard, coded, to_code
from bench.models.device import CPU, Device

SHARD_JOBS = 8
"""Clips in a shard at most."""

SHARD_S = 60.0
"""Seconds of audio, of all channels together, after which a shard takes no other clip."""

CODED_AHEAD = 4
"""Clips, for each worker that measures, from which on coding waits for measuring."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works: ``workers`` that measure (and code what needs no network), and ``coders`` for the networks.

    A step may take ``timeout_s``. Coders have ``num_gpus`` together, and batches of ``batch_seconds`` of audio. Without
    coders, workers do everything.
    """

    workers: int
    timeout_s: float
    coders: int = 0
    num_gpus: float = 0.0
    batch_seconds: float = 0.0


def coders_of(plan: Plan) -> int:
    """How many workers only code: one for each GPU, or one for batches; none where no network codes."""
    config = plan.config
    if not plan.coded_on_device or not (config.num_gpus or config.batch_seconds):
        return 0
    return max(1, math.ceil(config.num_gpus))


def gpus_of(plan: Plan) -> float:
    """How many GPUs its coders have together; none where the networks of codecs compute on the processor."""
    return plan.config.num_gpus if coders_of(plan) and plan.device.name == "cuda" else 0.0


class Queue:
    """Hands out shards. Where some only code, a few jobs are drawn ahead for each worker, so that they find batches;
    else a job is drawn when it is handed out.
    """

    def __init__(self, jobs: Iterable[Job], crew: Crew) -> None:
        self._source, self._crew = iter(jobs), crew
        self._to_code: deque[Job] = deque()
        self._to_measure: deque[Job] = deque()
        self._alone: set[str] = set()  # clips of batches that a coder died of

    @property
    def first(self) -> Job | None:
        """What is handed out next, if anything is."""
        self._draw(1)
        waiting = self._to_measure or self._to_code
        return waiting[0] if waiting else None

    @property
    def empty(self) -> bool:
        """Whether nothing waits and nothing is left to draw."""
        return self.first is None

    def shard(self, coding: bool) -> Shard | None:
        """The next shard for a coder, or for a worker that measures; None if there is none at the moment.

        While nothing waits to be coded, a coder measures, too, unless that needs a GPU, which it may not have.
        """
        if self._crew.coders:
            self._draw(2 * SHARD_JOBS * self._crew.workers)
        if not coding:
            return self._next_to_measure()
        if not self._to_code:
            return self._next_to_measure() if self._measured_on == CPU else None
        if len(self._to_measure) >= CODED_AHEAD * self._crew.workers:
            return None
        return self._next_to_code()

    def again(self, job: Job, alone: bool = False) -> None:
        """``job`` waits again, before all others; ``alone``: it is in no batch from here on."""
        if alone:
            self._alone.add(job.clip.id)
        self._waiting(job).appendleft(job)

    def measure(self, job: Job, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """The coding of ``job`` has ended, with these encoding rows: it waits to be measured."""
        self._to_measure.append(coded(job, rows))

    @property
    def _measured_on(self) -> Device:
        return self._to_measure[0].metrics_device if self._to_measure else CPU

    def _draw(self, most: int) -> None:
        waiting = len(self._to_code) + len(self._to_measure)
        for job in islice(self._source, max(0, most - waiting)):
            self._waiting(job).append(job)

    def _waiting(self, job: Job) -> deque[Job]:
        return self._to_code if self._crew.coders and to_code(job) else self._to_measure

    def _next_to_measure(self) -> Shard | None:
        """Fewer jobs the fewer there are, so that no worker is left alone with many at the end."""
        waiting = self._to_measure
        expected = len(waiting) + length_hint(self._source)
        most = min(SHARD_JOBS, max(1, -(-expected // (2 * self._crew.workers))))
        jobs: list[Job] = []
        seconds = 0.0
        while len(jobs) < most and seconds < SHARD_S:
            if not self._crew.coders:
                self._draw(1)
            if not waiting:
                break
            jobs.append(waiting.popleft())
            seconds += jobs[-1].clip.coded_s * jobs[-1].clip.channels
        return Shard(tuple(jobs)) if jobs else None

    def _next_to_code(self) -> Shard:
        """A batch: clips of the format and length of the first one that waits."""
        first = self._to_code.popleft()
        seconds = first.clip.coded_s
        if first.clip.id in self._alone or not seconds:
            return Shard((first,), coding=True)
        most = max(1, int(self._crew.batch_seconds / seconds))
        self._draw(len(self._to_measure) + most)
        batch = [first]
        others: deque[Job] = deque()
        for job in self._to_code:
            fits = len(batch) < most and _form(job) == _form(first) and job.clip.id not in self._alone
            (batch if fits else others).append(job)
        self._to_code = others
        return Shard(tuple(batch), coding=True)


def _form(job: Job) -> tuple[int, int, float]:
    """What clips share that are coded in one batch."""
    return job.clip.sample_rate, job.clip.channels, job.clip.coded_s
