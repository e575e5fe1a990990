"""Scores of listening tests for the entries of runs: joined file by file, each test apart from all others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.errors import DatasetError
from bench.leaderboard.model import Column, Entry, Source, Value
from bench.leaderboard.parts import Part, Place
from bench.leaderboard.ranked import Name, Rank, ranks_of
from bench.ratings import ratings_for_leaderboard
from bench.stats import mean_ci
from bench.wording import counted

SCALE = (0.0, 100.0)
"""Of MUSHRA, ITU-R BS.1534-3."""

OWN_ROLES = ("hidden_reference", "anchor", "mid_anchor", "low_anchor")
"""What a test adds to the conditions of runs."""

SIMULATED = "simulated"


@dataclass(frozen=True)
class Heard:
    """One listening test. ``ratings`` are those that belong to entries, with ``place``, ``source``, ``condition``."""

    test: str
    ratings: pd.DataFrame
    source: Source
    mark: str

    @property
    def key(self) -> str:
        """Of its column."""
        return f"mushra:{self.test}"

    @property
    def column(self) -> Column:
        """Its column on every board."""
        return Column(
            key=self.key,
            label=f"MUSHRA {self.test}",
            kind="mushra",
            low=SCALE[0],
            high=SCALE[1],
            hint="Mean of the ratings, 0 to 100, with an interval over listeners; n are listeners.",
            mark=self.mark,
        )


def read_tests(paths: Sequence[Path], with_simulated: bool) -> dict[str, pd.DataFrame]:
    """The ratings that count, by the id of their test.

    Raises:
        DatasetError: two files hold the same test, a test of another kind than MUSHRA, or simulated listeners.
        StoreError: a file that cannot be read.
    """
    found: dict[str, pd.DataFrame] = {}
    places: dict[str, Path] = {}
    for path in paths:
        ratings = ratings_for_leaderboard(path, with_simulated)
        for test, rows in ratings.groupby("test"):
            name = str(test)
            if name in found:
                raise DatasetError(
                    f"{path}: expected one file for each test, but {places[name]} holds ratings of {name!r}, too. "
                    "Leave one of them out: ratings of two files are not pooled."
                )
            kinds = sorted(set(rows["test_type"].astype(str)))
            if kinds != ["mushra"]:
                raise DatasetError(
                    f"{path}: expected MUSHRA ratings, got a test of type {', '.join(kinds)}. Their scales are not "
                    "those of a leaderboard; `codecbench listen analyze` reports them."
                )
            found[name], places[name] = rows.reset_index(drop=True), path
    return found


def join(test: str, ratings: pd.DataFrame, parts: Sequence[Part]) -> Heard:
    """Give every rating to the entry whose decoded file was rated, and count those that have none."""
    files = _files(parts, set(ratings["clip"].astype(str)))
    found, lost = [], Counter[str]()
    rated_at: dict[str, Place] = {}
    own = ratings["role"].isin(OWN_ROLES)
    for row in ratings[~own].to_dict("records"):
        key = (str(row["run"]), str(row["clip"]), str(row["condition"]))
        place, sha = files.get(key, (None, ""))
        if place is None:
            lost["of a run, clip or condition that is not here"] += 1
        elif not sha or str(row["decoded_sha256"]) != sha:
            lost["of another decoded file than the run holds"] += 1
        else:
            rated_at[key[1]] = place
            found.append((place, *key, "system", *_given(row)))
    for row in ratings[own].to_dict("records"):
        clip = str(row["clip"])
        if clip not in rated_at:
            lost["of the hidden reference or an anchor of a clip without any other joined rating"] += 1
            continue
        found.append((rated_at[clip], test, clip, str(row["condition"]), str(row["role"]), *_given(row)))
    columns = ["place", "source", "clip", "condition", "role", "listener", "replicate", "score"]
    joined = pd.DataFrame(found, columns=columns)
    people = ratings.drop_duplicates("listener")
    simulated = int(people["simulated"].astype(bool).sum())
    return Heard(test, joined, _source(test, ratings, simulated, lost), SIMULATED if simulated else "")


def _given(row: Mapping[Any, Any]) -> tuple[str, int, float]:
    return str(row["listener"]), int(row["replicate"]), float(row["score"])


def _files(parts: Sequence[Part], clips: set[str]) -> dict[tuple[str, str, str], tuple[Place, str]]:
    """Board and hash of every decoded file of ``clips``, by run, clip and condition."""
    found = {}
    for part in parts:
        encodings = part.results.encodings
        rows = encodings[encodings["clip"].isin(clips)].reindex(columns=["clip", "condition", "decoded_sha256"])
        for clip, condition, sha in rows.itertuples(index=False):
            found[part.run, str(clip), str(condition)] = (part.place, sha if isinstance(sha, str) else "")
    return found


def _source(test: str, ratings: pd.DataFrame, simulated: int, lost: Mapping[str, int]) -> Source:
    listeners = ratings["listener"].nunique()
    notes = [f"{n} of {len(ratings)} ratings are not joined: they are {why}." for why, n in lost.items()]
    if simulated:
        notes.insert(0, f"{simulated} of {listeners} listeners are simulated: these scores say nothing about codecs.")
    about = (
        f"MUSHRA; {counted(listeners, 'listener')} after screening, {counted(len(ratings), 'rating')} of "
        f"{counted(ratings['clip'].nunique(), 'clip')}."
    )
    return Source(test, "listening_test", about=about, notes=tuple(notes))


def heard_values(heard: Heard, place: Place, parts: Sequence[Part], seed: int) -> dict[Name, Value]:
    """Mean and interval of each entry of a board, the interval over listeners as in ``codecbench listen analyze``."""
    found = {}
    rows = _at(heard, place)
    n_clips = rows["clip"].nunique()
    coded = {part.run: part.results.encodings for part in parts}
    for (source, condition), group in rows.groupby(["source", "condition"]):
        interval = mean_ci(group["score"], group["listener"].to_numpy(dtype=str), seed)
        clips = set(group["clip"])
        low, high = np.clip([interval.low, interval.high], *SCALE).tolist()
        found[str(source), str(condition)] = Value(
            mean=interval.mean,
            low=low,
            high=high,
            n=interval.n_clusters,
            n_ratings=interval.n,
            fewer=len(clips) < n_clips,
            actual_bps=_bps(coded[str(source)], str(condition), clips) if source in coded else math.nan,
        )
    return found


def _bps(encodings: pd.DataFrame, condition: str, clips: set[str]) -> float:
    """Measured bitrate of the clips that were rated."""
    rows = encodings[(encodings["condition"] == condition) & encodings["clip"].isin(clips)]
    seconds = math.fsum(rows["seconds"])
    return math.fsum(rows["payload_bits"]) / seconds if seconds else math.nan


def heard_ranks(heard: Heard, place: Place, names: set[Name], seed: int) -> dict[Name, Rank]:
    """Ranks of the entries ``names`` from ratings of one listener of one clip, the listeners being independent."""
    rows = _at(heard, place)
    named = pd.Series(list(zip(rows["source"], rows["condition"], strict=True)), index=rows.index, dtype=object)
    rows = rows.assign(name=named)[named.isin(names)]
    if rows.empty:
        return {}
    table = rows.pivot_table(index=["listener", "clip", "replicate"], columns="name", values="score")
    listeners = [str(listener) for listener in table.index.get_level_values("listener")]
    return ranks_of(table, listeners, listeners, True, seed)


def own_entries(heard: Heard, place: Place) -> list[Entry]:
    """The hidden reference and the anchors of the test, as entries without a bitrate."""
    rows = _at(heard, place)
    own = rows[rows["role"].isin(OWN_ROLES)].drop_duplicates("condition")
    return [
        Entry(source=heard.test, condition=str(row.condition), codec="", role=str(row.role), kind="test")
        for row in own.itertuples(index=False)
    ]


def _at(heard: Heard, place: Place) -> pd.DataFrame:
    here = [one == place for one in heard.ratings["place"]]
    return heard.ratings[np.array(here, dtype=bool)]
