"""What a run has, in the order in which it is shown; which clips are of one recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.domain import CATEGORIES
from bench.runs.results import Results
from bench.tables.codes import coded, codes_in
from bench.tables.kept import once_per_run


def is_complete(results: Results) -> bool:
    """Whether every planned cell is in the tables; a run that does not say so is not complete."""
    return results.info.get("complete") is True


def in_order(found: Iterable[Any], first: Sequence[str]) -> list[str]:
    """The names in ``found``: those in ``first`` in its order, then the others by the alphabet."""
    names = {str(name) for name in found}
    return [name for name in dict.fromkeys(first) if name in names] + sorted(names - set(first))


def categories(results: Results) -> list[str]:
    """Categories that have rows, in the usual order."""
    return in_order(_found(results, "encodings", "category") | _found(results, "scores", "category"), CATEGORIES)


def conditions(results: Results) -> list[str]:
    """Conditions that have rows, in the order of the configuration."""
    found = _found(results, "encodings", "condition") | _found(results, "scores", "condition")
    return in_order(found, results.conditions)


def quantities(results: Results) -> list[str]:
    """Quantities that have rows, in the order of the configuration."""
    return in_order(_found(results, "scores", "quantity"), list(results.quantities))


@once_per_run
def roles(results: Results) -> dict[str, str]:
    """``codec`` or ``control`` of each condition that has encodings."""
    first = results.encodings.drop_duplicates("condition")
    return dict(zip(first["condition"].astype(str), first["role"].astype(str), strict=True))


def codec_conditions(results: Results) -> list[str]:
    """The conditions of codecs that have rows, in the order of the configuration."""
    known = roles(results)
    return [name for name in conditions(results) if known.get(name) == "codec"]


@once_per_run
def _found(results: Results, table: str, column: str) -> frozenset[str]:
    """The names in a column of a table."""
    return frozenset(str(name) for name in getattr(results, table)[column].unique())


def source_codes(table: pd.DataFrame) -> pd.Series:
    """A number per recording. Clips without a stated source are their own; numbers follow the alphabet."""
    datasets, sources, clips = (coded(table[name]) for name in ("dataset", "source", "clip"))
    stated = codes_in(table["source"], sources.names[sources.names != ""]) >= 0
    width = len(sources.names) + len(clips.names)
    key = datasets.codes.astype(np.int64) + 1
    key *= width
    key += np.where(stated, sources.codes, clips.codes.astype(np.int32) + np.int32(len(sources.names)))
    places, distinct = pd.factorize(key)
    del key, stated
    texts = [*sources.names, *(f"clip {name}" for name in clips.names)]
    of_dataset = ["", *datasets.names]
    whole = [f"{of_dataset[key // width]}\n{texts[key % width]}" for key in distinct.tolist()]
    ranks, _ = pd.factorize(np.array(whole, dtype=object), sort=True)
    return pd.Series(ranks.astype(np.int32)[places], index=table.index)


def finished(results: Results, rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The rows in the order of the configuration, under the name of their run."""
    orders = (("category", categories(results)), ("condition", conditions(results)), ("quantity", quantities(results)))
    ranks = {key: {name: rank for rank, name in enumerate(names)} for key, names in orders if key in columns}
    rows = sorted(rows, key=lambda row: [rank[str(row[key])] for key, rank in ranks.items()])
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.assign(run=results.name, complete=is_complete(results))
