"""How many ratings that count each stimulus of a test has; the preset ``encodec_paper`` asks for ten."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from listening_test.analysis.frames import counted
from listening_test.analysis.screening import post_screen, screening
from listening_test.model import Test, Trial, pair
from listening_test.mushra import CHOICES


@dataclass(frozen=True, slots=True)
class Fewest:
    """A condition (of a test of pairs: two) on a clip that no other has fewer ``ratings`` than.

    ``needed`` is what the test asks for, 0 where it asks for none.
    """

    condition: str
    clip: str
    ratings: int
    needed: int

    @property
    def enough(self) -> bool:
        """Whether every stimulus has as many as the test asks for."""
        return self.ratings >= self.needed


def fewest(used: pd.DataFrame, test: Test) -> Fewest:
    """The first of those stimuli of ``test`` that have the fewest ratings, none at all included.

    Args:
        used: the ratings that count.
        test: its trials say what should have been rated.
    """
    found = used.groupby(["condition", "against", "clip"]).size().to_dict()
    stimuli = dict.fromkeys(key for trial in test.counted for key in _keys(trial, test.rules.type in CHOICES))
    rarest = min(stimuli, key=lambda key: found.get(key, 0))
    condition, against, clip = rarest
    name = f"{condition} vs {against}" if against else condition
    return Fewest(name, clip, int(found.get(rarest, 0)), test.rules.minimum_ratings)


def _keys(trial: Trial, in_pairs: bool) -> list[tuple[str, str, str]]:
    """Condition, what it is compared against in a pair, and clip of what is rated in a trial."""
    if not in_pairs:
        return [(stimulus.condition, "", trial.clip) for stimulus in trial.stimuli]
    against, tested = (trial.stimulus(index).condition for index in pair(trial))
    return [(tested, against, trial.clip)]


def fewest_valid(ratings: pd.DataFrame, test: Test) -> Fewest:
    """:func:`fewest` after the post-screening of the test."""
    if not len(ratings):
        return fewest(ratings, test)
    return fewest(counted(post_screen(ratings, screening(test.rules.screening)).ratings), test)
