"""Quality over measured bitrate: what one codec saves against another, and who is on the front."""

from __future__ import annotations

from bench.curves.analysis import Analysis, analysed
from bench.curves.family import Family, Point, chosen, families, families_of_category, families_of_ratings, series_of
from bench.curves.front import DOMINATED, ON_FRONT, UNDECIDED, front, points_of_family
from bench.curves.needed import needed_at_quality, needed_at_rate
from bench.curves.savings import known_anchor, savings, savings_of_family

__all__ = [
    "DOMINATED", "ON_FRONT", "UNDECIDED", "Analysis", "Family", "Point", "analysed", "chosen", "families",
    "families_of_category", "families_of_ratings", "front", "known_anchor", "needed_at_quality", "needed_at_rate",
    "points_of_family", "savings", "savings_of_family", "series_of",
]  # fmt: skip
