"""From a clip to decoded audio and its encoding row: read, encode, decode, align. Runs inside a worker."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench import align, audio
from bench.audio import Audio
from bench.cache import Cache
from bench.cells.planning import Cell, Job, Step
from bench.cells.rows import Row, encoding_row, failed_rows
from bench.cells.shards import Event, Finished, Started
from bench.cells.toolbox import Toolbox
from bench.codecs.base import Codec
from bench.datasets.base import verify
from bench.domain import Clip, Encoded
from bench.errors import CodecError, NotApplicable, StoreError, WorkerDied, row_of
from bench.paths import decoded_path
from bench.provenance import cpu
from bench.storage import Place

T = TypeVar("T")

NOT_DETERMINISTIC = (
    "the codec is not deterministic, and its rows would be of several codecs. Fix its seed and its threads, and start "
    "again."
)


@dataclass(frozen=True)
class Reference:
    """A clip as read: ``whole`` goes to the encoder, ``judged`` is what is left without the lead-in."""

    whole: Audio
    lead_in: int

    @cached_property
    def judged(self) -> Audio:
        return self.whole.part(self.lead_in, self.whole.length) if self.lead_in else self.whole


def begin(job: Job, step: Step) -> Iterator[Event]:
    """Say that ``step`` begins, and do not walk again into one that has killed a worker twice.

    Raises:
        WorkerDied: it has.
    """
    yield Started(step)
    if step in job.poisoned:
        raise WorkerDied(job.poisoned[step])


def read(job: Job, todos: Sequence[Cell], reading: Callable[[Job], T]) -> Generator[Event, None, T | None]:
    """What ``reading`` makes of the file of the clip; None once ``todos`` are rows that say why there is nothing."""
    try:
        yield from begin(job, Step("read"))
        return reading(job)
    except Exception as error:  # noqa: BLE001  # any failure of a cell is a row, never a lost run
        reraise_if_fatal(error)
        for todo in todos:
            yield Finished(failed(job, todo, error))
        return None


def source_of(clip: Clip) -> Audio:
    """The part of the file that is coded, lead-in included, after a look at its checksum."""
    return part_of(clip, verify(clip))


def part_of(clip: Clip, file: Path) -> Audio:
    """The same, of a local copy that was verified."""
    before_s = lead_in_s(clip)
    duration_s = None if clip.duration_s is None else clip.duration_s + before_s
    return audio.read(file, clip.start_s - before_s, duration_s)


def reference_of(job: Job, source: Audio) -> Reference:
    """``source`` in the channels and at the rate of the run, as every codec of it is given."""
    signal = source.mixed_to(job.channels) if job.channels else source
    signal = signal.at(job.sample_rate or signal.rate).quantised()
    return Reference(signal, round(lead_in_s(job.clip) * signal.rate))


def lead_in_s(clip: Clip) -> float:
    """Seconds before the part that is judged, as far as the file has them."""
    return min(clip.lead_in_s, clip.start_s)


@dataclass(frozen=True, slots=True)
class Coded:
    """A bitstream and how long it took."""

    encoded: Encoded
    encode_s: float | None  # None where another machine has encoded it, or it was coded elsewhere


Streams = Mapping[int | None, Coded]
"""By bitrate."""

Raw = tuple[Audio, float]
"""What a decoder gave, and the seconds it took."""


def bitstreams(job: Job, group: Sequence[Cell], tools: Toolbox, reference: Reference) -> Streams:
    """Encode for every todo of ``group`` at once, or take the bitstreams from the cache."""
    if kept := kept_streams(job, group, tools):
        return kept
    source = source_for(group, tools, reference)
    started = time.perf_counter()
    streams = tools.encoder(group[0].condition).encode_clip(job.clip, source, bitrates_of(group))
    return keep_streams(job, group, tools, streams, time.perf_counter() - started)


def bitrates_of(group: Sequence[Cell]) -> list[int | None]:
    """The bitrates of todos that differ in nothing else."""
    return [todo.condition.bitrate_bps for todo in group]


def kept_streams(job: Job, group: Sequence[Cell], tools: Toolbox) -> Streams:
    """The bitstreams of ``group`` in the cache; nothing where one is not there."""
    if not tools.encoder(group[0].condition).live:
        return {}
    cache = Cache(job.cache)
    kept = {todo.condition.bitrate_bps: cache.get(todo.stream_key) for todo in group}
    found = {bitrate: entry for bitrate, entry in kept.items() if entry}
    if len(found) < len(kept):
        return {}
    return {
        bitrate: Coded(encoded, facts["encode_s"] if facts["cpu"] == cpu() else None)
        for bitrate, (encoded, facts) in found.items()
    }


def source_for(group: Sequence[Cell], tools: Toolbox, reference: Reference) -> Audio:
    """The clip at the rate of the codec, which is warmed up for it.

    Raises:
        NotApplicable: the codec does not code such a signal.
    """
    codec = tools.encoder(group[0].condition)
    rate = codec.working_rate(reference.whole.rate)
    for todo in group:
        if refusal := codec.refusal(todo.condition.bitrate_bps, rate, reference.whole.channels):
            raise NotApplicable(refusal)
    source = reference.whole.at(rate)
    for todo in group:
        tools.warm_up(todo.condition, rate, source.channels, source.length)
    return source


def keep_streams(
    job: Job, group: Sequence[Cell], tools: Toolbox, streams: Mapping[int | None, Encoded], seconds: float
) -> Streams:
    """Put the bitstreams of ``group``, which took so long together, into the cache."""
    if not tools.encoder(group[0].condition).live:
        return {bitrate: Coded(stream, None) for bitrate, stream in streams.items()}
    cache = Cache(job.cache)
    for todo in group:
        cache.put(todo.stream_key, streams[todo.condition.bitrate_bps], {"encode_s": seconds, "cpu": cpu()})
    return {bitrate: Coded(stream, seconds) for bitrate, stream in streams.items()}


def shared_streams(
    job: Job, group: Sequence[Cell], tools: Toolbox, reference: Reference
) -> Generator[Event, None, Streams]:
    """What one encode gives for a whole ``group``; nothing where each is to be tried by itself."""
    if len(group) == 1:
        return {}
    try:
        yield from begin(job, Step("encode", group[0].condition.codec))
        return bitstreams(job, group, tools, reference)
    except Exception as error:  # noqa: BLE001  # each is tried by itself
        reraise_if_fatal(error)
        return {}


def code(
    job: Job, todo: Cell, tools: Toolbox, reference: Reference, coded: Coded | None = None, raw: Raw | None = None
) -> Generator[Event, None, Audio | None]:
    """The decoded clip, once its row is out; None where there is none. What is given is not made again."""
    try:
        yield from begin(job, Step("encode", todo.condition.id))
        degraded, row = _decoded(job, todo, tools, reference, coded, raw)
    except Exception as error:  # noqa: BLE001  # any failure of a cell is a row, never a lost run
        reraise_if_fatal(error)
        yield Finished(failed(job, todo, error))
        return None
    if todo.finished is None:
        yield Finished({todo.encoding_key: row})
    return degraded


def decoder_for(todo: Cell, tools: Toolbox, reference: Reference) -> Codec:
    """The codec that decodes, warmed up."""
    codec = tools.decoder(todo.condition)
    rate = codec.working_rate(reference.whole.rate)
    length = -(-reference.whole.length * rate // reference.whole.rate)
    tools.warm_up(todo.condition, rate, reference.whole.channels, length)
    return codec


def _decoded(
    job: Job, todo: Cell, tools: Toolbox, reference: Reference, coded: Coded | None, raw: Raw | None
) -> tuple[Audio, Row]:
    """The decoded clip, aligned, and its encoding row; from disk where an earlier run has made it."""
    name = decoded_path(job.clip, todo.condition, todo.stream_key)
    path = job.folder / name
    if todo.finished is not None:
        if todo.finished["status"] != "ok":
            raise _Again(todo.finished["status"], todo.finished["reason"])
        kept = read_kept(path, str(todo.finished["decoded_sha256"]))
        if kept is not None:
            return kept, dict(todo.finished)
    coded = coded or bitstreams(job, [todo], tools, reference)[todo.condition.bitrate_bps]
    codec = decoder_for(todo, tools, reference)
    if raw is None:
        started = time.perf_counter()
        raw = codec.decode(coded.encoded), time.perf_counter() - started
    heard, decode_s = raw
    audio.require_finite(heard, f"output of {codec.identity.name}")
    aligned = align.compensate(heard, reference.whole)
    clipped = int(np.count_nonzero(np.abs(aligned.samples) > 1.0))  # what a player would clip
    degraded = aligned.quantised().part(reference.lead_in, aligned.length)
    if todo.finished is not None and sample_sha(degraded) != todo.finished["decoded_sha256"]:
        raise CodecError(f"decoding again gave other samples than before: {NOT_DETERMINISTIC}")
    audio.write(path, degraded)
    row = encoding_row(job, todo) | {
        "sample_rate": heard.rate,
        "channels": heard.channels,
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
        "decoded_sha256": sample_sha(degraded),
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


def failed(job: Job, todo: Cell, error: BaseException) -> dict[str, Row]:
    """The rows of a condition without decoded audio, because of ``error``."""
    status, reason = (error.status, error.reason) if isinstance(error, _Again) else row_of(error)
    return failed_rows(job, todo, status, reason)


class _Again(Exception):  # not an error of its own: repeats what an earlier run has found
    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def groups(todos: tuple[Cell, ...], tools: Toolbox) -> list[list[Cell]]:
    """Todos by what one encode serves, in table order."""
    found: list[list[Cell]] = []
    for todo in todos:
        last = found[-1][-1].condition if found else None
        same = last is not None and (last.codec, last.options) == (todo.condition.codec, todo.condition.options)
        if same and todo.finished is None and _is_scalable(todo, tools):
            found[-1].append(todo)
        else:
            found.append([todo])
    return found


def _is_scalable(todo: Cell, tools: Toolbox) -> bool:
    try:
        return tools.encoder(todo.condition).scalable
    except Exception:  # noqa: BLE001  # what is wrong with it is reported when it is to encode
        return False


def reraise_if_fatal(error: BaseException) -> None:
    """A disk without space is no property of a cell: stop, so that the cell is measured when there is space.

    Nor is a worker without memory, which another cell may have taken: a fresh one tries again.
    """
    if isinstance(error, StoreError | MemoryError):
        raise error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        raise StoreError(
            f"{error.filename or 'the disk'}: {error.strerror}. Free some space and start again."
        ) from error


def read_kept(path: Place, sha: str) -> Audio | None:
    """What an earlier run has written; None where it is not there, damaged or something else."""
    try:
        kept = audio.read(path)
    except StoreError:
        raise  # a store that cannot be reached says nothing of the file
    except Exception:  # noqa: BLE001  # whatever is wrong with it, it is made again
        return None
    return kept if sample_sha(kept) == sha else None


def sample_sha(signal: Audio) -> str:
    """SHA-256 of the samples: of a waveform, not of a file."""
    return hashlib.sha256(signal.samples.tobytes()).hexdigest()
