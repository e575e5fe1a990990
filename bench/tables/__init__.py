"""The long tables that reports, curves, leaderboards and comparisons are made of; nothing here is drawn or printed."""

from __future__ import annotations

from bench.tables.bits import bitrates_of_means, rates
from bench.tables.judged import BAND_LIMITED, band_limited, judged, leaves_out
from bench.tables.kept import once_per_run
from bench.tables.measured import Cell, Measured, measured
from bench.tables.order import (
    categories,
    codec_conditions,
    conditions,
    in_order,
    is_complete,
    quantities,
    roles,
    source_codes,
)
from bench.tables.scores import summarise

__all__ = [
    "BAND_LIMITED", "Cell", "Measured", "band_limited", "bitrates_of_means", "categories", "codec_conditions",
    "conditions", "in_order", "is_complete", "judged", "leaves_out", "measured", "once_per_run", "quantities", "rates",
    "roles", "source_codes", "summarise",
]  # fmt: skip
