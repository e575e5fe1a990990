"""The values that count, sorted by cell: category, condition and quantity. Means, curves and plots are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.runs.results import Results
from bench.tables.codes import coded, codes_in
from bench.tables.judged import BAND_LIMITED, band_limited, leaves_out
from bench.tables.kept import once_per_run
from bench.tables.order import source_codes

CELL = ("category", "condition", "quantity")
WITHOUT_VALUE = ("failed", "undefined", "not_applicable")


class Cell(NamedTuple):
    """A category, condition and quantity that has rows, and the values of it that count.

    ``rows`` are places in the scores. ``counts`` of the rows that do not count, by status; ``n_band_limited`` also
    counts where band-limited references are in the mean.
    """

    category: str
    condition: str
    quantity: str
    value: NDArray[np.float64]
    sources: NDArray[np.signedinteger[Any]]
    rows: NDArray[np.intp]
    counts: dict[str, int]


@dataclass(frozen=True)
class Measured:
    """All cells of a run, in no order."""

    cells: dict[tuple[str, str, str], Cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells.values())

    def of(self, category: str, quantity: str) -> dict[str, Cell]:
        """The cells of a category and quantity that have values, by condition."""
        found = (cell for cell in self if (cell.category, cell.quantity) == (category, quantity))
        return {cell.condition: cell for cell in found if len(cell.value)}


@once_per_run
def measured(results: Results) -> Measured:
    """The cells of ``scores``. An "ok" without a number is no number: it is counted as undefined."""
    scores = results.scores
    given = [coded(scores[name]) for name in CELL]
    shape = tuple(len(one.names) for one in given)
    key = np.zeros(len(scores), dtype=np.min_scalar_type(-max(1, int(np.prod(shape)))))  # few bits sort fast
    for one in given:
        key *= key.dtype.type(max(1, len(one.names)))
        key += one.codes.astype(key.dtype)
    size = int(np.prod(shape))
    value = scores["value"].to_numpy("float64", na_value=np.nan)
    status = codes_in(scores["status"], np.array(["ok", *WITHOUT_VALUE], dtype=object))
    there = (status == 0) & ~np.isnan(value)
    status = np.where((status == 0) & ~there, np.int8(1 + WITHOUT_VALUE.index("undefined")), status)
    limited = band_limited(results).to_numpy() & there
    counts = {name: _count(key[status == place], size) for place, name in enumerate(WITHOUT_VALUE, start=1)}
    counts[BAND_LIMITED] = _count(key[limited], size)
    rows = np.flatnonzero(there & ~limited if leaves_out(results) else there)
    rows = rows[np.argsort(key[rows], kind="stable")]
    bounds = np.concatenate([[0], np.cumsum(_count(key[rows], size))])
    values, sources = value[rows], source_codes(scores).to_numpy()[rows]
    cells = {}
    for place in np.flatnonzero(_count(key, size)).tolist():
        names = [str(one.names[i]) for one, i in zip(given, np.unravel_index(place, shape), strict=True)]
        part = slice(bounds[place], bounds[place + 1])
        found = {name: int(number[place]) for name, number in counts.items()}
        cells[names[0], names[1], names[2]] = Cell(
            names[0], names[1], names[2], values[part], sources[part], rows[part], found
        )
    return Measured(cells)


def _count(key: NDArray[Any], size: int) -> NDArray[np.intp]:
    return np.bincount(key, minlength=size)
