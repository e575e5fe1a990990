"""From a configuration and its clips to the cells of a run: what each is, its key, and what is left to do. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from bench import codecs, metrics
from bench.audio import resampler_identity
from bench.codecs.base import Codec
from bench.config import RunConfig
from bench.domain import Clip, Condition
from bench.errors import ConfigError
from bench.metrics import sets
from bench.metrics.base import Metric
from bench.metrics.sets.base import SetMeasure
from bench.models.device import CPU, Device, resolve
from bench.paths import reference_path
from bench.storage import Files, Place, working_folder
from bench.store import canonical, digest

FORMAT = 2
"""Changes when the way a reference is made or a pair is aligned changes, so that old cells are not taken for new."""

Rows = Mapping[str, Mapping[str, Any]]
"""What is done: rows by their keys."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a worker does; what is lost when it dies there. ``stage``: read, encode, prepare, score, collect."""

    stage: str
    condition: str = ""
    metric: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.stage, self.condition, self.metric) if part)


@dataclass(frozen=True, slots=True)
class Cell:
    """One clip under one condition: who codes it, and the keys of its bitstream in the cache and of its rows.

    ``score_keys`` are by quantity, ``set_keys`` by set measure: what the clip adds to the sets that it is in. In a job
    they are those of what is left to do, and ``finished`` is the encoding row if that is done. ``on_device``: a network
    codes it.
    """

    condition: Condition
    codec_version: str
    role: str
    on_device: bool
    stream_key: str
    encoding_key: str
    score_keys: Mapping[str, str]
    set_keys: Mapping[str, str]
    finished: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Everything left to do for one clip: what an engine hands to a worker.

    ``scratch`` is the folder for temporary files of this driver's workers.
    """

    run: str
    clip: Clip
    todos: tuple[Cell, ...]
    reference: PurePosixPath
    folder: Place
    cache: Place
    scratch: Path
    sample_rate: int | None = None
    channels: int | None = None
    poisoned: Mapping[Step, str] = field(default_factory=dict)
    device: Device = CPU
    metrics_device: Device = CPU

    @property
    def cells(self) -> int:
        return sum(len(todo.score_keys) + len(todo.set_keys) + (todo.finished is None) for todo in self.todos)


@dataclass(frozen=True)
class Plan:
    """All cells of a run, in the order of its tables."""

    config: RunConfig
    clips: tuple[Clip, ...]
    conditions: tuple[Condition, ...]
    quantities: tuple[str, ...]
    set_measures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._codecs, self.metrics, self.measures  # noqa: B018  # what is not here is said before anything starts

    @cached_property
    def device(self) -> Device:
        """Where networks of codecs compute."""
        return resolve(self.config.device, self.config.batch_seconds)

    @cached_property
    def metrics_device(self) -> Device:
        """Where networks of metrics and set measures compute."""
        return resolve(self.config.metrics_device)

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """The metric of each quantity."""
        placed = [metric.on(self.metrics_device) for metric in metrics.make(self.quantities)]
        made = {quantity.name: metric for metric in placed for quantity in metric.quantities}
        return {name: made[name] for name in self.quantities}

    @cached_property
    def measures(self) -> Mapping[str, SetMeasure]:
        """The set measures by name."""
        return {name: sets.make(name).on(self.metrics_device) for name in self.set_measures}

    @cached_property
    def _codecs(self) -> Mapping[str, Codec]:
        return {one.id: codecs.make(one.codec, one.options).on(self.device) for one in self.conditions}

    @cached_property
    def _versions(self) -> Mapping[str, str]:
        return {condition: str(codec.identity) for condition, codec in self._codecs.items()}

    @cached_property
    def _score_rests(self) -> Mapping[str, bytes]:
        return {name: _rest([str(metric.identity), name]) for name, metric in self.metrics.items()}

    @cached_property
    def _set_rests(self) -> Mapping[str, bytes]:
        return {name: _rest([str(measure.identity), "set"]) for name, measure in self.measures.items()}

    def __len__(self) -> int:
        return len(self.clips) * len(self.conditions) * (1 + len(self.quantities) + len(self.set_measures))

    @property
    def coded_on_device(self) -> bool:
        """Whether a network codes one of the conditions."""
        return any(codec.on_device for codec in self._codecs.values())

    def reference_key(self, clip: Clip) -> str:
        """What decides a reference: the audio, the part of it, its conversion."""
        part = [clip.sha256, clip.start_s, clip.duration_s, clip.lead_in_s]
        return digest([FORMAT, resampler_identity(), part, self.config.sample_rate, self.config.channels])

    def reference(self, clip: Clip) -> PurePosixPath:
        """Where the reference lies in the run folder."""
        return reference_path(clip, self.reference_key(clip))

    def cells_of(self, clip: Clip) -> list[Cell]:
        """The keys of a clip under every condition.

        The key of a bitstream is of the reference, the codec and its settings. Those of cells hold, besides the
        content, the names that stand in their rows: a clip that is in two datasets, or a codec under a new label, has
        rows of its own, made from the same bitstream.
        """
        reference = self.reference_key(clip)
        return [self._cell(clip, condition, reference) for condition in self.conditions]

    def cell(self, clip: Clip, condition: Condition) -> Cell:
        """One of :meth:`cells_of`."""
        return self._cell(clip, condition, self.reference_key(clip))

    def _cell(self, clip: Clip, condition: Condition, reference: str) -> Cell:
        codec, version = self._codecs[condition.id], self._versions[condition.id]
        parts: list[Any] = [reference, version, condition.bitrate_bps, dict(condition.options)]
        more = codec.depends_on(clip, condition.bitrate_bps)
        stream = digest([*parts, more] if more else parts)
        encoding = digest([stream, clip.id, clip.dataset, clip.category, clip.source, condition.id])
        start = f'["{encoding}",'.encode()  # of a list as `digest` writes it: the rest is the same for every clip
        scores = {name: sha256(start + rest).hexdigest() for name, rest in self._score_rests.items()}
        sets = {name: sha256(start + rest).hexdigest() for name, rest in self._set_rests.items()}
        return Cell(condition, version, codec.role, codec.on_device, stream, encoding, scores, sets)

    def cells(self) -> Iterator[Cell]:
        """The keys of every clip and condition, in table order."""
        for clip in self.clips:
            yield from self.cells_of(clip)

    def longest_first(self) -> list[Clip]:
        """The clips in the order of work, so that no worker is left alone with a long one while the others wait."""
        return sorted(self.clips, key=lambda clip: clip.judged_s * clip.channels, reverse=True)

    def left(self, clip: Clip, done: Rows, there: Files, cache: Place) -> Job | None:
        """What ``done`` (key -> row) leaves to do for ``clip``, lost files included; None if that is nothing."""
        job = self.job(clip, done, there, cache)
        return job if job.todos or self._lost_reference(job, done, there) else None

    def _lost_reference(self, job: Job, done: Rows, there: Files) -> bool:
        """Whether a clip that could be read has no reference in the folder any more."""
        if job.reference in there:
            return False
        return any(done[cell.encoding_key]["status"] == "ok" for cell in self.cells_of(job.clip))

    def job(self, clip: Clip, done: Rows, there: Files, cache: Place) -> Job:
        """What ``done`` leaves to do for ``clip``; it may be nothing. ``there`` are the files of the run folder."""
        todos = (_left(cell, done, there) for cell in self.cells_of(clip))
        return Job(
            self.config.name,
            clip,
            tuple(todo for todo in todos if todo is not None),
            self.reference(clip),
            there.folder,
            cache,
            working_folder(there.folder) / ".scratch",
            self.config.sample_rate,
            self.config.channels,
            device=self.device,
            metrics_device=self.metrics_device,
        )

    def restricted(self, only: Iterable[str] = (), limit: int | None = None) -> Plan:
        """The part of this plan that ``only`` selects, and of it the first ``limit`` clips of each dataset.

        A pattern such as ``opus*`` selects conditions, or quantities and set measures, or clips (by id, category or
        dataset), whichever it matches first. Patterns of one kind add up; different kinds narrow each other down.
        """
        part = self._selected(list(only)) if only else self
        if limit is not None:
            seen: dict[str, int] = {}
            kept = []
            for clip in part.clips:
                seen[clip.dataset] = seen.get(clip.dataset, 0) + 1
                if seen[clip.dataset] <= limit:
                    kept.append(clip)
            part = replace(part, clips=tuple(kept))
        return part

    def _selected(self, patterns: list[str]) -> Plan:
        conditions: list[Condition] = []
        quantities: list[str] = []
        clips: set[str] = set()
        for pattern in patterns:
            by_condition = [c for c in self.conditions if _matches(pattern, c.id, c.series, c.codec)]
            by_quantity = [q for q in (*self.quantities, *self.set_measures) if _matches(pattern, q)]
            by_clip = [c.id for c in self.clips if _matches(pattern, c.id, c.category, c.dataset)]
            if not (by_condition or by_quantity or by_clip):
                raise ConfigError(
                    f"--only {pattern} matches nothing: expected a condition, quantity, clip, category or dataset of "
                    "this configuration. `--dry-run` lists them."
                )
            if by_condition:
                conditions += by_condition
            elif by_quantity:
                quantities += by_quantity
            else:
                clips.update(by_clip)
        return replace(
            self,
            conditions=tuple(c for c in self.conditions if c in conditions) if conditions else self.conditions,
            quantities=tuple(q for q in self.quantities if q in quantities) if quantities else self.quantities,
            set_measures=tuple(m for m in self.set_measures if m in quantities) if quantities else self.set_measures,
            clips=tuple(c for c in self.clips if c.id in clips) if clips else self.clips,
        )


def _rest(values: list[str]) -> bytes:
    """``values`` as the rest of a canonical list."""
    return canonical(values)[1:].encode()


def _left(cell: Cell, done: Rows, there: Files) -> Cell | None:
    """What ``done`` leaves to do for ``cell``, lost files included; None if that is nothing."""
    finished = done.get(cell.encoding_key)
    if finished is None:
        return cell
    scores = {name: key for name, key in cell.score_keys.items() if key not in done}
    sets = {name: key for name, key in cell.set_keys.items() if not _is_kept(done.get(key), there)}
    is_lost = finished["status"] == "ok" and finished["decoded"] not in there
    return replace(cell, score_keys=scores, set_keys=sets, finished=finished) if scores or sets or is_lost else None


def _is_kept(row: Mapping[str, Any] | None, there: Files) -> bool:
    """Whether a clip has given its part to a set, and its files are there if it has some."""
    if row is None:
        return False
    return all(row[name] in there for name in ("degraded", "reference") if row.get(name))


def _matches(pattern: str, *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)
