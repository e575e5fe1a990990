"""Sentences about what a join left out, and what it took on trust: nothing is dropped silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from bench.runs.results import Results
from bench.tables import is_complete


def left_out(rated: pd.DataFrame, wanted: pd.DataFrame) -> list[str]:
    """Rated files of roles that nobody asked for."""
    out = Counter(rated.loc[~rated.index.isin(wanted.index), "role"])
    if not out:
        return []
    parts = ", ".join(f"{count} of role {role}" for role, count in sorted(out.items()))
    return [f"Rated and not compared: {parts}. --with reference,anchors asks for them."]


def unmatched(missing: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Rated files that no run has; ``there`` says that a run has the names with other samples."""
    told = []
    for there, why in (
        (True, "have other samples in the runs under the same names: the run was made again since the test"),
        (False, "are in no run"),
    ):
        rows = [row for row in missing if row["there"] is there]
        if rows:
            n_ratings = sum(int(row["n_ratings"]) for row in rows)
            told.append(f"{len(rows)} rated files ({n_ratings} ratings) {why}: {_some(rows)}.")
    return told


def _some(rows: Sequence[Mapping[Any, Any]], most: int = 3) -> str:
    shown = [f"{row['clip']} under {row['condition']}" for row in rows[:most]]
    return "; ".join(shown) + (f" and {len(rows) - most} more" if len(rows) > most else "")


def on_trust(table: pd.DataFrame) -> list[str]:
    """Files of which nothing proves that they are what was heard."""
    counts = Counter(table["matched_by"])
    whys = {
        "names": "by the names of clip and condition: nothing proves that the listeners heard these samples",
        "role": "as a control that is made like the stimulus of its role",
    }
    return [f"{counts[how]} of {len(table)} files were matched {why}." for how, why in whys.items() if counts[how]]


def unrated(cells: Mapping[str, Collection[tuple[str, str]]], table: pd.DataFrame) -> list[str]:
    """Files of the runs, by name of the run, that nobody rated."""
    used = set(zip(table["clip"], table["condition"], strict=True))
    told = []
    for run, of_run in cells.items():
        rest = [cell for cell in of_run if cell not in used]
        if rest:
            conditions = sorted({condition for _, condition in rest} - {condition for _, condition in used})
            whole = f"; of {', '.join(conditions)} nothing was rated" if conditions else ""
            told.append(f"{len(rest)} of {len(of_run)} files of run {run} have no ratings here{whole}.")
    return told


def about_runs(runs: Sequence[Results], quantities: Sequence[str]) -> list[str]:
    """Runs that are not complete, and quantities that two runs have in different versions."""
    told = [
        f"Partial run: {results.name}. Files that it has not measured are not in the comparison."
        for results in runs
        if not is_complete(results)
    ]
    for name in quantities:
        found = {str(results.quantities[name].get("metric_version")) for results in runs if name in results.quantities}
        if len(found) > 1:
            told.append(f"{name}: the runs have several versions of it ({', '.join(sorted(found))}).")
    return told
