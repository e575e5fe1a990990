"""The coding of a shard: clips of one length go through a network together, and each ends as rows of its own."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from bench.cells.coding import (
    Raw,
    Reference,
    Streams,
    bitrates_of,
    code,
    decoder_for,
    groups,
    keep_streams,
    kept_streams,
    read,
    reference_of,
    reraise_if_fatal,
    shared_streams,
    source_for,
    source_of,
)
from bench.cells.planning import Cell, Job, Step
from bench.cells.shards import Done, Event, Shard, Started, of_job, to_code
from bench.cells.toolbox import Toolbox


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
        reference = yield from of_job(number, read(job, todos, lambda job: reference_of(job, source_of(job.clip))))
        if reference is not None:
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
    together = _batch([member for member in members if not member.job.poisoned], tools)
    streams = yield from _encode(together, tools)
    for member in members:
        if member.number not in streams:
            shared = shared_streams(member.job, member.group, tools, member.reference)
            streams[member.number] = yield from of_job(member.number, shared)
    for place in range(len(members[0].group)):
        heard = yield from _decode(together, place, streams, tools)
        for member in members:
            todo = member.group[place]
            coded = streams[member.number].get(todo.condition.bitrate_bps)
            raw = heard.pop(member.number, None)
            yield from of_job(member.number, code(member.job, todo, tools, member.reference, coded, raw))


def _batch(members: list[_Member], tools: Toolbox) -> list[_Member]:
    """``members`` where they go through a network at once. What fails there is then tried one by one."""
    if len(members) < 2 or any(todo.finished for member in members for todo in member.group):
        return []
    try:
        return members if tools.encoder(members[0].group[0].condition).batches else []
    except Exception:  # noqa: BLE001  # what is wrong with it is reported when it is to encode
        return []


def _encode(members: list[_Member], tools: Toolbox) -> Generator[Event, None, dict[int, Streams]]:
    """The bitstreams of each member, by its number."""
    if not members:
        return {}
    group = members[0].group
    yield Started(Step("encode", group[0].condition.codec), None)
    found: dict[int, Streams] = {}
    try:
        codec = tools.encoder(group[0].condition)
        for member in members:
            if kept := kept_streams(member.job, member.group, tools):
                found[member.number] = kept
        left = [member for member in members if member.number not in found]
        sources = [source_for(member.group, tools, member.reference) for member in left]
        if left:
            started = time.perf_counter()
            coded = codec.encode_batch(sources, bitrates_of(group))
            seconds = (time.perf_counter() - started) / len(left)
            for member, streams in zip(left, coded, strict=True):
                found[member.number] = keep_streams(member.job, member.group, tools, streams, seconds)
    except Exception as error:  # noqa: BLE001  # each is then tried by itself
        reraise_if_fatal(error)
    return found


def _decode(
    members: list[_Member], place: int, streams: dict[int, Streams], tools: Toolbox
) -> Generator[Event, None, dict[int, Raw]]:
    """What the decoder gives for the todo at ``place`` of each member, by its number."""
    if not members:
        return {}
    todo = members[0].group[place]
    yield Started(Step("encode", todo.condition.id), None)
    try:
        coded = [streams[member.number][todo.condition.bitrate_bps] for member in members]
        codec = decoder_for(todo, tools, members[0].reference)
        started = time.perf_counter()
        heard = codec.decode_batch([one.encoded for one in coded])
        seconds = (time.perf_counter() - started) / len(coded)
        return {member.number: (one, seconds) for member, one in zip(members, heard, strict=True)}
    except Exception as error:  # noqa: BLE001  # each is then tried by itself
        reraise_if_fatal(error)
        return {}
