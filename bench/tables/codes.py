"""Columns of text as numbers, whether they are text or categoricals: what tables of millions of rows are grouped by."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]


class Coded(NamedTuple):
    """``names[codes]`` is the column; -1 where it is missing. ``names`` are sorted."""

    codes: Codes
    names: NDArray[np.object_]


def coded(column: pd.Series) -> Coded:
    """The codes of a column and the names that they stand for; a name need not occur."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        held = column.cat.categories.astype(str).to_numpy(dtype=object)
        names = np.array(sorted(held), dtype=object)
        if (names == held).all():
            return Coded(column.cat.codes.to_numpy(), names)
        return Coded(codes_in(column, names), names)
    codes, found = pd.factorize(column.astype(object), sort=True)
    return Coded(codes, np.asarray(found, dtype=object))


def codes_in(column: pd.Series, names: NDArray[np.object_]) -> Codes:
    """The place of each value of ``column`` in ``names``, -1 where it is not there."""
    index = pd.Index(names, dtype=object)
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(index.get_indexer(pd.Index(column.astype(object))))
    places = np.append(index.get_indexer(column.cat.categories.astype(object)), -1)  # where -1 points to
    return np.asarray(places.astype(np.min_scalar_type(-max(1, len(names))))[column.cat.codes.to_numpy()])
