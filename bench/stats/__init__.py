"""Uncertainty, differences and ranks. Pure: numbers in, numbers out, every random choice by a given seed."""

from __future__ import annotations

from bench.stats.clustered import DRAWS, NORMAL_FROM, Interval, mean_ci, widening
from bench.stats.paired import (
    Difference,
    cliffs_delta,
    difference,
    differences,
    holm,
    rank_biserial,
    wilcoxon_p,
)
from bench.stats.ranks import rank_intervals
from bench.stats.ratings import clustered_error, t_interval, two_way_interval
from bench.stats.resampled import cluster_bootstrap
from bench.stats.signs import sign_flip_p

__all__ = [
    "DRAWS",
    "NORMAL_FROM",
    "Difference",
    "Interval",
    "cliffs_delta",
    "cluster_bootstrap",
    "clustered_error",
    "difference",
    "differences",
    "holm",
    "mean_ci",
    "rank_biserial",
    "rank_intervals",
    "sign_flip_p",
    "t_interval",
    "two_way_interval",
    "widening",
    "wilcoxon_p",
]  # fmt: skip
