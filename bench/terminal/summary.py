"""What a run is going to do and what it has done, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import runner
from bench.cells.planning import Plan
from bench.domain import Clip
from bench.errors import MissingRequirement
from bench.journal import Records
from bench.models.device import CPU, require
from bench.models.device import Name as DeviceName
from bench.runs import results
from bench.runs.results import Results
from bench.storage import place
from bench.terminal import console

SHOWN_PROBLEMS = 10


def of_plan(
    config: str | Mapping[str, Any],
    data: str | None,
    cache: str | None,
    output: str | None,
    only: list[str],
    limit: int | None,
    retry_failed: bool,
    device: DeviceName | None = None,
) -> dict[str, Any]:
    """What ``codecbench run`` would measure: clips by dataset, conditions, quantities, cells done and to do."""
    plan, _ = runner.load_plan(config, data, cache, {"device": device})
    part = plan.restricted(only, limit)
    folder = place(output) if output else Path("results", "runs", plan.config.name)
    with closing(Records(folder / results.JOURNAL)) as records:
        finished = runner.done_cells(part, records.without_failed() if retry_failed else records)
    by_dataset: dict[tuple[str, str], list[Clip]] = {}
    for clip in part.clips:
        by_dataset.setdefault((clip.dataset, clip.category), []).append(clip)
    return {
        "run": plan.config.name,
        "folder": str(folder),
        "datasets": [
            {
                "dataset": dataset,
                "category": category,
                "clips": len(clips),
                "seconds": round(sum((max(0.0, clip.judged_s) for clip in clips), 0.0), 1),
            }
            for (dataset, category), clips in by_dataset.items()
        ],
        "clips": [clip.id for clip in part.clips],
        "conditions": [condition.id for condition in part.conditions],
        "quantities": list(part.quantities),
        "set_measures": list(part.set_measures),
        "cells": len(part),
        "done": finished,
        "to_do": len(part) - finished,
        "device": str(plan.device),
        "notes": of_no_use(part) + _absent(part),
    }


def of_no_use(part: Plan) -> list[str]:
    """What was asked for and changes nothing."""
    if part.device.name == "cuda" and not part.coded_on_device:
        return ["device: none of these codecs computes with torch, so that `cuda` changes nothing."]
    return []


def _absent(part: Plan) -> list[str]:
    """What the coding needs and this machine lacks; the workers of a cluster may have it."""
    try:
        require(part.device if part.coded_on_device else CPU)
    except MissingRequirement as error:
        return [str(error)]
    return []


def print_plan(plan: dict[str, Any]) -> None:
    """Show :func:`of_plan`."""
    rows = [(d["dataset"], d["category"], d["clips"], d["seconds"]) for d in plan["datasets"]]
    console.print_table(f"{plan['run']} -> {plan['folder']}", ("dataset", "category", "clips", "seconds"), rows)
    console.out.print(f"conditions: {', '.join(plan['conditions'])}", markup=False)
    console.out.print(f"quantities: {', '.join(plan['quantities'])}")
    if plan["set_measures"]:
        console.out.print(f"of whole sets: {', '.join(plan['set_measures'])}")
    console.out.print(f"cells: {plan['cells']}, of which {plan['done']} are done and {plan['to_do']} to do")
    console.say(*(f"note: {note}" for note in plan["notes"]))


def of_run(results: Results) -> dict[str, Any]:
    """What a run has given: cells by status, reasons of failures, how long, where."""
    statuses = Counter(results.encodings["status"]) + Counter(results.scores["status"])
    coded = results.encodings.loc[results.encodings["status"] == "ok", ["clip", "condition"]]
    scores = results.scores.merge(coded, on=["clip", "condition"])  # the others are counted with their encoding
    failed = scores[scores["status"].isin(["failed", "undefined"])]
    reasons = Counter(
        (str(row.condition), str(row.quantity), str(row.reason)) for row in failed.itertuples()
    ) + Counter(
        (str(row.condition), "encoding", str(row.reason))
        for row in results.encodings[results.encodings["status"] == "failed"].itertuples()
    )
    reasons += Counter(
        (str(row.condition), f"{row.quantity} of {row.category}", str(row.reason))
        for row in results.sets[results.sets["status"].isin(["failed", "undefined"])].itertuples()
    )
    return {
        "run": results.name,
        "folder": str(results.folder),
        "complete": results.info["complete"],
        "missing_cells": results.info["missing_cells"],
        "clips": len(results.clips),
        "conditions": results.conditions,
        "cells": dict(statuses),
        "sets": dict(Counter(results.sets["status"])),
        "problems": [
            {"condition": condition, "what": what, "reason": reason, "cells": count}
            for (condition, what, reason), count in reasons.most_common()
        ],
        "warnings": results.info["warnings"],
        "started": results.info["started"],
        "ended": results.info["ended"],
    }


def print_run(done: dict[str, Any]) -> None:
    """Show :func:`of_run`."""
    counts = ", ".join(f"{count} {status}" for status, count in sorted(done["cells"].items()))
    console.out.print(f"{done['run']}: {done['clips']} clips, {len(done['conditions'])} conditions; cells: {counts}")
    if done["sets"]:
        told = ", ".join(f"{count} {status}" for status, count in sorted(done["sets"].items()))
        console.out.print(f"values of whole sets: {told}")
    if not done["complete"]:
        console.out.print(f"partial: {done['missing_cells']} cells are not measured yet; the same command continues.")
    console.say(*(f"warning: {warning}" for warning in done["warnings"]))
    alike: dict[tuple[str, int, str], list[str]] = {}
    for problem in done["problems"]:
        alike.setdefault((problem["what"], problem["cells"], problem["reason"]), []).append(problem["condition"])
    for (what, cells, reason), conditions in list(alike.items())[:SHOWN_PROBLEMS]:
        each = " each" if len(conditions) > 1 else ""
        console.say(f"{', '.join(conditions)}, {what}: {cells} x{each} {reason}")
    if len(alike) > SHOWN_PROBLEMS:
        console.out.print(f"... and {len(alike) - SHOWN_PROBLEMS} more kinds of problems; the report lists them.")
    if done["cells"].get("failed"):
        console.out.print("failed cells stay as they are; with --retry-failed they are measured again.")
    where = f"tables: {done['folder']}\nnext:   codecbench report {done['folder']}"
    console.say(where)
