"""Ranks of the codecs of a board, as intervals: metrics on the same clips, ratings of the same listeners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

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
    for group in _connected(contents):
        table = _values([part for part in parts if part.run in group], contents, names)
        for column in columns:
            if column.higher_is_better is None or column.key not in table.columns:
                continue
            wide = table[column.key].unstack("name").dropna(how="all", axis=1)  # noqa: PD010
            clusters = [sources[key] for key in wide.index]
            found = ranks_of(wide, clusters, list(wide.index), column.higher_is_better, seed)
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
    there = {name: {unit for unit, value in zip(units, values[name], strict=True) if value == value} for name in values}
    ranks: dict[Name, Rank] = {}
    for name, interval in intervals.items():
        common = [len(there[name] & there[other]) for other in intervals if other != name]
        ranks[names[int(name)]] = Rank(interval, len(intervals), min(common, default=len(there[name])))
    return ranks


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


def _connected(contents: Mapping[str, Mapping[str, str]]) -> list[set[str]]:
    """Runs that have clips in common, directly or through others."""
    groups: list[tuple[set[str], set[str]]] = []
    for run, clips in contents.items():
        runs, keys = {run}, set(clips.values())
        apart = []
        for others, known in groups:
            if known & keys:
                runs, keys = runs | others, keys | known
            else:
                apart.append((others, known))
        groups = [*apart, (runs, keys)]
    return [runs for runs, _ in groups]


def _sources(parts: Sequence[Part], contents: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The independent recording of each clip by its content; recordings that share a clip in any run are one."""
    named: dict[str, set[str]] = {}
    for part in parts:
        codes = source_codes(part.results.clips)
        for clip, code in zip(part.results.clips["clip"], codes, strict=True):
            named.setdefault(f"{part.run} {code}", set()).add(contents[part.run][str(clip)])
    found: dict[str, str] = {}
    for group in _connected({name: {key: key for key in keys} for name, keys in named.items()}):
        keys = set().union(*(named[name] for name in group))
        found |= dict.fromkeys(keys, min(keys))
    return found


def _values(parts: Sequence[Part], contents: Mapping[str, Mapping[str, str]], names: Collection[Name]) -> pd.DataFrame:
    """Scores with a row for each entry and content and a column for each quantity."""
    rows = []
    for part in parts:
        wanted = {condition for run, condition in names if run == part.run}
        scored = scored_rows(part)
        scored = scored[scored["condition"].isin(wanted)]
        content = scored["clip"].map(contents[part.run])
        name = pd.Series([(part.run, one) for one in scored["condition"]], index=scored.index, dtype=object)
        rows.append(scored.assign(content=content, name=name))
    return pd.concat(rows).pivot_table(index=["name", "content"], columns="quantity", values="value", aggfunc="mean")
