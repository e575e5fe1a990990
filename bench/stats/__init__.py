"""Uncertainty, differences and ranks. Pure: numbers in, numbers out, every random choice by a given seed."""

from __future__ import annotations

from bench.stats.clustered import DRAWS, NORMAL_FROM, Interval, mean_ci, widening
from bench.stats.paired import (
    Difference,
    cliffs_delta,
    cluster_means,
    difference,
    holm,
    rank_biserial,
    sign_flip_p,
    wilcoxon_p,
)
from bench.stats.ranks import rank_intervals

__all__ = [
    "DRAWS",
    "NORMAL_FROM",
    "Difference",
    "Interval",
    "cliffs_delta",
    "cluster_means",
    "difference",
    "holm",
    "mean_ci",
    "rank_biserial",
    "rank_intervals",
    "sign_flip_p",
    "widening",
    "wilcoxon_p",
]  # fmt: skip
