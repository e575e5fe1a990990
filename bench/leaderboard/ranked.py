"""Ranks of the codecs of a board, as intervals: metrics on the same clips, ratings of the same listeners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.leaderboard.measured import scored_rows
from bench.leaderboard.model import Column, Value
from bench.leaderboard.parts import Part
from bench.stats import rank_intervals
from bench.tables import source_codes

Name = tuple[str, str]
"""Source and condition of an entry."""


class Rank(NamedTuple):
    """Where an entry may stand among ``of``; a pair of it has at least ``n_common`` clips or listeners in common."""

    interval: tuple[int, int]
    of: int
    n_common: int


def with_rank(value: Value, rank: Rank | None) -> Value:
    """The value with its rank, where it has one."""
    return value if rank is None else replace(value, rank=rank.interval, rank_of=rank.of, n_common=rank.n_common)


def metric_ranks(
    parts: Sequence[Part], columns: Sequence[Column], names: Collection[Name], seed: int
) -> dict[tuple[Name, str], Rank]:
    """Ranks of the entries ``names`` of one board in every column of a metric.

    Clips are the same where file, start and duration are: so runs that have coded the same clips are ranked together,
    every pair on the clips that both have. Runs without a clip in common are ranked apart.
    """
    contents = {part.run: content_of(part) for part in parts}
    sources = _sources(parts, contents)
    ranks: dict[tuple[Name, str], Rank] = {}
    for group in _connected({run: clips.values() for run, clips in contents.items()}):
        cells = _Cells([part for part in parts if part.run in group], contents, names)
        clusters = [sources[clip] for clip in cells.clips]
        for column in columns:
            table = cells.of(column.key)
            if column.higher_is_better is not None and table.shape[1]:
                found = ranks_of(table, clusters, cells.clips, column.higher_is_better, seed)
                ranks |= {(name, column.key): rank for name, rank in found.items()}
    return ranks


def ranks_of(
    table: pd.DataFrame, clusters: Sequence[str], units: Sequence[str], higher_is_better: bool, seed: int
) -> dict[Name, Rank]:
    """Ranks of the columns of ``table``, whose rows are clips or ratings and whose gaps are NaN.

    Args:
        clusters: what is independent, for each row: the source of a clip, or a listener.
        units: what is counted as common, for each row: clips, or listeners.
    """
    names: list[Name] = list(table.columns)  # type: ignore[arg-type]
    values = {str(place): table[name].to_numpy(dtype=float) for place, name in enumerate(names)}
    intervals = rank_intervals(values, clusters, higher_is_better, seed)
    common = _common({name: values[name] for name in intervals}, units)
    ranks: dict[Name, Rank] = {}
    for row, (name, interval) in enumerate(intervals.items()):
        others = np.delete(common[row], row)
        ranks[names[int(name)]] = Rank(interval, len(intervals), int(others.min() if len(others) else common[row, row]))
    return ranks


def _common(values: Mapping[str, NDArray[np.float64]], units: Sequence[str]) -> NDArray[np.int64]:
    """How many units have a value of both, for each pair of columns; of one alone on the diagonal."""
    codes, names = pd.factorize(np.asarray(units, dtype=object))
    there = np.zeros((len(names), len(values)), dtype=np.float64)
    for place, given in enumerate(values.values()):
        there[codes[~np.isnan(given)], place] = 1
    both: NDArray[np.float64] = there.T @ there
    return both.astype(np.int64)


def content_of(part: Part) -> dict[str, str]:
    """For each clip of the part what is judged: file, start, duration, and which of several equal ones it is."""
    clips = part.results.clips.sort_values("clip")
    seen: Counter[str] = Counter()
    found = {}
    for row in clips[["clip", "sha256", "start_s", "duration_s"]].itertuples(index=False):
        known = isinstance(row.sha256, str) and row.sha256
        same = f"{row.sha256} {row.start_s} {row.duration_s}" if known else f"{part.run} {row.clip}"
        found[str(row.clip)] = f"{same} {seen[same]}"
        seen[same] += 1
    return found


def _connected(contents: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """The names whose contents overlap, directly or through others."""
    parent = {name: name for name in contents}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    first: dict[str, str] = {}
    for name, keys in contents.items():
        for key in keys:
            parent[root(name)] = root(first.setdefault(key, name))
    groups: dict[str, set[str]] = {}
    for name in contents:
        groups.setdefault(root(name), set()).add(name)
    return list(groups.values())


def _sources(parts: Sequence[Part], contents: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The independent recording of each clip by its content; recordings that share a clip in any run are one."""
    named: dict[str, set[str]] = {}
    for part in parts:
        codes = source_codes(part.results.clips)
        for clip, code in zip(part.results.clips["clip"], codes, strict=True):
            named.setdefault(f"{part.run} {code}", set()).add(contents[part.run][str(clip)])
    found: dict[str, str] = {}
    for group in _connected(named):
        keys = set().union(*(named[name] for name in group))
        found |= dict.fromkeys(keys, min(keys))
    return found


class _Cells:
    """The scores of runs that have clips in common; ``clips`` are the contents, in the order of the rows of a table."""

    def __init__(
        self, parts: Sequence[Part], contents: Mapping[str, Mapping[str, str]], names: Collection[Name]
    ) -> None:
        self.clips = sorted({key for part in parts for key in contents[part.run].values()})
        self._names = sorted(name for name in names if name[0] in {part.run for part in parts})
        rows = {clip: row for row, clip in enumerate(self.clips)}
        columns = {name: column for column, name in enumerate(self._names)}
        self._scored = []
        for part in parts:
            scored = scored_rows(part)
            clip_codes, clips = pd.factorize(scored["clip"])
            condition_codes, conditions = pd.factorize(scored["condition"])
            row = np.array([rows[contents[part.run][str(clip)]] for clip in clips], dtype=np.int64)
            column = np.array([columns.get((part.run, str(one)), -1) for one in conditions], dtype=np.int64)
            quantity, value = scored["quantity"].to_numpy(), scored["value"].to_numpy()
            self._scored.append((row[clip_codes], column[condition_codes], quantity, value))

    def of(self, quantity: str) -> pd.DataFrame:
        """A row for each clip and a column for each entry with any value."""
        table = np.full((len(self.clips), len(self._names)), np.nan)
        for row, column, quantities, value in self._scored:
            here = (quantities == quantity) & (column >= 0)
            table[row[here], column[here]] = value[here]
        names = pd.Index(self._names, tupleize_cols=False)
        return pd.DataFrame(table, columns=names).dropna(how="all", axis=1)
