"""A run with the values of VERSA as further quantities, so that they are reported like its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd

from bench.domain import CATEGORIES, NOT_DECODED
from bench.errors import ConfigError
from bench.runs.results import SCORE_COLUMNS, Results
from bench.versa.known import ERROR_VALUES, LARGEST, error_rates, known
from bench.versa.lines import Line, clip_key, key_of, read
from bench.versa.source import Source, Tally, source_of

PREFIX = "versa:"

Cell = tuple[str, str]
"""Clip and condition."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value of a cell as a file gave it: NaN where it is none, with the status and the reason."""

    value: float
    origin: str
    status: str = "ok"
    reason: str = ""
    written: str = ""
    contradicted: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """A quantity: its values by cell, and the groups ``(category, condition)`` that its files are about."""

    cells: dict[Cell, Found] = field(default_factory=dict)
    groups: set[tuple[str, str]] = field(default_factory=set)


def joined(results: Results, given: Sequence[str]) -> tuple[Results, list[Tally]]:
    """``results`` with the values of files of VERSA, each given as ``FILE`` or ``CONDITION=FILE``.

    A quantity is called ``versa:NAME``. It has a row in every cell of the conditions that its files are about, in the
    categories in which they have it: where a cell has no value, the row says why. What was left out is in the tallies,
    and in the warnings of the run.

    Raises:
        ConfigError: no such file or condition, or a file of which no key names a cell of the run.
        StoreError: a file that cannot be read.
    """
    sources = [source_of(text, results.conditions) for text in given]
    quantities: dict[str, Imported] = {}
    tallies = [_collect(results, source, quantities) for source in sources]
    rows = [row for name, found in quantities.items() for row in _rows(results, name, found)]
    frame = pd.DataFrame(rows, columns=list(SCORE_COLUMNS)).astype(SCORE_COLUMNS)
    scores = pd.concat([results.scores, frame], ignore_index=True)
    about = {f"{PREFIX}{name}": _about(results, name, found) for name, found in quantities.items()}
    info = {
        **results.info,
        "quantities": {**results.quantities, **about},
        "warnings": [*(results.info.get("warnings") or []), *(text for tally in tallies for text in tally.problems())],
        "imported": [tally.summary() for tally in tallies],
    }
    return replace(results, scores=scores, info=info), tallies


def _collect(results: Results, source: Source, quantities: dict[str, Imported]) -> Tally:
    """Put the values of a file into ``quantities``."""
    lines = read(source.path)
    tally = Tally(source, len(lines.lines) + len(lines.unreadable), unreadable=lines.unreadable)
    cells = _cells(results, source.condition)
    category_of: dict[str, str] = dict(results.encodings[["clip", "category"]].itertuples(index=False))
    groups: set[tuple[str, str]] = set()
    named: set[tuple[str, str]] = set()
    for line in lines.lines:
        if line.key not in cells:
            tally.unmatched.append(line.key)
            continue
        tally.joined += 1
        cell = cells[line.key]
        category = str(category_of[cell[0]])
        groups.add((category, cell[1]))
        for name, value in (*line.entries, *error_rates(dict(line.entries)).items()):
            found = _found(name, value, line, tally)
            if found is not None:
                named.add((name, category))
                _add(quantities.setdefault(name, Imported()).cells, cell, found, tally)
    tally.quantities = [f"{PREFIX}{name}" for name in quantities if any(name == one for one, _ in named)]
    for name, category in named:
        quantities[name].groups.update(group for group in groups if group[0] == category)
    if not tally.joined:
        raise ConfigError(_nothing_joined(source, tally, next(iter(cells), "")))
    return tally


def _cells(results: Results, condition: str | None) -> dict[str, Cell]:
    """The cells of the run by the key that a file may give them."""
    planned = results.encodings[["clip", "condition"]].itertuples(index=False)
    if condition is None:
        return {key_of(str(under), str(clip)): (str(clip), str(under)) for clip, under in planned}
    clips = [str(clip) for clip, under in planned if under == condition]
    return {**{clip_key(clip): (clip, condition) for clip in clips}, **{clip: (clip, condition) for clip in clips}}


def _found(name: str, value: Any, line: Line, tally: Tally) -> Found | None:
    """What a line says of one quantity; None where that is no number at all."""
    origin = f"{tally.source.name}, line {line.number}"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        tally.without_number[name] += 1
        written = "null" if value is None else "NaN"
        return Found(math.nan, origin, "undefined", f"{origin}: {written}.", written)
    if isinstance(value, bool) or not isinstance(value, int | float):
        tally.texts[name] += 1
        return None
    if abs(value) > LARGEST and not (isinstance(value, float) and math.isinf(value)):
        tally.too_large[name] += 1
        reason = f"{origin}: a number beyond {LARGEST:g}, which is no measurement."
        return Found(math.nan, origin, "undefined", reason, "a number too large")
    written = f"{value:g}"
    if ERROR_VALUES.get(name) == value:
        tally.error_values[name] += 1
        return Found(math.nan, origin, "failed", f"{origin}: VERSA writes {written} where {name} failed.", written)
    return Found(float(value), origin, written=written)


def _add(values: dict[Cell, Found], cell: Cell, found: Found, tally: Tally) -> None:
    """A second value that is another leaves a cell without one: nobody knows which is right."""
    before = values.setdefault(cell, found)
    if before is found:
        return
    if before.contradicted:
        tally.contradicting += 1
        return
    if before.value == found.value or (math.isnan(before.value) and math.isnan(found.value)):
        tally.repeated += 1
        return
    tally.contradicting += 1
    reason = f"two values: {before.written} ({before.origin}) and {found.written} ({found.origin})."
    values[cell] = Found(math.nan, found.origin, "undefined", reason, contradicted=True)


def _rows(results: Results, name: str, imported: Imported) -> list[dict[str, Any]]:
    """A score row for every cell of the groups of a quantity."""
    kept = ["run", "clip", "dataset", "category", "source", "condition"]
    rows = []
    for cell in results.encodings[[*kept, "status", "reason"]].to_dict("records"):
        if (cell["category"], cell["condition"]) not in imported.groups:
            continue
        found = imported.cells.get((str(cell["clip"]), str(cell["condition"])))
        if found is None and cell["status"] == "ok":
            found = Found(math.nan, "", "undefined", f"VERSA's files have no value of {name} for it.")
        elif found is None:
            found = Found(math.nan, "", str(cell["status"]), f"{NOT_DECODED}{cell['reason']}")
        rows.append(
            {
                **{str(key): cell[key] for key in kept},
                "metric": "versa",
                "metric_version": "",
                "channel_policy": "",
                "quantity": f"{PREFIX}{name}",
                "value": found.value,
                "status": found.status,
                "reason": found.reason,
            }
        )
    return rows


def _about(results: Results, name: str, imported: Imported) -> dict[str, Any]:
    """What the report says of an imported quantity: what VERSA means by the name; where that is not known, the run."""
    facts: dict[str, Any] = asdict(known(name))
    if facts["higher_is_better"] is None:
        facts = results.quantities.get(name, facts)
    files = ", ".join(dict.fromkeys(found.origin.rpartition(", line ")[0] for found in imported.cells.values()))
    return {
        **{key: facts.get(key) for key in ("unit", "higher_is_better", "low", "high")},
        "summary": f"Imported from {files}: VERSA's {name}.",
        "metric": "VERSA",
        "metric_version": "",
        "channel_policy": "",
        "categories": [category for category in CATEGORIES if category in {group[0] for group in imported.groups}],
    }


def _nothing_joined(source: Source, tally: Tally, example: str) -> str:
    if not tally.lines:
        return f"--with {source.path}: it is empty. Expected the JSON lines of VERSA."
    got = ", ".join(map(repr, tally.unmatched[:3])) or f"{len(tally.unreadable)} lines without a key"
    advice = "" if source.condition else " Where its keys are clips of one condition, give CONDITION=FILE."
    return f"--with {source.path}: no key names a cell of this run. Expected such as {example!r}, got {got}.{advice}"
