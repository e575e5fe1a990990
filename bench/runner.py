"""The main job: a configuration to the tables of a run. Resumes by itself; loses nothing that was finished."""

from __future__ import annotations

import json
import os
import random
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from bench import codecs, results
from bench.audio import resampler_identity
from bench.auditing import mark_warnings, marks_of_run
from bench.cache import Cache
from bench.config import RunConfig, find, mapping_of
from bench.datasets.base import DatasetContext
from bench.datasets.known.absent import absent_sets
from bench.domain import Clip
from bench.engines.base import Engine
from bench.engines.local import Local
from bench.errors import CodecError, ConfigError, WorkerDied
from bench.inspection.cost import cost_of
from bench.journal import Journal
from bench.loading import cache_folder, clips_of_config, dataset_context, load_config
from bench.measure import Finished, Inspected
from bench.planning import Job, Plan, Step
from bench.pooling import Rows, pool, set_rows
from bench.provenance import machine, now, package_versions, revision
from bench.results import Results
from bench.scratch import own_scratch
from bench.store import digest, write_json
from bench.table_writer import TableWriter, table_writer
from bench.untrusted import parse_json

ATTEMPTS = 2
"""How often a step may kill its worker before its cell fails: once can be bad luck, twice is the cell."""

START_ATTEMPTS = 5
"""How often a worker may die before it begins: no cell is at fault then."""

FACT_COLUMNS = (
    "format", "rms_dbfs", "clipped_samples", "bandwidth_hz", "edge_hz", "edge_db", "lossy", "stereo", "peak_dbfs", "dc",
    "silence_share", "loudness_lufs", "noise_floor_dbfs", "range_db", "fingerprint",
)  # fmt: skip
"""Columns of the clips that stand in the facts of the audit under the same name."""

LOCAL = Local()

Progress = Callable[[Finished], None]


def _cache_limit() -> int | None:
    text = os.environ.get("CODECBENCH_CACHE_GB", "")
    try:
        return int(float(text) * 1e9) if text else None
    except ValueError:
        raise ConfigError(f"CODECBENCH_CACHE_GB: expected a number of gigabytes, got {text!r}.") from None


def load_plan(
    config: str | os.PathLike[str] | Mapping[str, Any] | RunConfig,
    data: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> tuple[Plan, str]:
    """Every cell of a configuration, and the configuration's text. Loads (and builds) the datasets.

    Raises:
        ConfigError: the configuration cannot be run; the known sets that are not there stand beside its problems.
        DatasetError: a dataset cannot be loaded.
    """
    context = dataset_context(data, cache)
    try:
        parsed, text = load_config(config)
    except ConfigError as error:
        raise ConfigError([*error.problems, *_absent_sets(config, context)]) from None
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
        output: the run folder; default ``results/runs/NAME``.
        data: where the datasets' relative paths start; default ``CODECBENCH_DATA``, else the current folder.
        cache: where bitstreams are kept; see :func:`cache_folder`.
        workers: processes; default what the configuration says, else one for each core of the engine.
        engine: where they run; see :func:`bench.engines.engine`.
        limit: measure only the first clips of each dataset now.
        only: measure only what matches these patterns now; see :meth:`bench.planning.Plan.restricted`.
        retry_failed: measure again what failed before.
        costs: run each codec once in a process of its own, for the parameters, memory and size in the report; called
            with the name of each codec before it is measured.
        progress: called with the part of the plan to measure and the number of its cells that are already done;
            what it returns is called with the rows as they come.
    Raises:
        ConfigError, DatasetError: nothing was started.
        StoreError: a folder that cannot be written; finished cells are kept.
    """
    plan, text = load_plan(config, data, cache)
    folder = Path(output) if output is not None else Path("results", "runs", plan.config.name)
    limit_bytes = _cache_limit()
    workers = plan.config.workers if workers is None else workers
    workers = engine.cores() if workers is None else workers
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}.")
    part = plan.restricted([only] if isinstance(only, str) else only, limit)
    with (
        closing(Journal(folder / results.JOURNAL, _invocation(workers, engine.name))) as journal,
        own_scratch(folder) as scratch,
    ):
        kept = journal.without_failed() if retry_failed else journal
        record = _record(plan, text, folder) | {"costs": _costs(part, cache_folder(cache), costs) if costs else {}}
        write_json(folder / results.RUN, record | _of_invocations(journal))
        report = progress(part, done_cells(part, kept)) if progress else None
        places = _Places(folder.absolute(), cache_folder(cache), scratch)
        is_whole = False
        try:
            with closing(_measure(part, journal, kept, places, workers, engine)) as rows:
                for finished in rows:
                    if report is not None:
                        report(finished)
            is_whole = True
        finally:
            _conclude(plan, journal, kept if is_whole else None, folder, record)
    if limit_bytes is not None:
        Cache(cache_folder(cache)).prune(limit_bytes)
    return results.load_results(folder)


@dataclass(frozen=True, slots=True)
class _Places:
    """Run folder, cache, and the folder for temporary files."""

    folder: Path
    cache: Path
    scratch: Path


def _measure(
    part: Plan, journal: Journal, kept: Rows, places: _Places, workers: int, engine: Engine
) -> Generator[Finished]:
    deaths: Counter[tuple[str, Step]] = Counter()

    def left_of(job: Job, step: Step, how: str) -> Job | None:
        again = part.job(job.clip, kept, places.folder, places.cache)
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

    jobs = _shared_jobs(part, journal, kept, places)
    with closing(engine.run_jobs(jobs, workers, part.config.cell_timeout_s, left_of)) as news:
        for finished in news:
            if isinstance(finished, Inspected):
                facts = finished.facts | {"status": "ok"}
                if journal.get(finished.key) != facts:
                    journal.append({finished.key: facts})
                continue
            journal.append(finished.rows)
            yield finished


def _shared_jobs(part: Plan, journal: Journal, kept: Rows, places: _Places) -> Iterator[Job]:
    """What is left to do at the moment when a job is drawn.

    A clip that another driver has claimed waits until all others were looked at; then its driver may be dead, and what
    it has not finished is done here, unless yet another one has claimed it.
    """
    waiting = deque((clip, 0) for clip in part.longest_first())
    while waiting:
        clip, known_claims = waiting.popleft()
        if part.left(clip, kept, places.folder, places.cache) is None:
            continue
        journal.refresh()
        if journal.collides() and waiting:
            waiting.rotate(random.randrange(len(waiting)))  # noqa: S311  # away from the driver that walks alongside
        if (claims := journal.claims(clip.id)) > known_claims:
            waiting.append((clip, claims))
        elif (job := part.left(clip, kept, places.folder, places.cache)) is not None:
            journal.claim(clip.id)
            yield replace(job, scratch=places.scratch)


def done_cells(plan: Plan, done: Rows) -> int:
    """How many cells of ``plan`` are in ``done`` (key -> row)."""
    return sum(
        (cell.encoding_key in done)
        + sum(key in done for key in cell.score_keys.values())
        + sum(key in done for key in cell.set_keys.values())
        for cell in plan.cells()
    )


def _conclude(plan: Plan, journal: Journal, kept: Rows | None, folder: Path, record: Mapping[str, Any]) -> None:
    """Write what all drivers have finished; sets are measured first where ``kept`` says which are there.

    What another driver has finished meanwhile is written too, so that the tables of the last one hold everything.
    """
    journal.end(now())
    while True:
        journal.refresh(at_once=True)
        try:
            if kept is not None:
                pool(plan, journal, kept, folder)
        finally:
            _finish(plan, journal, folder, record)
        if not journal.refresh(at_once=True):
            return


def _finish(plan: Plan, journal: Journal, folder: Path, record: Mapping[str, Any]) -> None:
    """Write the tables of everything that is finished, in the order of the plan."""
    missing = 0

    def add(writer: TableWriter, row: Mapping[str, Any] | None) -> None:
        nonlocal missing
        if row is None:
            missing += 1
        else:
            writer.add({**row, "run": plan.config.name})

    with (
        table_writer(folder / results.ENCODINGS, results.ENCODING_COLUMNS) as encodings,
        table_writer(folder / results.SCORES, results.SCORE_COLUMNS) as scores,
        table_writer(folder / results.SETS, results.SET_COLUMNS) as sets,
    ):
        for cell in plan.cells():
            add(encodings, journal.get(cell.encoding_key))
            for key in cell.score_keys.values():
                add(scores, journal.get(key))
            missing += sum(key not in journal for key in cell.set_keys.values())
        for row in set_rows(plan, journal):
            add(sets, row)
    inspected = {clip.id: journal.get(f"clip {plan.reference(clip)}", {}) for clip in plan.clips}
    marks = marks_of_run(plan.clips, inspected, plan.config.sample_rate, plan.config.channels)
    with table_writer(folder / results.CLIPS, results.CLIP_COLUMNS) as clips:
        for clip in plan.clips:
            clips.add(_clip_row(clip, plan.reference(clip), inspected[clip.id], marks[clip.id]))
    warnings = [*mark_warnings(marks), *_changed_versions(journal.invocations)]
    ending = {"ended": now(), "complete": missing == 0, "missing_cells": missing, "warnings": warnings}
    write_json(folder / results.RUN, {**record, **_of_invocations(journal), **ending})


def _clip_row(
    clip: Clip, reference: PurePosixPath, facts: Mapping[str, Any], marks: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "clip": clip.id, "dataset": clip.dataset, "category": clip.category, "source": clip.source or clip.id,
        "path": clip.path, "sha256": clip.sha256, "sample_rate": clip.sample_rate, "channels": clip.channels,
        "samples": clip.samples, "start_s": clip.start_s, "duration_s": clip.duration_s,
        "lead_in_s": clip.lead_in_s, "licence": clip.licence,
        "attributes": json.dumps(dict(clip.attributes), ensure_ascii=False, sort_keys=True),
        "reference": reference.as_posix(),
        **{name: facts.get(name) for name in FACT_COLUMNS},
        "rt60_s": None if clip.category == "music" else facts.get("rt60_s"),
        "marks": json.dumps(dict(marks), ensure_ascii=False),
    }  # fmt: skip


def _invocation(workers: int, engine: str) -> dict[str, Any]:
    return {
        "started": now(),
        "git_revision": revision(),
        "versions": package_versions(),
        "machine": machine(),
        "workers": workers,
        "engine": engine,
    }


def _of_invocations(journal: Journal) -> dict[str, Any]:
    """What the record says of the starts of all drivers; that of the last one stands for them."""
    every = [dict(one) for one in journal.invocations]
    return {**every[-1], "started": every[0]["started"], "invocations": every}


def _record(plan: Plan, text: str, folder: Path) -> dict[str, Any]:
    from bench import metrics

    return {
        "run": plan.config.name,
        "description": plan.config.description,
        "ended": None,
        "complete": False,
        "config_text": text,
        "threads_per_worker": 1,
        "seed": plan.config.seed,
        "sample_rate": plan.config.sample_rate,
        "channels": plan.config.channels,
        "band_limited": plan.config.band_limited,
        "resampler": resampler_identity(),
        "clips": len(plan.clips),
        "conditions": [condition.id for condition in plan.conditions],
        "datasets": [dict(item.model_dump(mode="json")) for item in plan.config.datasets],
        "quantities": {
            name: {
                "unit": quantity.unit,
                "higher_is_better": quantity.higher_is_better,
                "low": _finite(quantity.low),
                "high": _finite(quantity.high),
                "summary": metrics.registry.entry(name).summary,
                "metric": metric.identity.name,
                "metric_version": str(metric.identity),
                "channel_policy": metric.domain.channels,
                "categories": list(metric.domain.categories),
            }
            for name, metric in plan.metrics.items()
            for quantity in metric.quantities
            if quantity.name == name
        },
        "set_quantities": {
            quantity.name: {
                "unit": quantity.unit,
                "higher_is_better": quantity.higher_is_better,
                "low": _finite(quantity.low),
                "high": _finite(quantity.high),
                "summary": quantity.summary,
                "metric": measure.identity.name,
                "metric_version": str(measure.identity),
                "categories": list(measure.categories),
            }
            for measure in plan.measures.values()
            for quantity in measure.quantities
        },
        "warnings": [],
        "folder": folder.name,
    }


def _costs(part: Plan, cache: Path, tell: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """What each codec of the plan costs, by series; measured once for each version of it on this machine."""
    found: dict[str, dict[str, Any]] = {}
    for condition in part.conditions:
        codec = codecs.make(condition.codec, condition.options)
        if codec.role != "codec" or not codec.live or condition.series in found:
            continue
        key = digest([str(codec.identity), dict(condition.options), machine()["cpu"]])
        path = cache / "costs" / f"{key}.json"
        if not path.is_file():
            tell(condition.series)
            try:
                measured = asdict(cost_of(condition.codec, condition.options, times=1))
            except CodecError as error:
                found[condition.series] = {"reason": str(error)}
                continue
            write_json(path, {key: str(value) if value == float("inf") else value for key, value in measured.items()})
        found[condition.series] = parse_json(path.read_text(encoding="utf-8"))
    return found


def _changed_versions(invocations: Sequence[Mapping[str, Any]]) -> list[str]:
    """A run that was continued with other packages, or on another machine, says so."""
    found = []
    for name in sorted({name for one in invocations for name in one["versions"]}):
        versions = list(dict.fromkeys(one["versions"].get(name, "none") for one in invocations))
        if len(versions) > 1:
            found.append(f"the run was continued with another {name}: {', then '.join(versions)}.")
    machines = list(dict.fromkeys(one["machine"]["cpu"] for one in invocations))
    if len(machines) > 1:
        found.append(f"the run was continued on another machine, so times do not compare: {', then '.join(machines)}.")
    return found


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
