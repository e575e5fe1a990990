"""The main job: a configuration to the tables of a run. Resumes by itself; loses nothing that was finished."""

from __future__ import annotations

import os
import random
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.cache import Cache
from bench.cells.planning import Job, Plan, Rows, Step
from bench.cells.pooling import pool
from bench.cells.shards import Finished, Inspected
from bench.config import RunConfig, find, mapping_of
from bench.datasets.base import DatasetContext
from bench.datasets.known.absent import absent_sets
from bench.domain import Clip
from bench.engines.base import Engine
from bench.engines.local import Local
from bench.engines.queue import Crew, coders_of, gpus_of
from bench.engines.scratch import own_scratch
from bench.errors import ConfigError, WorkerDied
from bench.journal import Journal
from bench.loading import cache_folder, clips_of_config, dataset_context, load_config, local_cache_folder
from bench.models.device import Name as DeviceName
from bench.provenance import now
from bench.runs import results
from bench.runs.record import costs_of, invocation, of_invocations, record_of
from bench.runs.results import Results
from bench.runs.tables import write_tables
from bench.storage import Files, Place, absolute, place
from bench.store import write_json

ATTEMPTS = 2
"""How often a step may kill its worker before its cell fails: once can be bad luck, twice is the cell."""

START_ATTEMPTS = 5
"""How often a worker may die before it begins: no cell is at fault then."""

LEAST_WORKER_GB = 0.5
"""What a worker needs for its modules alone."""

LOCAL = Local()

Progress = Callable[[Finished], None]


def _limit_bytes(variable: str, least_gb: float = 0.0) -> int | None:
    text = os.environ.get(variable, "")
    expected = f"a number of gigabytes{f' from {least_gb:g} on' if least_gb else ''}"
    try:
        limit_gb = float(text) if text else None
        if limit_gb is None or least_gb <= limit_gb < float("inf"):
            return None if limit_gb is None else int(limit_gb * 1e9)
    except ValueError:
        pass
    raise ConfigError(f"{variable}: expected {expected}, got {text!r}.")


def load_plan(
    config: str | os.PathLike[str] | Mapping[str, Any] | RunConfig,
    data: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[Plan, str]:
    """Every cell of a configuration, and the configuration's text. Loads (and builds) the datasets.

    ``changes`` are values that count instead of those of the configuration, such as its ``device``.

    Raises:
        ConfigError: the configuration cannot be run; the known sets that are not there stand beside its problems.
        DatasetError: a dataset cannot be loaded.
    """
    context = dataset_context(data, cache)
    try:
        parsed, text = load_config(config)
    except ConfigError as error:
        raise ConfigError([*error.problems, *_absent_sets(config, context)]) from None
    parsed = parsed.model_copy(update={key: value for key, value in (changes or {}).items() if value is not None})
    clips = clips_of_config(parsed, context)
    measures = tuple(dict.fromkeys(parsed.set_measures))
    return Plan(parsed, tuple(clips), tuple(parsed.conditions), tuple(parsed.quantities), measures), text


def _absent_sets(config: str | os.PathLike[str] | Mapping[str, Any] | RunConfig, context: DatasetContext) -> list[str]:
    """The known sets that are not there, of a configuration that cannot be run; nothing of one that is no mapping."""
    if isinstance(config, Mapping):
        return absent_sets(config, context)
    try:
        data, _ = mapping_of(find(config)) if not isinstance(config, RunConfig) else ({}, "")
    except ConfigError:
        return []
    return absent_sets(data, context)


def run(
    config: str | os.PathLike[str] | Mapping[str, Any] | RunConfig,
    *,
    output: str | os.PathLike[str] | None = None,
    data: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    device: DeviceName | None = None,
    num_gpus: float | None = None,
    engine: Engine = LOCAL,
    limit: int | None = None,
    only: Iterable[str] = (),
    retry_failed: bool = False,
    costs: Callable[[str], None] | None = None,
    progress: Callable[[Plan, int], Progress] | None = None,
) -> Results:
    """Measure what ``config`` describes and is not yet measured in ``output``; return all of it.

    Several processes, on any machines that see ``output``, share the work: each does what the others have not begun.

    Args:
        config: a YAML file, the name of a shipped configuration, or the same as a mapping.
        output: the run folder; default ``results/runs/NAME``. It, ``data`` and ``cache`` may be URLs such as
            ``s3://bucket/folder``.
        data: where the datasets' relative paths start; default ``CODECBENCH_DATA``, else the current folder.
        cache: where bitstreams are kept; see :func:`cache_folder`.
        workers: processes; default what the configuration says, else one for each core of the engine.
        device: where networks of codecs compute; default what the configuration says.
        num_gpus: of workers that only code; default what the configuration says.
        engine: where they run; see :func:`bench.engines.engine`.
        limit: measure only the first clips of each dataset now.
        only: measure only what matches these patterns now; see :meth:`bench.cells.planning.Plan.restricted`.
        retry_failed: measure again what failed before.
        costs: run each codec once in a process of its own, for the parameters, memory and size in the report; called
            with the name of each codec before it is measured.
        progress: called with the part of the plan to measure and the number of its cells that are already done;
            what it returns is called with the rows as they come.
    Raises:
        ConfigError, DatasetError: nothing was started.
        StoreError: a folder that cannot be written; finished cells are kept.
    """
    plan, text = load_plan(config, data, cache, {"device": device, "num_gpus": num_gpus})
    folder = place(output) if output is not None else Path("results", "runs", plan.config.name)
    bitstreams, limit_bytes = Cache(cache_folder(cache)), _limit_bytes("CODECBENCH_CACHE_GB")
    if limit_bytes is not None:
        bitstreams.require_prunable()
    _limit_bytes("CODECBENCH_WORKER_MEMORY_GB", LEAST_WORKER_GB)  # what the workers take to themselves
    part = plan.restricted([only] if isinstance(only, str) else only, limit)
    coders = coders_of(part)
    workers = plan.config.workers if workers is None else workers
    workers = max(1, engine.cores() - coders) if workers is None else workers
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}.")
    with (
        closing(Journal(folder / results.JOURNAL, invocation(part, workers, engine.name))) as journal,
        own_scratch(folder) as scratch,
    ):
        kept = journal.without_failed() if retry_failed else journal
        record = record_of(plan, text, folder) | {
            "costs": costs_of(part, local_cache_folder(cache), costs) if costs else {}
        }
        write_json(folder / results.RUN, record | of_invocations(journal))
        report = progress(part, done_cells(part, kept)) if progress else None
        places = _Places(Files(absolute(folder)), bitstreams.folder, scratch)
        is_whole = False
        try:
            crew = Crew(workers, part.config.cell_timeout_s, coders, gpus_of(part), part.config.batch_seconds)
            with closing(_measure(part, journal, kept, places, crew, engine)) as rows:
                for finished in rows:
                    if report is not None:
                        report(finished)
            is_whole = True
        finally:
            journal.end({"ended": now(), "engine_start_s": engine.start_s})
            _conclude(plan, journal, kept if is_whole else None, folder, record)
    if limit_bytes is not None:
        bitstreams.prune(limit_bytes)
    return results.load_results(folder)


@dataclass(frozen=True, slots=True)
class _Places:
    """The files of the run folder, the cache, and the folder for temporary files."""

    there: Files
    cache: Place
    scratch: Path


def _measure(
    part: Plan, journal: Journal, kept: Rows, places: _Places, crew: Crew, engine: Engine
) -> Generator[Finished]:
    deaths: Counter[tuple[str, Step]] = Counter()

    def left_of(job: Job, step: Step, how: str) -> Job | None:
        again = part.job(job.clip, kept, places.there, places.cache)
        again = replace(again, poisoned=job.poisoned, scratch=places.scratch)
        deaths[job.clip.id, step] += 1
        if step.stage == "start":
            if deaths[job.clip.id, step] >= START_ATTEMPTS:
                raise WorkerDied(f"workers do not start: {how}. `codecbench doctor` may know why.")
        elif step in job.poisoned:
            raise WorkerDied(f"a worker dies although it leaves out {step}: {how}. workers.log has the traceback.")
        elif deaths[job.clip.id, step] >= ATTEMPTS:
            again = replace(again, poisoned={**job.poisoned, step: f"{how}, {ATTEMPTS} times, in: {step}."})
        return again if again.todos else None

    jobs = _SharedJobs(part, journal, kept, places)
    with closing(engine.run_jobs(jobs, crew, left_of)) as news:
        for finished in news:
            if isinstance(finished, Inspected):
                facts = finished.facts | {"status": "ok"}
                if journal.get(finished.key) != facts:
                    journal.append({finished.key: facts})
                continue
            journal.append(finished.rows)
            yield finished


class _SharedJobs(Iterator[Job]):
    """What is left to do at the moment when a job is drawn; its length hint counts clips that may be finished, too.

    A clip that another driver has claimed waits until all others were looked at; then its driver may be dead, and what
    it has not finished is done here, unless yet another one has claimed it.
    """

    def __init__(self, part: Plan, journal: Journal, kept: Rows, places: _Places) -> None:
        self._part, self._journal, self._kept, self._places = part, journal, kept, places
        self._waiting = deque((clip, 0) for clip in part.longest_first())

    def __length_hint__(self) -> int:
        return len(self._waiting)

    def __next__(self) -> Job:
        while self._waiting:
            clip, known_claims = self._waiting.popleft()
            if self._left(clip) is None:
                continue
            self._journal.refresh()
            if self._journal.collides() and self._waiting:
                self._waiting.rotate(random.randrange(len(self._waiting)))  # noqa: S311  # away from who walks alongside
            if (claims := self._journal.claims(clip.id)) > known_claims:
                self._waiting.append((clip, claims))
            elif (job := self._left(clip)) is not None:
                self._journal.claim(clip.id)
                return replace(job, scratch=self._places.scratch)
        raise StopIteration

    def _left(self, clip: Clip) -> Job | None:
        return self._part.left(clip, self._kept, self._places.there, self._places.cache)


def done_cells(plan: Plan, done: Rows) -> int:
    """How many cells of ``plan`` are in ``done`` (key -> row)."""
    return sum(
        (cell.encoding_key in done)
        + sum(key in done for key in cell.score_keys.values())
        + sum(key in done for key in cell.set_keys.values())
        for cell in plan.cells()
    )


def _conclude(plan: Plan, journal: Journal, kept: Rows | None, folder: Place, record: Mapping[str, Any]) -> None:
    """Write what all drivers have finished; sets are measured first where ``kept`` says which are there.

    What another driver has finished meanwhile is written too, so that the tables of the last one hold everything.
    """
    while True:
        journal.refresh(at_once=True)
        try:
            if kept is not None:
                pool(plan, journal, kept, folder)
        finally:
            write_tables(plan, journal, folder, record)
        if not journal.refresh(at_once=True):
            return
