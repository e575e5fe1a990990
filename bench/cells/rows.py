"""The rows that a worker sends back: what stands in them whichever way a cell ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench import metrics
from bench.cells.planning import Cell, Job
from bench.domain import NOT_DECODED, Clip
from bench.metrics.base import Metric

Row = dict[str, Any]


def score_row(job: Job, todo: Cell, metric: Metric, quantity: str) -> Row:
    """The columns of a score row that do not depend on the value."""
    return _clip_columns(job.run, job.clip) | {
        "condition": todo.condition.id,
        "metric": metric.identity.name,
        "metric_version": str(metric.identity),
        "channel_policy": metric.domain.channels,
        "quantity": quantity,
    }


def statistics_row(job: Job, todo: Cell, measure: str) -> Row:
    """The columns of what a clip adds to a set that do not depend on how it ends; it stands in the journal only."""
    return _clip_columns(job.run, job.clip) | {"condition": todo.condition.id, "measure": measure}


def with_value(values: Mapping[str, float], quantity: str) -> Row:
    """Value and status columns of a score that was computed."""
    value = values[quantity]
    if np.isnan(value):
        return {"value": None, "status": "undefined", "reason": "the metric gave NaN."}
    return {"value": value, "status": "ok", "reason": ""}


def encoding_row(job: Job, todo: Cell) -> Row:
    """The columns of an encoding row that do not depend on how it ends."""
    return _clip_columns(job.run, job.clip) | {
        "condition": todo.condition.id,
        "codec": todo.condition.series,
        "codec_version": todo.codec_version,
        "role": todo.role,
        "bitrate_bps": todo.condition.bitrate_bps,
    }


def _clip_columns(run: str, clip: Clip) -> Row:
    return {
        "run": run,
        "clip": clip.id,
        "dataset": clip.dataset,
        "category": clip.category,
        "source": clip.source or clip.id,
    }


def failed_rows(job: Job, todo: Cell, status: str, reason: str) -> dict[str, Row]:
    """The encoding and all scores of a condition as rows without a number."""
    status = "failed" if status == "undefined" else status
    rows: dict[str, Row] = {}
    if todo.finished is None:
        rows[todo.encoding_key] = encoding_row(job, todo) | {"status": status, "reason": reason}
    for quantity, key in todo.score_keys.items():
        (metric,) = metrics.make([quantity])
        rows[key] = score_row(job, todo, metric.on(job.metrics_device), quantity) | {
            "value": None,
            "status": status,
            "reason": NOT_DECODED + reason,
        }
    for measure, key in todo.set_keys.items():
        about = {"status": status, "reason": NOT_DECODED + reason}
        rows[key] = statistics_row(job, todo, measure) | about
    return rows
