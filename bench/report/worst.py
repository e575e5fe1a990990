"""The clips that a codec did worst on, against its other clips: where to listen first."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.runs.results import Results
from bench.tables import Cell, codec_conditions, conditions, measured, quantities

PREFERRED = "visqol_audio"


@dataclass(frozen=True)
class Worst:
    """A clip under a condition: its value, and the mean of that condition's other clips."""

    category: str
    clip: str
    condition: str
    quantity: str
    value: float
    others: float


def worst_clips(results: Results, category: str, most: int = 3) -> list[Worst]:
    """The codec cells that lie furthest on the bad side of the mean of the condition's other clips.

    By ``visqol_audio``, or else the first quantity with values in that category. Each clip is named once, under the
    condition where it stands out most. Nothing where no condition has two clips.
    """
    codecs = codec_conditions(results)
    quantity = main_quantity(results, category, codecs)
    if quantity is None:
        return []
    found = measured(results).of(category, quantity)
    order = {name: rank for rank, name in enumerate(conditions(results))}
    sign = 1 if results.quantities.get(quantity, {}).get("higher_is_better", True) else -1
    cells = pd.concat([_against_others(found[name], sign) for name in found if name in codecs], ignore_index=True)
    # No clip stands here more often than there are conditions, so these hold the clips that are asked for.
    cells = cells[cells["shortfall"] < 0].nsmallest(most * len(found), "shortfall", keep="all")
    cells = cells.assign(
        clip=results.scores["clip"].iloc[cells["row"]].astype(str).to_numpy(), rank=cells["condition"].map(order)
    )
    cells = cells.sort_values(["shortfall", "clip", "rank"]).drop_duplicates("clip").head(most)
    return [
        Worst(category, str(row["clip"]), str(row["condition"]), quantity, row["value"], row["others"])
        for row in cells.to_dict("records")
    ]


def _against_others(cell: Cell, sign: int) -> pd.DataFrame:
    """The finite values of a cell, the mean of the others beside each, and how far on the good side it lies."""
    finite = np.isfinite(cell.value)
    values, n = cell.value[finite], int(finite.sum())
    others = (math.fsum(values.tolist()) - values) / (n - 1) if n > 1 else np.full(n, math.nan)
    # Rounded, so that the last bit of a sum does not decide between equal clips.
    shortfall = (sign * (values - others)).round(9)
    return pd.DataFrame(
        {
            "row": cell.rows[finite],
            "condition": cell.condition,
            "value": values,
            "others": others,
            "shortfall": shortfall,
        }
    )


def main_quantity(
    results: Results, category: str, codecs: Collection[str], among: Collection[str] | None = None
) -> str | None:
    """The quantity that speaks for a category: one with finite values of ``codecs`` whose direction is known.

    ``among``: only these quantities; all without it.
    """
    about = results.quantities
    found = {
        cell.quantity
        for cell in measured(results)
        if cell.category == category and cell.condition in codecs and np.isfinite(cell.value).any()
    }
    found = {name for name in found if about.get(name, {}).get("higher_is_better", True) is not None}
    found &= found if among is None else set(among)
    if PREFERRED in found:
        return PREFERRED
    return next((name for name in quantities(results) if name in found), None)
