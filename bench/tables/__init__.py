"""The long tables that reports, curves, leaderboards and comparisons are made of; nothing here is drawn or printed."""

from __future__ import annotations

from bench.tables.judged import BAND_LIMITED, band_limited, judged, leaves_out
from bench.tables.long import (
    bitrates_of_means,
    categories,
    conditions,
    in_order,
    is_complete,
    quantities,
    rates,
    source_codes,
    summarise,
)

__all__ = [
    "BAND_LIMITED", "band_limited", "bitrates_of_means", "categories", "conditions", "in_order", "is_complete",
    "judged", "leaves_out", "quantities", "rates", "source_codes", "summarise",
]  # fmt: skip
