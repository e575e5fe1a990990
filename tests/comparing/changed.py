"""Changes to a run, through the disk."""

import numpy as np

from bench.comparing import compare
from tests.report.build import with_tables


def at(table, **where):
    """Rows of ``table`` whose columns have these values."""
    found = np.ones(len(table), dtype=bool)
    for column, value in where.items():
        found &= (table[column] == value).to_numpy(dtype=bool)
    return found


def shifted(results, folder, by, **where):
    """The run with ``by`` added to the scores of some rows."""
    scores = results.scores.copy()
    scores.loc[at(scores, **where), "value"] += by
    return with_tables(results, folder, scores=scores)


def one(comparison, quantity, condition, category="speech"):
    """The change of one row."""
    [found] = [
        change
        for change in comparison.changes
        if (change.quantity, change.condition, change.category) == (quantity, condition, category)
    ]
    return found


def compared(base, new, **options):
    return compare(base, new, **{"most": 3, **options})
