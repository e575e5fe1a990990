"""What goes to a worker, a shard of clips, and what comes back from it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bench.cells.planning import Cell, Job, Step
from bench.storage import exists

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """Jobs for one worker. ``coding``: only what a network codes, in one batch where the clips are of one length."""

    jobs: tuple[Job, ...]
    coding: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A worker is about to do this; if it dies now, this is what it died of. ``job``: None for all of the shard."""

    step: Step
    job: int | None = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """Rows that are final, by their keys."""

    rows: Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was seen of the file of a clip when it was read: its format and :class:`bench.audit.facts.Facts`."""

    key: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left of this job of the shard."""

    job: int


Event = Started | Inspected | Finished | Done


def of_job(number: int, events: Generator[Event, None, T]) -> Generator[Event, None, T]:
    """The same events, of the job with that number."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            result: T = end.value
            return result
        yield replace(event, job=number) if isinstance(event, Started) else event


def to_code(job: Job) -> tuple[Cell, ...]:
    """What a network has left to code of ``job``, without what is to be measured of it."""
    return tuple(replace(todo, score_keys={}, set_keys={}) for todo in job.todos if _is_to_code(job, todo))


def coded(job: Job, rows: Mapping[str, Mapping[str, Any]]) -> Job:
    """What ``job`` still is once the encodings in ``rows`` (by their keys) are done."""
    todos = (replace(todo, finished=rows.get(todo.encoding_key, todo.finished)) for todo in job.todos)
    return replace(job, todos=tuple(todos))


def _is_to_code(job: Job, todo: Cell) -> bool:
    if not todo.on_device:
        return False
    if todo.finished is None:
        return True
    return todo.finished["status"] == "ok" and not exists(job.folder / todo.finished["decoded"])
