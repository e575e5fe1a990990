"""Rated files beside what runs measured of the very same files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.agreement.names import Names, check_names
from bench.agreement.rated import files
from bench.errors import ConfigError
from bench.results import Results
from bench.tables import judged

ASKED: Mapping[str, tuple[str, ...]] = {
    "reference": ("hidden_reference",),
    "anchors": ("low_anchor", "mid_anchor", "anchor"),
}
"""What ``--with`` adds to the systems, as roles of ratings."""

MADE_ALIKE: Mapping[str, tuple[str, ...]] = {
    "hidden_reference": ("reference", "passthrough"),
    "low_anchor": ("lowpass_3500",),
    "mid_anchor": ("lowpass_7000",),
}
"""Controls of a run that are made as the stimuli of these roles are, which come from no run."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Joined:
    """Rated files with their scores.

    Attributes:
        files: a row per rated file that a run has, columns of :func:`bench.agreement.rated.files`, with ``clip``,
            ``condition`` and ``category`` as the run calls them, ``rated_clip`` and ``rated_condition`` as the ratings
            do, ``source`` (a name per recording), ``run`` and ``matched_by`` (``samples``, ``names`` or ``role``).
        values: a row per row of ``files``, a column per quantity; NaN where there is none.
        statuses: the same shape; ``ok``, or why there is no value (``not_measured`` where no run has a row).
        quantities: what the runs say of each quantity.
        notes: sentences about everything that is not in the join.
    """

    files: pd.DataFrame
    values: pd.DataFrame
    statuses: pd.DataFrame
    quantities: dict[str, dict[str, Any]]
    notes: tuple[str, ...]


class _Run:
    """Encodings of a run by the samples that came out, and by names; scores by names."""

    def __init__(self, results: Results) -> None:
        self.name = results.name
        coded = results.encodings[results.encodings["status"] == "ok"]
        self.cells: dict[Key, dict[str, Any]] = {}
        self.by_samples: dict[Key, list[Key]] = {}
        for row in coded.to_dict("records"):
            cell = str(row["clip"]), str(row["condition"])
            self.cells[cell] = {str(name): value for name, value in row.items()}
            self.by_samples.setdefault((cell[0], str(row.get("decoded_sha256"))), []).append(cell)
        scores = judged(results)
        columns = (scores[name] for name in ("clip", "condition", "quantity", "status", "value"))
        self.scores: dict[Key, dict[str, tuple[str, float]]] = {}
        for clip, condition, quantity, status, value in zip(*columns, strict=True):
            self.scores.setdefault((str(clip), str(condition)), {})[str(quantity)] = (str(status), float(value))

    def found(self, clip: str, condition: str, role: str, sha: str) -> tuple[Key | None, str]:
        """The cell of a rated file, and by what it was recognised."""
        if sha:
            same = self.by_samples.get((clip, sha), [])
            named = [cell for cell in same if cell[1] == condition]
            return (next(iter(named or same), None), "samples")
        if (clip, condition) in self.cells:
            return (clip, condition), "names"
        alike = [(clip, name) for name in MADE_ALIKE.get(role, ()) if (clip, name) in self.cells]
        return next(iter(alike), None), "role"


def joined(
    runs: Sequence[Results], ratings: pd.DataFrame, names: Names | None = None, with_: Collection[str] = ()
) -> Joined:
    """Join on the samples where the ratings know them, else on the names of clip and condition.

    A rating that knows the samples it was given for is never joined to others, whatever they are called. Ratings
    imported from another program know names only.

    Args:
        ratings: those that count, as of :func:`bench.agreement.rated.read_ratings`.
        names: what the runs call clips and conditions of ratings that know no samples.
        with_: of ASKED, what is compared besides the systems.
    Raises:
        ConfigError: ``with_`` or ``names`` say something that there is not; or nothing at all can be joined.
    """
    unknown = sorted(set(with_) - set(ASKED))
    if unknown:
        raise ConfigError(f"--with {', '.join(unknown)}: expected {' or '.join(ASKED)}.")
    names = names or Names()
    loaded = [_Run(results) for results in runs]
    rated = files(ratings)
    measured = {kind: {str(one) for run in loaded for one in _names_of(run, place)}
                for place, kind in enumerate(("clip", "condition"))}  # fmt: skip
    check_names(names, {kind: set(rated[kind]) for kind in ("clip", "condition")}, measured)
    roles = {"system", *(role for name in with_ for role in ASKED[name])}
    wanted = rated[rated["role"].isin(roles)]
    rows, scores, missing = [], [], []
    for row in wanted.to_dict("records"):
        sha = str(row["decoded_sha256"])
        clip, condition = str(row["clip"]), str(row["condition"])
        if not sha:
            clip, condition = names.clips.get(clip, clip), names.conditions.get(condition, condition)
        hits = [(run, *run.found(clip, condition, str(row["role"]), sha)) for run in loaded]
        cells = [(run, cell, how) for run, cell, how in hits if cell is not None]
        if not cells:
            missing.append({**row, "there": any((clip, condition) in run.cells for run in loaded)})
            continue
        run, cell, how = cells[0]
        about = run.cells[cell]
        source = str(about.get("source") or "") if pd.notna(about.get("source")) else ""
        rows.append({
            **row, "rated_clip": row["clip"], "rated_condition": row["condition"], "clip": cell[0], "condition": cell[1], "category": str(about["category"]),
            "source": f"{about['dataset']}\n{source or 'clip ' + cell[0]}",
            "run": run.name, "matched_by": how,
        })  # fmt: skip
        merged: dict[str, tuple[str, float]] = {}
        for other, there, _ in cells:
            merged = {**other.scores.get(there, {}), **merged}
        scores.append(merged)
    if not rows:
        raise ConfigError(_nothing(wanted, missing, measured))
    quantities = {name: about for results in reversed(runs) for name, about in results.quantities.items()}
    order = list(dict.fromkeys(name for results in runs for name in results.quantities))
    order += sorted({name for found in scores for name in found} - set(order))
    values = pd.DataFrame([[found.get(q, ("", float("nan")))[1] for q in order] for found in scores], columns=order)
    statuses = pd.DataFrame([[found.get(q, ("not_measured", 0))[0] for q in order] for found in scores], columns=order)
    table = pd.DataFrame(rows)
    notes = [*_left_out(rated, wanted), *_unmatched(missing), *_by_names(table), *_unrated(loaded, table)]
    partial = [results.name for results in runs if results.info.get("complete") is not True]
    notes += [f"Partial run: {name}. Files that it has not measured are not in the comparison." for name in partial]
    return Joined(
        table, values.where(statuses == "ok"), statuses, {name: quantities.get(name, {}) for name in order},
        tuple([*notes, *_versions(runs, order)]),
    )  # fmt: skip


def _names_of(run: _Run, place: int) -> set[str]:
    return {cell[place] for cell in run.cells}


def _nothing(wanted: pd.DataFrame, missing: Sequence[Mapping[Any, Any]], measured: Mapping[str, set[str]]) -> str:
    if wanted.empty:
        return "the ratings: expected scores of systems, but there are none; --with reference,anchors adds the others."
    first = missing[0]
    return (
        f"none of the {len(missing)} rated files is in the runs. The first: clip {first['clip']!r}, condition "
        f"{first['condition']!r}{', its samples known by hash' if first['decoded_sha256'] else ''}. The runs have clips "
        f"such as {min(measured['clip'], default='(none)')!r} and conditions such as "
        f"{min(measured['condition'], default='(none)')!r}. --names FILE.csv says what a run calls them."
    )


def _left_out(rated: pd.DataFrame, wanted: pd.DataFrame) -> list[str]:
    out = Counter(rated.loc[~rated.index.isin(wanted.index), "role"])
    if not out:
        return []
    parts = ", ".join(f"{count} of role {role}" for role, count in sorted(out.items()))
    return [f"Rated and not compared: {parts}. --with reference,anchors asks for them."]


def _unmatched(missing: Sequence[Mapping[Any, Any]]) -> list[str]:
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


def _by_names(table: pd.DataFrame) -> list[str]:
    counts = Counter(table["matched_by"])
    whys = {
        "names": "by the names of clip and condition: nothing proves that the listeners heard these samples",
        "role": "as a control that is made like the stimulus of its role",
    }
    return [f"{counts[how]} of {len(table)} files were matched {why}." for how, why in whys.items() if counts[how]]


def _unrated(loaded: Sequence[_Run], table: pd.DataFrame) -> list[str]:
    used = set(zip(table["clip"], table["condition"], strict=True))
    told = []
    for run in loaded:
        rest = [cell for cell in run.cells if cell not in used]
        if rest:
            conditions = sorted({condition for _, condition in rest} - {condition for _, condition in used})
            whole = f"; of {', '.join(conditions)} nothing was rated" if conditions else ""
            told.append(f"{len(rest)} of {len(run.cells)} files of run {run.name} have no ratings here{whole}.")
    return told


def _versions(runs: Sequence[Results], quantities: Sequence[str]) -> list[str]:
    told = []
    for name in quantities:
        found = {str(results.quantities[name].get("metric_version")) for results in runs if name in results.quantities}
        if len(found) > 1:
            told.append(f"{name}: the runs have several versions of it ({', '.join(sorted(found))}).")
    return told
