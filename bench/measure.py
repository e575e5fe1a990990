"""One clip, from file to rows: read, encode, decode, align, score. Runs inside a worker, knows no other clip."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench import align, audio
from bench.audio import Audio
from bench.audit.facts import facts_of
from bench.cache import Cache
from bench.codecs.base import Codec
from bench.datasets.base import verify
from bench.domain import Clip, Encoded
from bench.errors import CodecError, NotApplicable, StoreError, WorkerDied, row_of
from bench.metrics.base import Metric
from bench.paths import decoded_path
from bench.planning import Job, Step, Todo
from bench.provenance import cpu
from bench.rows import Row, encoding_row, failed_rows, score_row, statistics_row, with_value
from bench.statistics import collect
from bench.storage import Place, exists
from bench.store import writing
from bench.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Started:
    """A worker is about to do this; if it dies now, this is what it died of."""

    step: Step


@dataclass(frozen=True, slots=True)
class Finished:
    """Rows that are final, by their keys."""

    rows: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was seen of the file of a clip when it was read: its format and :class:`bench.audit.facts.Facts`."""

    key: str
    facts: Row


Event = Started | Inspected | Finished


def measure(job: Job, tools: Toolbox) -> Iterator[Event]:
    """Do everything that ``job`` asks for. Whatever goes wrong becomes a row, but a full disk ends the run."""
    yield Started(Step("read"))
    try:
        _guard(job, Step("read"))
        reference, facts = _reference(job)
    except Exception as error:  # noqa: BLE001  # any failure of a cell is a row, never a lost run
        _reraise_if_fatal(error)
        for todo in job.todos:
            yield Finished(_failed(job, todo, error))
        return
    yield Inspected(f"clip {job.reference}", facts)
    scorer = _Scorer(job, tools, reference.judged)
    for group in _groups(job.todos, tools):
        yield from _encode_group(job, group, tools, reference, scorer)


def _encode_group(
    job: Job, group: list[Todo], tools: Toolbox, reference: Reference, scorer: _Scorer
) -> Iterator[Event]:
    """Todos that one encode serves: usually one; all bitrates of a codec whose lower rates are prefixes."""
    shared: dict[int | None, Coded] = {}
    if len(group) > 1:
        step = Step("encode", group[0].condition.codec)
        yield Started(step)
        try:
            _guard(job, step)
            shared = bitstreams(job, group, tools, reference)
        except Exception as error:  # noqa: BLE001  # each is tried by itself below
            _reraise_if_fatal(error)
    for todo in group:
        step = Step("encode", todo.condition.id)
        yield Started(step)
        try:
            _guard(job, step)
            degraded, row = _decoded(job, todo, tools, reference, shared.get(todo.condition.bitrate_bps))
        except Exception as error:  # noqa: BLE001
            _reraise_if_fatal(error)
            yield Finished(_failed(job, todo, error))
            continue
        if todo.finished is None:
            yield Finished({todo.encoding_key: row})
        yield from scorer.score(todo, degraded)
        yield from _collect(job, todo, tools, reference, degraded)


def _collect(job: Job, todo: Todo, tools: Toolbox, reference: Reference, degraded: Audio) -> Iterator[Event]:
    """What the clip adds to each set measure."""

    def stream() -> Encoded:
        encoded = bitstreams(job, [todo], tools, reference)[todo.condition.bitrate_bps].encoded
        if todo.finished and hashlib.sha256(encoded.stream).hexdigest() != todo.finished["payload_sha256"]:
            raise CodecError("encoding again gave other bytes than before: the codec is not deterministic.")
        return encoded

    for name, key in todo.set_keys.items():
        step = Step("collect", todo.condition.id, name)
        yield Started(step)
        row = statistics_row(job, todo, name)
        try:
            _guard(job, step)
            sides = (reference.judged, degraded)
            kept = collect(job, todo, name, tools.set_measure(name), tools.encoder(todo.condition), stream, *sides)
            row |= kept | {"status": "ok", "reason": ""}
        except Exception as error:  # noqa: BLE001
            _reraise_if_fatal(error)
            status, reason = row_of(error)
            row |= {"status": status, "reason": reason}
        yield Finished({key: row})


@dataclass(frozen=True)
class Reference:
    """A clip as read: ``whole`` goes to the encoder, ``judged`` is what is left without the lead-in."""

    whole: Audio
    lead_in: int

    @cached_property
    def judged(self) -> Audio:
        return self.whole.part(self.lead_in, self.whole.length) if self.lead_in else self.whole


def _reference(job: Job) -> tuple[Reference, Row]:
    clip = job.clip
    file = verify(clip)
    signal = _read(clip, file)
    judged = signal.part(round(_lead_in_s(clip) * signal.rate), signal.length)
    facts = {"format": audio.info(file).subtype, **facts_of(judged).as_dict()}
    reference = reference_of(job, signal)
    path = job.folder / job.reference
    if not exists(path):
        with writing(path):
            audio.write(path, reference.judged)
    return reference, facts


def source_of(clip: Clip) -> Audio:
    """The part of the file that is coded, lead-in included, after a look at its checksum."""
    return _read(clip, verify(clip))


def _read(clip: Clip, file: Path) -> Audio:
    lead_in_s = _lead_in_s(clip)
    duration_s = None if clip.duration_s is None else clip.duration_s + lead_in_s
    return audio.read(file, clip.start_s - lead_in_s, duration_s)


def reference_of(job: Job, source: Audio) -> Reference:
    """``source`` in the channels and at the rate of the run, as every codec of it is given."""
    signal = source.mixed_to(job.channels) if job.channels else source
    signal = signal.at(job.sample_rate or signal.rate).quantised()
    return Reference(signal, round(_lead_in_s(job.clip) * signal.rate))


def _lead_in_s(clip: Clip) -> float:
    return min(clip.lead_in_s, clip.start_s)


@dataclass(frozen=True, slots=True)
class Coded:
    """A bitstream and how long it took."""

    encoded: Encoded
    encode_s: float | None  # None where another machine has encoded it, or it was coded elsewhere


def bitstreams(job: Job, group: list[Todo], tools: Toolbox, reference: Reference) -> dict[int | None, Coded]:
    """Encode for every todo of ``group`` at once, or take the bitstreams from the cache."""
    condition = group[0].condition
    codec = tools.encoder(condition)
    cache = Cache(job.cache)
    kept = {todo.condition.bitrate_bps: cache.get(todo.stream_key) if codec.live else None for todo in group}
    if all(kept.values()):
        return {
            bitrate: Coded(entry[0], entry[1]["encode_s"] if entry[1]["cpu"] == cpu() else None)
            for bitrate, entry in kept.items()
            if entry
        }
    rate = codec.working_rate(reference.whole.rate)
    for todo in group:
        if refusal := codec.refusal(todo.condition.bitrate_bps, rate, reference.whole.channels):
            raise NotApplicable(refusal)
    source = reference.whole.at(rate)
    for todo in group:
        tools.warm_up(todo.condition, rate, source.channels, source.length)
    started = time.perf_counter()
    streams = codec.encode_clip(job.clip, source, [todo.condition.bitrate_bps for todo in group])
    seconds = time.perf_counter() - started
    if not codec.live:
        return {bitrate: Coded(stream, None) for bitrate, stream in streams.items()}
    for todo in group:
        cache.put(todo.stream_key, streams[todo.condition.bitrate_bps], {"encode_s": seconds, "cpu": cpu()})
    return {bitrate: Coded(stream, seconds) for bitrate, stream in streams.items()}


def _decoded(job: Job, todo: Todo, tools: Toolbox, reference: Reference, coded: Coded | None) -> tuple[Audio, Row]:
    """The decoded clip, aligned, and its encoding row; from disk where an earlier run has made it."""
    name = decoded_path(job.clip, todo.condition, todo.stream_key)
    path = job.folder / name
    if todo.finished is not None:
        if todo.finished["status"] != "ok":
            raise _Again(todo.finished["status"], todo.finished["reason"])
        kept = _read_decoded(path, str(todo.finished["decoded_sha256"]))
        if kept is not None:
            return kept, dict(todo.finished)
    coded = coded or bitstreams(job, [todo], tools, reference)[todo.condition.bitrate_bps]
    codec = tools.decoder(todo.condition)
    rate = codec.working_rate(reference.whole.rate)
    length = -(-reference.whole.length * rate // reference.whole.rate)
    tools.warm_up(todo.condition, rate, reference.whole.channels, length)
    started = time.perf_counter()
    raw = codec.decode(coded.encoded)
    decode_s = time.perf_counter() - started
    audio.require_finite(raw, f"output of {codec.identity.name}")
    aligned = align.compensate(raw, reference.whole)
    clipped = int(np.count_nonzero(np.abs(aligned.samples) > 1.0))  # what a player would clip
    degraded = aligned.quantised().part(reference.lead_in, aligned.length)
    if todo.finished is not None and _sample_sha(degraded) != todo.finished["decoded_sha256"]:
        raise CodecError("decoding again gave other samples than before: the codec is not deterministic.")
    with writing(path):
        audio.write(path, degraded)
    row = encoding_row(job, todo) | {
        "sample_rate": raw.rate,
        "channels": raw.channels,
        "seconds": reference.whole.seconds,
        "payload_sha256": hashlib.sha256(coded.encoded.stream).hexdigest(),
        "payload_bits": coded.encoded.payload_bits,
        "payload_bytes": coded.encoded.payload_bytes,
        "container_bytes": coded.encoded.container_bytes if codec.live else None,
        "actual_bps": coded.encoded.bps(reference.whole.seconds),
        "encode_s": coded.encode_s,
        "decode_s": decode_s if codec.live else None,
        "bits_are": "stated" if coded.encoded.stated else "counted",
        "delay_samples": coded.encoded.delay_samples,
        "lag_samples": coded.encoded.lag_samples,
        "clipped_samples": clipped,
        "decoded": name.as_posix(),
        "decoded_sha256": _sample_sha(degraded),
        "status": "ok",
        "reason": "",
        **_entropy_columns(tools.encoder(todo.condition), coded.encoded),
    }
    return degraded, row


def _entropy_columns(codec: Codec, encoded: Encoded) -> Row:
    """Bits, kind and times of each lossless coder: ``adaptive_bits``, ...; a coder that failed has a reason instead."""
    columns: Row = {}
    reasons = []
    for coder in codec.entropy_coders():
        try:
            rate = codec.entropy_rate(coder, encoded)
        except CodecError as error:
            reasons.append(f"no rate for {coder}: {error}")
            continue
        columns |= {f"{coder}_{name}": value for name, value in asdict(rate).items()}
    return columns | {"reason": " ".join(reasons)}


class _Scorer:
    """Scores every condition of one clip; each metric prepares the reference once."""

    def __init__(self, job: Job, tools: Toolbox, reference: Audio) -> None:
        self._job, self._tools, self._reference = job, tools, reference
        self._states: dict[str, Any] = {}
        self._prepare_s: dict[str, float] = {}  # of references whose first score is still to come

    def score(self, todo: Todo, degraded: Audio) -> Iterator[Event]:
        pending: dict[str, list[str]] = {}
        for quantity in todo.score_keys:
            pending.setdefault(self._tools.metric(quantity).identity.name, []).append(quantity)
        for name, quantities in pending.items():
            metric = self._tools.metric(quantities[0])
            rows: dict[str, Row] = {}
            try:
                yield from self._prepared(name, metric)
                step = Step("score", todo.condition.id, name)
                yield Started(step)
                _guard(self._job, step)
                state = self._states[name]
                if isinstance(state, Exception):
                    raise state
                started = time.perf_counter()
                values = metric.score(state, degraded)
                times = {"score_s": (time.perf_counter() - started) / len(quantities)}
                if name in self._prepare_s:
                    times["prepare_s"] = self._prepare_s.pop(name) / len(quantities)
                for quantity in quantities:
                    row = self._row(todo, metric, quantity) | with_value(values, quantity)
                    rows[todo.score_keys[quantity]] = row | times
            except Exception as error:  # noqa: BLE001
                _reraise_if_fatal(error)
                status, reason = row_of(error)
                for quantity in quantities:
                    rows[todo.score_keys[quantity]] = self._row(todo, metric, quantity) | {
                        "value": None, "status": status, "reason": reason,
                    }  # fmt: skip
            yield Finished(rows)

    def _prepared(self, name: str, metric: Metric) -> Iterator[Event]:
        if name in self._states:
            return
        step = Step("prepare", metric=name)
        yield Started(step)
        try:
            _guard(self._job, step)
            metric.require(self._job.clip.category)
            started = time.perf_counter()
            self._states[name] = metric.prepare(self._reference)
            self._prepare_s[name] = time.perf_counter() - started
        except Exception as error:  # noqa: BLE001
            _reraise_if_fatal(error)
            self._states[name] = error

    def _row(self, todo: Todo, metric: Metric, quantity: str) -> Row:
        return score_row(self._job, todo, metric, quantity)


def _failed(job: Job, todo: Todo, error: BaseException) -> dict[str, Row]:
    status, reason = (error.status, error.reason) if isinstance(error, _Again) else row_of(error)
    return failed_rows(job, todo, status, reason)


class _Again(Exception):  # not an error of its own: repeats what an earlier run has found
    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def _groups(todos: tuple[Todo, ...], tools: Toolbox) -> list[list[Todo]]:
    """Todos by what one encode serves, in table order."""
    groups: list[list[Todo]] = []
    for todo in todos:
        last = groups[-1][-1].condition if groups else None
        same = last is not None and (last.codec, last.options) == (todo.condition.codec, todo.condition.options)
        if same and todo.finished is None and _is_scalable(todo, tools):
            groups[-1].append(todo)
        else:
            groups.append([todo])
    return groups


def _is_scalable(todo: Todo, tools: Toolbox) -> bool:
    try:
        return tools.encoder(todo.condition).scalable
    except Exception:  # noqa: BLE001  # what is wrong with it is reported when it is to encode
        return False


def _guard(job: Job, step: Step) -> None:
    """Do not walk again into a step that has killed a worker twice."""
    if step in job.poisoned:
        raise WorkerDied(job.poisoned[step])


def _reraise_if_fatal(error: BaseException) -> None:
    """A disk without space is no property of a cell: stop, so that the cell is measured when there is space."""
    if isinstance(error, StoreError):
        raise error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        raise StoreError(
            f"{error.filename or 'the disk'}: {error.strerror}. Free some space and start again."
        ) from error


def _read_decoded(path: Place, sha: str) -> Audio | None:
    try:
        kept = audio.read(path)
    except StoreError:
        raise  # a store that cannot be reached says nothing of the file
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is decoded again
        return None
    return kept if _sample_sha(kept) == sha else None


def _sample_sha(signal: Audio) -> str:
    return hashlib.sha256(signal.samples.tobytes()).hexdigest()
