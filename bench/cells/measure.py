"""One clip, from file to rows: read, encode, decode, align, score. Runs inside a worker, knows no other clip."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterator
from typing import Any

from bench import audio
from bench.audio import Audio
from bench.audit.facts import facts_of
from bench.cells.coding import (
    NOT_DETERMINISTIC,
    Reference,
    begin,
    bitstreams,
    code,
    groups,
    lead_in_s,
    part_of,
    read,
    read_kept,
    reference_of,
    reraise_if_fatal,
    sample_sha,
    shared_streams,
)
from bench.cells.contributions import collect
from bench.cells.planning import Cell, Job, Step
from bench.cells.rows import Row, score_row, statistics_row, with_value
from bench.cells.shards import Done, Event, Finished, Inspected, Shard, of_job
from bench.cells.toolbox import Toolbox
from bench.datasets.base import verify
from bench.domain import Encoded
from bench.errors import CodecError, row_of
from bench.metrics.base import Metric


def measure_shard(shard: Shard, tools: Toolbox) -> Iterator[Event]:
    """:meth:`measure` its jobs, one after the other."""
    for number, job in enumerate(shard.jobs):
        yield from of_job(number, measure(job, tools))
        yield Done(number)


def measure(job: Job, tools: Toolbox) -> Generator[Event]:
    """Do everything that ``job`` asks for. Whatever goes wrong becomes a row, but a full disk ends the run."""
    found = yield from read(job, job.todos, _reference)
    if found is None:
        return
    reference, facts = found
    yield Inspected(f"clip {job.reference}", facts)
    scorer = _Scorer(job, tools, reference.judged)
    for group in groups(job.todos, tools):
        shared = yield from shared_streams(job, group, tools, reference)
        for todo in group:
            degraded = yield from code(job, todo, tools, reference, shared.get(todo.condition.bitrate_bps))
            if degraded is not None:
                yield from scorer.score(todo, degraded)
                yield from _collect(job, todo, tools, reference, degraded)


def _collect(job: Job, todo: Cell, tools: Toolbox, reference: Reference, degraded: Audio) -> Iterator[Event]:
    """What the clip adds to each set measure."""

    def stream() -> Encoded:
        encoded = bitstreams(job, [todo], tools, reference)[todo.condition.bitrate_bps].encoded
        if todo.finished and hashlib.sha256(encoded.stream).hexdigest() != todo.finished["payload_sha256"]:
            raise CodecError(f"encoding again gave other bytes than before: {NOT_DETERMINISTIC}")
        return encoded

    for name, key in todo.set_keys.items():
        row = statistics_row(job, todo, name)
        try:
            yield from begin(job, Step("collect", todo.condition.id, name))
            sides = (reference.judged, degraded)
            kept = collect(job, todo, name, tools.set_measure(name), tools.encoder(todo.condition), stream, *sides)
            row |= kept | {"status": "ok", "reason": ""}
        except Exception as error:  # noqa: BLE001  # a failure is a row
            reraise_if_fatal(error)
            status, reason = row_of(error)
            row |= {"status": status, "reason": reason}
        yield Finished({key: row})


def _reference(job: Job) -> tuple[Reference, Row]:
    clip = job.clip
    file = verify(clip)
    signal = part_of(clip, file)
    judged = signal.part(round(lead_in_s(clip) * signal.rate), signal.length)
    facts = {"format": audio.info(file).subtype, **facts_of(judged).as_dict()}
    reference = reference_of(job, signal)
    path = job.folder / job.reference
    if read_kept(path, sample_sha(reference.judged)) is None:
        audio.write(path, reference.judged)
    return reference, facts


class _Scorer:
    """Scores every condition of one clip; each metric prepares the reference once."""

    def __init__(self, job: Job, tools: Toolbox, reference: Audio) -> None:
        self._job, self._tools, self._reference = job, tools, reference
        self._states: dict[str, Any] = {}
        self._prepare_s: dict[str, float] = {}  # of references whose first score is still to come

    def score(self, todo: Cell, degraded: Audio) -> Iterator[Event]:
        pending: dict[str, list[str]] = {}
        for quantity in todo.score_keys:
            pending.setdefault(self._tools.metric(quantity).identity.name, []).append(quantity)
        for name, quantities in pending.items():
            metric = self._tools.metric(quantities[0])
            try:
                yield from self._prepared(name, metric)
                yield from begin(self._job, Step("score", todo.condition.id, name))
                state = self._states[name]
                if isinstance(state, Exception):
                    raise state
                started = time.perf_counter()
                values = metric.score(state, degraded)
                times = {"score_s": (time.perf_counter() - started) / len(quantities)}
                if name in self._prepare_s:
                    times["prepare_s"] = self._prepare_s.pop(name) / len(quantities)
                ends = {quantity: with_value(values, quantity) | times for quantity in quantities}
            except Exception as error:  # noqa: BLE001  # a failure is a row
                reraise_if_fatal(error)
                status, reason = row_of(error)
                ends = {quantity: {"value": None, "status": status, "reason": reason} for quantity in quantities}
            yield Finished(
                {todo.score_keys[name]: score_row(self._job, todo, metric, name) | end for name, end in ends.items()}
            )

    def _prepared(self, name: str, metric: Metric) -> Iterator[Event]:
        if name in self._states:
            return
        try:
            yield from begin(self._job, Step("prepare", metric=name))
            metric.require(self._job.clip.category)
            started = time.perf_counter()
            self._states[name] = metric.prepare(self._reference)
            self._prepare_s[name] = time.perf_counter() - started
        except Exception as error:  # noqa: BLE001  # a failure is a row
            reraise_if_fatal(error)
            self._states[name] = error
