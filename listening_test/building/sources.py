"""The runs that a test is made from: their conditions, their clips, and what is wrong with either."""

from __future__ import annotations

import fnmatch
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.domain import Category
from bench.errors import ConfigError
from bench.registry import nearest
from bench.runs.results import Results, load_results
from bench.storage import Place, is_file
from bench.untrusted import parse_json

SAME_CLIP = ("sha256", "start_s", "duration_s")
"""Columns of the clips that are equal in two runs of one clip."""


@dataclass(frozen=True)
class System:
    """A condition of a run under the name that it has in the test."""

    name: str
    run: int
    condition: str


@dataclass(frozen=True)
class ClipFacts:
    """A clip that all chosen runs hold. ``reference_run``: the run whose reference has the most rate and channels."""

    id: str
    dataset: str
    category: Category
    source: str
    reference_run: int
    marks: Mapping[str, str]


class Sources:
    """Runs joined. Cells are looked up by number of the run, clip and condition."""

    def __init__(self, runs: Sequence[Results]) -> None:
        self.runs = list(runs)
        self._cells: list[dict[tuple[str, str], dict[str, Any]]] = [
            {
                (row["clip"], row["condition"]): {str(key): value for key, value in row.items()}
                for row in run.encodings.to_dict("records")
            }
            for run in self.runs
        ]
        self._roles = [{condition: row["role"] for (_, condition), row in cells.items()} for cells in self._cells]
        self._clips = [{row["clip"]: row for row in run.clips.to_dict("records")} for run in self.runs]
        twice = sorted({run.name for run in self.runs if [one.name for one in self.runs].count(run.name) > 1})
        if twice:
            raise ConfigError(
                f"runs: {', '.join(twice)} is there more than once, and RUN:CONDITION could not tell them apart. "
                "Give the configurations different names."
            )

    @classmethod
    def load(cls, folders: Iterable[str | os.PathLike[str]]) -> Sources:
        return cls([load_results(folder) for folder in folders])

    def systems(self, patterns: Sequence[str]) -> tuple[list[System], list[str]]:
        """The conditions that match, in the order of the runs, and the problems of ``patterns``.

        ``RUN:PATTERN`` speaks of one run. A control of a run (its reference, its anchors) is taken only where it is
        named in full: anchors of a test are made for it. Where two runs have a condition of one name, those of the
        later run are called ``RUN:CONDITION``.
        """
        chosen: list[tuple[int, str]] = []
        problems = []
        for index, pattern in enumerate(patterns):
            found = [cell for cell in self._conditions() if self._matches(*cell, pattern)]
            if not found:
                known = sorted({condition for _, condition in self._conditions()})
                runs = "" if len(self.runs) == 1 else f" Runs: {', '.join(run.name for run in self.runs)}."
                problems.append(
                    f"conditions[{index}]: {pattern!r} matches no condition.{nearest(pattern, known)} "
                    f"Known: {', '.join(known)}.{runs}"
                )
            chosen += [cell for cell in found if cell not in chosen]
        systems: list[System] = []
        for run, condition in sorted(chosen, key=lambda cell: (cell[0], self.runs[cell[0]].conditions.index(cell[1]))):
            taken = {system.name for system in systems}
            name = f"{self.runs[run].name}:{condition}" if condition in taken else condition
            systems.append(System(name, run, condition))
        return systems, problems

    def _conditions(self) -> list[tuple[int, str]]:
        return [(index, condition) for index, run in enumerate(self.runs) for condition in run.conditions]

    def _matches(self, run: int, condition: str, pattern: str) -> bool:
        of_run, colon, rest = pattern.partition(":")
        if colon and not fnmatch.fnmatchcase(self.runs[run].name, of_run):
            return False
        wanted = rest if colon else pattern
        if condition == wanted:
            return True
        return self._roles[run].get(condition) == "codec" and fnmatch.fnmatchcase(condition, wanted)

    def unmeasured(self) -> list[str]:
        """``RUN:CONDITION`` of which nothing is measured yet; a pattern does not reach them."""
        return [
            f"{self.runs[run].name}:{condition}"
            for run, condition in self._conditions()
            if condition not in self._roles[run]
        ]

    def clips(self, systems: Sequence[System]) -> tuple[dict[str, ClipFacts], list[str]]:
        """The clips that every run of ``systems`` holds, and those that mean different audio in two runs."""
        runs = sorted({system.run for system in systems})
        shared = [clip for clip in self._clips[runs[0]] if all(clip in self._clips[run] for run in runs)]
        facts: dict[str, ClipFacts] = {}
        problems = []
        for clip in shared:
            rows = {run: self._clips[run][clip] for run in runs}
            if len({tuple(_plain(row[name]) for name in SAME_CLIP) for row in rows.values()}) > 1:
                problems.append(
                    f"clip {clip!r} is other audio in {' and '.join(self.runs[run].name for run in runs)} "
                    f"(their {', '.join(SAME_CLIP)} differ); join runs over the same clips."
                )
            best = max(runs, key=lambda run: (*self.reference_shape(run, clip), -run))
            row = rows[best]
            marks = parse_json(row["marks"]) if isinstance(row.get("marks"), str) else {}
            facts[clip] = ClipFacts(clip, row["dataset"], row["category"], row["source"], best, marks)
        return facts, problems

    def reference_shape(self, run: int, clip: str) -> tuple[int, int]:
        """Rate and channels of the reference of ``clip`` in a run."""
        info, row = self.runs[run].info, self._clips[run][clip]
        return info.get("sample_rate") or row["sample_rate"], info.get("channels") or row["channels"]

    def seconds(self, clip: ClipFacts) -> tuple[float, float]:
        """How long a clip is as it was judged, and how much before it was encoded, too."""
        row = self._clips[clip.reference_run][clip.id]
        whole = row["samples"] / row["sample_rate"] - row["start_s"]
        return _plain(row["duration_s"]) or whole, row["lead_in_s"]

    def reference(self, clip: ClipFacts) -> Place:
        """Where the clip as it was judged lies."""
        return self.runs[clip.reference_run].reference_place(clip.id)

    def cell(self, system: System, clip: str) -> dict[str, Any] | None:
        """The row of the encodings; None where it was not measured."""
        return self._cells[system.run].get((clip, system.condition))

    def trouble(self, system: System, clip: str) -> str:
        """Why ``system`` cannot be heard with ``clip``; empty where it can."""
        row = self.cell(system, clip)
        if row is None:
            return "it was not measured"
        if row["status"] != "ok":
            return f"{row['status']}: {row['reason']}"
        path = self.runs[system.run].folder / str(row["decoded"])
        return "" if is_file(path) else f"{path} is not there; `codecbench run` makes it anew"

    def spread(self, systems: Sequence[System], quantity: str, by: str) -> dict[str, float]:
        """How critical each clip is: the spread of ``quantity`` over ``systems``, or how bad its mean is.

        Clips on which fewer than two of them (``spread``), or none (``worst``), have a finite value are not in it.
        """
        values: dict[str, list[float]] = {}
        sign = 1.0
        for run in sorted({system.run for system in systems}):
            names = [system.condition for system in systems if system.run == run]
            scores = self.runs[run].scores
            rows = scores[
                (scores["quantity"] == quantity) & scores["condition"].isin(names) & (scores["status"] == "ok")
            ]
            for clip, value in zip(rows["clip"], rows["value"], strict=True):
                if math.isfinite(value):
                    values.setdefault(clip, []).append(float(value))
            sign = -1.0 if self.runs[run].quantities.get(quantity, {}).get("higher_is_better", True) else 1.0
        if by == "spread":
            return {clip: max(one) - min(one) for clip, one in values.items() if len(one) > 1}
        return {clip: sign * sum(one) / len(one) for clip, one in values.items()}

    def quantities(self) -> list[str]:
        return list(dict.fromkeys(name for run in self.runs for name in run.quantities))

    def record(self) -> list[dict[str, Any]]:
        """What each run says of itself, for ``test.json``."""
        kept = ("run", "git_revision", "started", "ended", "complete", "versions", "resampler", "config_text")
        versions = [
            {
                str(condition): str(version)
                for condition, version in zip(table["condition"], table["codec_version"], strict=True)
            }
            for table in (run.encodings.drop_duplicates("condition") for run in self.runs)
        ]
        return [
            {**{name: run.info.get(name) for name in kept}, "codec_versions": version}
            for run, version in zip(self.runs, versions, strict=True)
        ]


def _plain(value: Any) -> Any:
    return None if value is None or (isinstance(value, float) and pd.isna(value)) else value
