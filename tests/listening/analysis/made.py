"""Ratings made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from listening_test.analysis.frames import as_ratings

ROLES = {"reference": "hidden_reference", "anchor35": "low_anchor", "anchor70": "mid_anchor"}


def rating(listener: str, trial: str, condition: str, score: float, **more: Any) -> dict[str, Any]:
    role = ROLES.get(condition, "system")
    row = {"test": "made", "test_type": "mushra", "listener": listener, "trial": trial, "clip": trial}
    return {**row, "category": "speech", "condition": condition, "role": role, "score": score, **more}


def of_listeners(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> pd.DataFrame:
    """``{listener: {condition: scores of trials t00, t01, ...}}``; NaN leaves a cell out."""
    return as_ratings(
        rating(listener, f"t{trial:02d}", condition, score)
        for listener, conditions in scores.items()
        for condition, values in conditions.items()
        for trial, score in enumerate(values)
        if not np.isnan(score)
    )


def panel(
    listeners: int = 8,
    clips: int = 4,
    systems: Mapping[str, float] | None = None,
    seed: int = 0,
    between: float = 5.0,
    noise: float = 8.0,
    of_clips: float = 0.0,
) -> pd.DataFrame:
    """A full design: reference 100, anchors 20 and 45, systems around their means; scores are not rounded or cut."""
    random = np.random.default_rng(seed)
    means = {"reference": 100.0, "anchor35": 20.0, "anchor70": 45.0, **(systems or {"a": 60.0, "b": 70.0, "c": 75.0})}
    bias = random.normal(0, between, (listeners, len(means)))
    suits = random.normal(0, of_clips, (clips, len(means)))
    return as_ratings(
        rating(
            f"L{listener:02d}",
            f"t{clip:02d}",
            condition,
            mean
            if condition == "reference"
            else mean + bias[listener, index] + suits[clip, index] + random.normal(0, noise),
        )
        for listener in range(listeners)
        for clip in range(clips)
        for index, (condition, mean) in enumerate(means.items())
    )


def on_scale(ratings: pd.DataFrame) -> pd.DataFrame:
    """The same, with no score beyond 0 to 100: as a file may hold them."""
    return ratings.assign(score=ratings["score"].clip(0, 100))
