"""From what the clips of a set have added to the values of the set. Every planned set ends as rows, with a reason."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.cells.planning import Plan, Rows
from bench.domain import CATEGORIES, Condition
from bench.errors import MetricUndefined, StoreError, row_of
from bench.journal import Journal
from bench.metrics.sets.base import Member, SetMeasure, SetQuantity, Value
from bench.metrics.sets.interval import jackknife
from bench.storage import Place, local_copy, remove
from bench.store import digest
from bench.untrusted import read_arrays

POOLING = 1
"""Changes when values and intervals of sets are made in another way, so that old rows are not taken for new."""


@dataclass(frozen=True)
class SetCell:
    """All clips of a category under one condition, for one set measure. ``parts`` are the rows of what they added."""

    category: str
    condition: Condition
    measure: SetMeasure
    parts: tuple[Mapping[str, Any], ...]
    key: str

    @property
    def ok(self) -> list[Mapping[str, Any]]:
        """The parts of the clips that have added something."""
        return [part for part in self.parts if part["status"] == "ok"]

    def key_of(self, quantity: SetQuantity) -> str:
        """The key of a quantity's row in the journal."""
        return digest([self.key, quantity.name])


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a set came out: values and intervals, or the status and reason for which there are none."""

    values: Mapping[str, Value] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    status: str = "undefined"
    reason: str = "the measure gave no value."


def pool(plan: Plan, journal: Journal, done: Rows, folder: Place) -> None:
    """Measure every set of ``plan`` that is not in ``done``, from what its clips have added so far.

    Raises:
        StoreError: what a clip has added cannot be read; it is made anew with the next start.
    """
    for cell in set_cells(plan, journal):
        if cell.parts and any(cell.key_of(quantity) not in done for quantity in cell.measure.quantities):
            outcome = _measured(cell, folder)
            journal.append(
                {cell.key_of(quantity): _row(cell, quantity, outcome) for quantity in cell.measure.quantities}
            )


def set_rows(plan: Plan, rows: Rows) -> Iterator[Mapping[str, Any] | None]:
    """The rows of all sets of ``plan`` in table order; None for one that is missing."""
    for cell in set_cells(plan, rows):
        yield from (rows.get(cell.key_of(quantity)) for quantity in cell.measure.quantities)


def set_cells(plan: Plan, rows: Rows) -> Iterator[SetCell]:
    """Every set of ``plan`` with the parts that are in ``rows``, by category, condition and measure."""
    if not plan.measures:
        return
    for category in CATEGORIES:
        clips = [clip for clip in plan.clips if clip.category == category]
        if not clips:
            continue
        for condition in plan.conditions:
            cells = [plan.cell(clip, condition) for clip in clips]
            for name, measure in plan.measures.items():
                keys = [cell.set_keys[name] for cell in cells]
                there = {key: row for key in keys if (row := rows.get(key)) is not None}
                content = [POOLING, category, condition.id, str(measure.identity)]
                key = digest([*content, *((part, row["status"]) for part, row in there.items())])
                yield SetCell(category, condition, measure, tuple(there.values()), key)


def _measured(cell: SetCell, folder: Place) -> _Outcome:
    reasons = Counter((str(part["status"]), str(part["reason"])) for part in cell.parts if part["status"] != "ok")
    if not cell.ok:
        status, reason = reasons.most_common(1)[0][0]
        return _Outcome(status=status, reason=reason)
    members = [Member(*(_arrays(folder, part.get(side)) for side in ("degraded", "reference"))) for part in cell.ok]
    sources = [f"{part['dataset']}\n{part['source']}" for part in cell.ok]
    names = [quantity.name for quantity in cell.measure.quantities]
    with_interval = [quantity.name for quantity in cell.measure.quantities if quantity.interval]

    def values_of(places: list[int]) -> dict[str, float]:
        found = cell.measure.values([members[place] for place in places], with_interval)
        return {name: found[name].value for name in with_interval}

    try:
        values = cell.measure.values(members, names)
        whole = {name: values[name].value for name in with_interval}
        try:
            intervals = jackknife(sources, values_of, whole)
        except MetricUndefined:
            intervals = {}  # the set has a value, but has none without one of its sources
    except Exception as error:  # noqa: BLE001  # a failure of a set is a row
        status, reason = row_of(error)
        return _Outcome(status=status, reason=reason)
    left_out = "; ".join(f"{n} x {status}: {reason}" for (status, reason), n in reasons.items())
    return _Outcome(values, intervals, reason=f"without some clips: {left_out}" if left_out else "")


def _arrays(folder: Place, path: str | None) -> dict[str, Any]:
    if path is None:
        return {}
    where = folder / path
    try:
        return read_arrays(local_copy(where))
    except (FileNotFoundError, ValueError) as error:
        remove(where)
        reason = " ".join(str(error).split())
        raise StoreError(
            f"{where}: cannot be read ({reason}). Start the same command again: it is made anew."
        ) from None


def _row(cell: SetCell, quantity: SetQuantity, outcome: _Outcome) -> dict[str, Any]:
    value = outcome.values.get(quantity.name)
    has_value = value is not None and not math.isnan(value.value)
    low, high = outcome.intervals.get(quantity.name, (math.nan, math.nan))
    counts = Counter(str(part["status"]) for part in cell.parts)
    row: dict[str, Any] = {
        "category": cell.category, "condition": cell.condition.id, "measure": cell.measure.identity.name,
        "measure_version": str(cell.measure.identity), "quantity": quantity.name, "value": None,
        "ci_low": None, "ci_high": None, "n": len(cell.ok),
        "n_sources": len({(part["dataset"], part["source"]) for part in cell.ok}),
        "n_items": 0 if value is None else value.items,
        **{f"n_{status}": counts[status] for status in ("failed", "undefined", "not_applicable")},
        "status": "ok", "reason": outcome.reason, "details": "{}",
    }  # fmt: skip
    if value is None:
        return row | {"status": outcome.status}
    row["details"] = json.dumps(value.details)
    if not has_value:
        return row | {"status": "undefined", "reason": value.reason or "the measure gave NaN."}
    if math.isfinite(low):
        row |= {"ci_low": max(low, quantity.low), "ci_high": min(high, quantity.high)}
    return row | {"value": value.value}
