"""Rated files beside what runs measured of the very same files."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.agreement import told
from bench.agreement.names import Names, check_names
from bench.agreement.rated import files
from bench.errors import ConfigError
from bench.runs.results import Results
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

NOT_MEASURED = ("not_measured", math.nan)

Key = tuple[str, str]
"""A clip and a condition."""


@dataclass(frozen=True)
class Joined:
    """Rated files with their scores.

    Attributes:
        files: a row per rated file that a run has, columns of :func:`bench.agreement.rated.files`, with ``clip``,
            ``condition`` and ``category`` as the run calls them, ``rated_clip`` and ``rated_condition`` as the ratings
            do, ``source`` (a name per recording), ``run`` and ``matched_by`` (``samples``, ``names`` or ``role``).
        scores: a row per row of ``files``, a column per quantity; NaN where there is none.
        statuses: the same shape; ``ok``, or why there is no value (``not_measured`` where no run has a row).
        quantities: what the runs say of each quantity.
        notes: sentences about everything that is not in the join, or is in it on trust.
    """

    files: pd.DataFrame
    scores: pd.DataFrame
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
            return next(iter(named or same), None), "samples"
        if (clip, condition) in self.cells:
            return (clip, condition), "names"
        alike = [(clip, name) for name in MADE_ALIKE.get(role, ()) if (clip, name) in self.cells]
        return next(iter(alike), None), "role"

    def about(self, cell: Key) -> dict[str, str]:
        """Category and source of a cell; a clip without a stated source is its own."""
        row = self.cells[cell]
        stated = "" if pd.isna(row.get("source")) else str(row.get("source"))
        return {"category": str(row["category"]), "source": f"{row['dataset']}\n{stated or 'clip ' + cell[0]}"}


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
    names, loaded, rated = names or Names(), [_Run(results) for results in runs], files(ratings)
    cells_there = [cell for run in loaded for cell in run.cells]
    measured = {"clip": {clip for clip, _ in cells_there}, "condition": {name for _, name in cells_there}}
    check_names(names, {kind: set(rated[kind]) for kind in measured}, measured)
    roles = {"system", *(role for name in with_ for role in ASKED[name])}
    wanted = rated[rated["role"].isin(roles)]
    rows: list[dict[Any, Any]] = []
    scores, missing = [], []
    for row in wanted.to_dict("records"):
        clip, condition, sha = (str(row[name]) for name in ("clip", "condition", "decoded_sha256"))
        if not sha:
            clip, condition = names.clips.get(clip, clip), names.conditions.get(condition, condition)
        hits = [(run, *run.found(clip, condition, str(row["role"]), sha)) for run in loaded]
        cells = [(run, cell, how) for run, cell, how in hits if cell is not None]
        if not cells:
            missing.append({**row, "there": any((clip, condition) in run.cells for run in loaded)})
            continue
        run, cell, how = cells[0]
        rows.append({
            **row, "rated_clip": row["clip"], "rated_condition": row["condition"], "clip": cell[0],
            "condition": cell[1], **run.about(cell), "run": run.name, "matched_by": how,
        })  # fmt: skip
        scores.append(_first_of([other.scores.get(there, {}) for other, there, _ in cells]))
    if not rows:
        raise ConfigError(_nothing(wanted, missing, measured))
    table = pd.DataFrame(rows)
    order = list(dict.fromkeys(name for results in runs for name in results.quantities))
    order += sorted({name for found in scores for name in found} - set(order))
    about: dict[str, dict[str, Any]] = {
        name: each for results in reversed(runs) for name, each in results.quantities.items()
    }
    values = pd.DataFrame([[found.get(name, NOT_MEASURED)[1] for name in order] for found in scores], columns=order)
    statuses = pd.DataFrame([[found.get(name, NOT_MEASURED)[0] for name in order] for found in scores], columns=order)
    notes = (
        *told.left_out(rated, wanted),
        *told.unmatched(missing),
        *told.on_trust(table),
        *told.unrated({run.name: run.cells for run in loaded}, table),
        *told.about_runs(runs, order),
    )
    return Joined(table, values.where(statuses == "ok"), statuses, {name: about.get(name, {}) for name in order}, notes)


def _first_of(found: Sequence[Mapping[str, tuple[str, float]]]) -> dict[str, tuple[str, float]]:
    """Scores of the same file in several runs: of each quantity the first that has a value."""
    merged: dict[str, tuple[str, float]] = {}
    for scores in found:
        for name, score in scores.items():
            if name not in merged or (merged[name][0] != "ok" and score[0] == "ok"):
                merged[name] = score
    return merged


def _nothing(wanted: pd.DataFrame, missing: Sequence[Mapping[Any, Any]], measured: Mapping[str, set[str]]) -> str:
    if wanted.empty:
        return "the ratings: expected scores of systems, but there are none; --with reference,anchors adds the others."
    first = missing[0]
    return (
        f"none of the {len(missing)} rated files is in the runs. The first: clip {first['clip']!r}, condition "
        f"{first['condition']!r}{', its samples known by hash' if first['decoded_sha256'] else ''}. The runs have "
        f"clips such as {min(measured['clip'], default='(none)')!r} and conditions such as "
        f"{min(measured['condition'], default='(none)')!r}. --names FILE.csv says what a run calls them."
    )
