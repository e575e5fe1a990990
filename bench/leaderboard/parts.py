"""The clips of a run that are judged alike: one sample rate and channel count of the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from bench.domain import CATEGORIES
from bench.runs.results import Results

Place = tuple[int, int, str]
"""Sample rate, channels and category: which board something belongs to."""

UNREADABLE = 0
"""Rate and channels of a clip whose file could not be read."""


@dataclass(frozen=True)
class Part:
    """One category of one run at one sample rate and channel count of the judged references.

    ``results`` holds the rows of these clips alone.
    """

    results: Results
    sample_rate: int
    channels: int
    category: str

    @property
    def run(self) -> str:
        """Name of the run."""
        return self.results.name

    @property
    def place(self) -> Place:
        """Which board this belongs to."""
        return self.sample_rate, self.channels, self.category


def judged_as(results: Results) -> dict[str, tuple[int, int]]:
    """Sample rate and channels at which each clip was judged.

    They are those of the configuration where it converts every clip, else those of the file. A clip that could not be
    read is counted where the other clips of its category are, if these agree; else it is ``(0, 0)``.
    """
    rate, channels = results.info.get("sample_rate"), results.info.get("channels")
    found: dict[str, tuple[int, int]] = {}
    lost: dict[str, str] = {}
    places: dict[str, set[tuple[int, int]]] = {}
    for clip, category, *own in results.clips[["clip", "category", "sample_rate", "channels"]].itertuples(index=False):
        place = (int(rate or own[0]), int(channels or own[1]))
        if UNREADABLE in place:
            lost[str(clip)] = str(category)
            continue
        found[str(clip)] = place
        places.setdefault(str(category), set()).add(place)
    for clip, category in lost.items():
        others = places.get(category, set())
        found[clip] = next(iter(others)) if len(others) == 1 else (UNREADABLE, UNREADABLE)
    return found


def parts_of(results: Results) -> list[Part]:
    """The parts of a run, in the order of rate, channels and category."""
    judged = judged_as(results)
    cells = zip(results.clips["clip"], results.clips["category"], strict=True)
    places = [(*judged[str(clip)], str(category)) for clip, category in cells]
    there = sorted({place for place in places if UNREADABLE not in place}, key=order)
    return [Part(_only(results, results.clips[[one == place for one in places]]), *place) for place in there]


def order(place: Place) -> tuple[int, int, int]:
    """By sample rate, channels, and the usual order of categories."""
    rate, channels, category = place
    return rate, channels, CATEGORIES.index(category) if category in CATEGORIES else len(CATEGORIES)


def _only(results: Results, clips: pd.DataFrame) -> Results:
    keep = set(clips["clip"])
    encodings = results.encodings[results.encodings["clip"].isin(keep)]
    scores = results.scores[results.scores["clip"].isin(keep)]
    return replace(results, clips=clips, encodings=encodings, scores=scores)


def versioned(runs: Sequence[Results]) -> list[Results]:
    """The runs, with ``quantity [version]`` for every quantity that they have measured with several versions.

    Numbers of different versions of a metric must not stand in one column as if they were comparable.
    """
    versions: dict[str, set[str]] = {}
    for run in runs:
        pairs = run.scores[["quantity", "metric_version"]].drop_duplicates()
        for quantity, version in pairs.itertuples(index=False):
            versions.setdefault(str(quantity), set()).add("" if pd.isna(version) else str(version))
    split = {quantity: sorted(found) for quantity, found in versions.items() if len(found) > 1}
    return [_split(run, split) for run in runs] if split else list(runs)


def _split(run: Results, split: Mapping[str, Sequence[str]]) -> Results:
    old, version = (run.scores[name].astype("string").fillna("") for name in ("quantity", "metric_version"))
    names = old.where(~old.isin(list(split)), old + " [" + version + "]").astype("category")
    quantities = {name: about for name, about in run.quantities.items() if name not in split}
    for name, found in split.items():
        for number, one in enumerate(found, start=1):
            about = {**run.quantities.get(name, {}), "metric_version": one, "label": f"{name} [{number}]"}
            quantities[f"{name} [{one}]"] = about
    return replace(run, scores=run.scores.assign(quantity=names), info={**run.info, "quantities": quantities})
