"""The tables of a run from its journal, in the order of the plan, a few rows in memory at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bench.auditing import mark_warnings, marks_of_run
from bench.cells.planning import Plan
from bench.cells.pooling import set_rows
from bench.domain import Clip
from bench.journal import Journal
from bench.provenance import now
from bench.runs import results
from bench.runs.record import changed_versions, of_invocations
from bench.runs.table_writer import TableWriter, table_writer
from bench.storage import Place
from bench.store import write_json

FACT_COLUMNS = (
    "format", "rms_dbfs", "clipped_samples", "bandwidth_hz", "edge_hz", "edge_db", "lossy", "stereo", "peak_dbfs", "dc",
    "silence_share", "loudness_lufs", "noise_floor_dbfs", "range_db", "fingerprint",
)  # fmt: skip
"""Columns of the clips that stand in the facts of the audit under the same name."""


def write_tables(plan: Plan, journal: Journal, folder: Place, record: Mapping[str, Any]) -> None:
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
    warnings = [*mark_warnings(marks), *changed_versions(journal.invocations)]
    ending = {"ended": now(), "complete": missing == 0, "missing_cells": missing, "warnings": warnings}
    write_json(folder / results.RUN, {**record, **of_invocations(journal), **ending})


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
