"""The coding of a shard: clips of one length go through a network together, and each ends as rows of its own."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bench.cells.coding import (
    Coded,
    Raw,
    Reference,
    Streams,
    bitrates_of,
    code,
    decoder_for,
    failed,
    groups,
    guard,
    keep_streams,
    kept_streams,
    reference_of,
    reraise_if_fatal,
    shared_streams,
    source_for,
    source_of,
)
from bench.cells.planning import Cell, Job, Step
from bench.cells.shards import Done, Event, Finished, Shard, Started, to_code
from bench.cells.toolbox import Toolbox

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Member:
    """A clip, by its number in the shard, and the todos of it that one encode serves."""

    number: int
    job: Job
    group: list[Cell]
    reference: Reference


def code_shard(shard: Shard, tools: Toolbox) -> Iterator[Event]:
    """Code what is to be coded of every job of ``shard``; nothing is measured."""
    members: list[_Member] = []
    for number, job in enumerate(shard.jobs):
        todos = to_code(job)
        yield Started(Step("read"), number)
        try:
            guard(job, Step("read"))
            reference = reference_of(job, source_of(job.clip))
        except Exception as error:  # noqa: BLE001  # any failure of a cell is a row, never a lost run
            reraise_if_fatal(error)
            for todo in todos:
                yield Finished(failed(job, todo, error))
            continue
        members += [_Member(number, job, group, reference) for group in groups(todos, tools)]
    for alike in _alike(members):
        yield from _code_alike(alike, tools)
    for number in range(len(shard.jobs)):
        yield Done(number)


def _alike(members: Sequence[_Member]) -> list[list[_Member]]:
    """Those whose clips have one shape, for one codec and the same bitrates."""
    found: dict[tuple[object, ...], list[_Member]] = {}
    for member in members:
        condition, whole = member.group[0].condition, member.reference.whole
        settings = (condition.codec, str(sorted(condition.options.items())), *bitrates_of(member.group))
        found.setdefault((*settings, whole.rate, *whole.samples.shape), []).append(member)
    return list(found.values())


def _code_alike(members: list[_Member], tools: Toolbox) -> Iterator[Event]:
    together = _Together([member for member in members if not member.job.poisoned], tools)
    streams = yield from together.encode()
    for member in members:
        if member.number not in streams:
            shared = shared_streams(member.job, member.group, tools, member.reference)
            streams[member.number] = yield from _of(member.number, shared)
    for place in range(len(members[0].group)):
        heard = yield from together.decode(place, streams)
        for member in members:
            todo = member.group[place]
            coded = streams[member.number].get(todo.condition.bitrate_bps)
            raw = heard.pop(member.number, None)
            yield from _of(member.number, code(member.job, todo, tools, member.reference, coded, raw))


class _Together:
    """Clips that go through a network at once. What fails is left out: each of it is then tried by itself."""

    def __init__(self, members: list[_Member], tools: Toolbox) -> None:
        self._members, self._tools = members, tools

    def encode(self) -> Generator[Event, None, dict[int, Streams]]:
        """The bitstreams of each member, by its number."""
        if not self._batches():
            return {}
        group = self._members[0].group
        yield Started(Step("encode", group[0].condition.codec), None)
        found: dict[int, Streams] = {}
        try:
            codec = self._tools.encoder(group[0].condition)
            for member in self._members:
                if kept := kept_streams(member.job, member.group, self._tools):
                    found[member.number] = kept
            left = [member for member in self._members if member.number not in found]
            sources = [source_for(member.group, self._tools, member.reference) for member in left]
            if left:
                started = time.perf_counter()
                coded = codec.encode_batch(sources, bitrates_of(group))
                seconds = (time.perf_counter() - started) / len(left)
                for member, streams in zip(left, coded, strict=True):
                    found[member.number] = keep_streams(member.job, member.group, self._tools, streams, seconds)
        except Exception as error:  # noqa: BLE001
            reraise_if_fatal(error)
        return found

    def decode(self, place: int, streams: dict[int, Streams]) -> Generator[Event, None, dict[int, Raw]]:
        """What the decoder gives for the todo at ``place`` of each member, by its number."""
        if not self._batches():
            return {}
        first = self._members[0]
        todo = first.group[place]
        yield Started(Step("encode", todo.condition.id), None)
        try:
            coded: list[Coded] = [streams[member.number][todo.condition.bitrate_bps] for member in self._members]
            codec = decoder_for(todo, self._tools, first.reference)
            started = time.perf_counter()
            heard = codec.decode_batch([one.encoded for one in coded])
            seconds = (time.perf_counter() - started) / len(coded)
            return {member.number: (one, seconds) for member, one in zip(self._members, heard, strict=True)}
        except Exception as error:  # noqa: BLE001
            reraise_if_fatal(error)
            return {}

    def _batches(self) -> bool:
        if len(self._members) < 2 or any(todo.finished for member in self._members for todo in member.group):
            return False
        try:
            return self._tools.encoder(self._members[0].group[0].condition).batches
        except Exception:  # noqa: BLE001  # what is wrong with it is reported when it is to encode
            return False


def _of(number: int, events: Generator[Event, None, T]) -> Generator[Event, None, T]:
    """The same events, of the job with that number."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            result: T = end.value
            return result
        yield replace(event, job=number) if isinstance(event, Started) else event
