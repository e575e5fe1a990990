"""The main job: a configuration to the tables of a run. Resumes by itself; loses nothing that was finished."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
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
from bench.loading import cache_folder, clips_of_config, dataset_context, load_config, local_cache_folder
from bench.measure import Finished, Inspected
from bench.planning import Job, Plan, Step
from bench.pooling import pool, set_rows
from bench.provenance import machine, now, package_versions, revision
from bench.results import Results
from bench.storage import Place, absolute, place, read_bytes, working_folder
from bench.store import digest, locked, write_json, write_table
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
    data: str | os.PathLike[str] | Place | None = None,
    cache: str | os.PathLike[str] | Place | None = None,
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
    output: str | os.PathLike[str] | Place | None = None,
    data: str | os.PathLike[str] | Place | None = None,
    cache: str | os.PathLike[str] | Place | None = None,
    workers: int | None = None,
    engine: Engine = LOCAL,
    limit: int | None = None,
    only: Iterable[str] = (),
    retry_failed: bool = False,
    costs: Callable[[str], None] | None = None,
    progress: Callable[[Plan, int], Progress] | None = None,
) -> Results:
    """Measure what ``config`` describes and is not yet measured in ``output``; return all of it.

    Args:
        config: a YAML file, the name of a shipped configuration, or the same as a mapping.
        output: the run folder; default ``results/runs/NAME``. It, ``data`` and ``cache`` may be URLs such as
            ``s3://bucket/folder``.
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
        StoreError: a folder that cannot be written, or in use; finished cells are kept.
    """
    plan, text = load_plan(config, data, cache)
    folder = place(output) if output is not None else Path("results", "runs", plan.config.name)
    bitstreams, limit_bytes = Cache(cache_folder(cache)), _cache_limit()
    if limit_bytes is not None:
        bitstreams.require_prunable()
    workers = plan.config.workers if workers is None else workers
    workers = engine.cores() if workers is None else workers
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}.")
    part = plan.restricted([only] if isinstance(only, str) else only, limit)
    with locked(folder), closing(Journal(folder / "journal.jsonl")) as journal:
        kept = kept_cells(journal.rows, retry_failed)
        record = _record(plan, text, folder, workers, engine.name) | {
            "costs": _costs(part, local_cache_folder(cache), costs) if costs else {}
        }
        write_json(folder / results.RUN, record)
        report = progress(part, done_cells(part, kept)) if progress else None
        try:
            with closing(_measure(part, journal, kept, folder, bitstreams.folder, workers, engine)) as rows:
                for finished in rows:
                    if report is not None:
                        report(finished)
            pool(plan, journal, kept, folder)
        finally:
            shutil.rmtree(working_folder(folder) / ".scratch", ignore_errors=True)
            _finish(plan, journal.rows, folder, record)
    if limit_bytes is not None:
        bitstreams.prune(limit_bytes)
    return results.load_results(folder)


def _measure(
    part: Plan,
    journal: Journal,
    kept: dict[str, Mapping[str, Any]],
    folder: Place,
    cache: Place,
    workers: int,
    engine: Engine,
) -> Generator[Finished]:
    folder = absolute(folder)
    deaths: Counter[tuple[str, Step]] = Counter()

    def left_of(job: Job, step: Step, how: str) -> Job | None:
        again = replace(part.job(job.clip, kept, folder, cache), poisoned=job.poisoned)
        deaths[job.clip.id, step] += 1
        if step.stage == "start":
            if deaths[job.clip.id, step] >= START_ATTEMPTS:
                raise WorkerDied(f"workers do not start: {how}. `codecbench doctor` may know why.")
        elif step in job.poisoned:
            raise WorkerDied(f"a worker dies although it leaves out {step}: {how}. workers.log has the traceback.")
        elif deaths[job.clip.id, step] >= ATTEMPTS:
            again = replace(again, poisoned={**job.poisoned, step: f"{how}, {ATTEMPTS} times, in: {step}."})
        return again if again.todos else None

    jobs = part.jobs(kept, folder, cache)
    with closing(engine.run_jobs(jobs, workers, part.config.cell_timeout_s, left_of)) as news:
        for finished in news:
            if isinstance(finished, Inspected):
                facts = finished.facts | {"status": "ok"}
                if journal.rows.get(finished.key) != facts:
                    journal.append({finished.key: facts})
                continue
            journal.append(finished.rows)
            kept.update(finished.rows)
            yield finished


def kept_cells(rows: Mapping[str, Mapping[str, Any]], retry_failed: bool) -> dict[str, Mapping[str, Any]]:
    """The cells of a journal that are not measured again."""
    return {key: row for key, row in rows.items() if not (retry_failed and row["status"] == "failed")}


def done_cells(plan: Plan, done: Mapping[str, Any]) -> int:
    """How many cells of ``plan`` are in ``done`` (key -> row)."""
    measured = sum((key in done) + sum(score in done for score in scores.values()) for key, scores in plan.cells())
    return measured + sum(key in done for key in plan.collected())


def _finish(plan: Plan, rows: Mapping[str, Mapping[str, Any]], folder: Place, record: dict[str, Any]) -> None:
    """Write the tables of everything that is finished, in the order of the plan."""
    encodings: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    missing = 0
    for key, score_keys in plan.cells():
        for table, wanted in ((encodings, [key]), (scores, list(score_keys.values()))):
            found = [{**rows[one], "run": plan.config.name} for one in wanted if one in rows]
            table += found
            missing += len(wanted) - len(found)
    sets, missing_sets = set_rows(plan, rows)
    missing += missing_sets
    inspected = {clip.id: rows.get(f"clip {plan.reference(clip)}", {}) for clip in plan.clips}
    marks = marks_of_run(plan.clips, inspected, plan.config.sample_rate, plan.config.channels)
    clips = [_clip_row(clip, plan.reference(clip), inspected[clip.id], marks[clip.id]) for clip in plan.clips]
    write_table(folder / results.CLIPS, clips, results.CLIP_COLUMNS)
    write_table(folder / results.ENCODINGS, encodings, results.ENCODING_COLUMNS)
    write_table(folder / results.SCORES, scores, results.SCORE_COLUMNS)
    write_table(folder / results.SETS, sets, results.SET_COLUMNS)
    warnings = [*mark_warnings(marks), *_changed_versions(record["invocations"])]
    ending = {"ended": now(), "complete": missing == 0, "missing_cells": missing, "warnings": warnings}
    write_json(folder / results.RUN, record | ending)


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


def _record(plan: Plan, text: str, folder: Place, workers: int, engine: str) -> dict[str, Any]:
    from bench import metrics

    invocation = {
        "started": now(),
        "git_revision": revision(),
        "versions": package_versions(),
        "machine": machine(),
        "workers": workers,
        "engine": engine,
    }
    earlier = _earlier_invocations(folder / results.RUN)
    return {
        "run": plan.config.name,
        "description": plan.config.description,
        "ended": None,
        "complete": False,
        "config_text": text,
        **invocation,
        "started": (earlier or [invocation])[0]["started"],
        "invocations": [*earlier, invocation],
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


def _earlier_invocations(path: Place) -> list[dict[str, Any]]:
    """How the run in this folder was worked on before; nothing where there is no readable record."""
    try:
        return list(parse_json(read_bytes(path))["invocations"])
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _changed_versions(invocations: list[dict[str, Any]]) -> list[str]:
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
