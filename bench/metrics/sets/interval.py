"""Confidence intervals of a number that belongs to a whole set: the jackknife over sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

MOST_GROUPS = 30
"""More groups make the interval hardly better and the work longer."""


def jackknife(
    sources: Sequence[str], values: Callable[[list[int]], dict[str, float]], whole: dict[str, float]
) -> dict[str, tuple[float, float]]:
    """95 % confidence intervals of the values of a set.

    Sources, at most 30 groups of them, are left out one after the other; the spread of the values that are left is the
    standard error (delete-a-group jackknife), and the interval is ``whole`` plus or minus so many of it as Student's
    distribution asks for with one degree of freedom less than groups.

    A bootstrap would not do: a set drawn with replacement holds fewer different clips, and what is biased in small
    sets, as the Frechet distance and the entropy are, is then biased further than in the set itself. The interval tells
    how far the value would move with other clips; of the bias itself it tells nothing.

    Args:
        sources: the recording of each member; members of one recording are left out together.
        values: the values of the members with these places.
        whole: the values of all members.
    Returns:
        NaN bounds with fewer than two sources, or where a value without some source is none.
    Source:
        Kott, "The delete-a-group jackknife", Journal of Official Statistics 17(4), 2001.

    >>> data = [3.0, 4.0, 5.0, 4.0]
    >>> mean = lambda places: {"mean": sum(data[place] for place in places) / len(places)}
    >>> low, high = jackknife(["a", "b", "c", "d"], mean, {"mean": 4.0})["mean"]
    >>> round(low, 3), round(high, 3)  # of a mean it is Student's interval
    (2.701, 5.299)
    """
    from scipy.special import stdtrit

    names = sorted(set(sources))
    groups = min(len(names), MOST_GROUPS)
    if groups < 2:
        return dict.fromkeys(whole, (math.nan, math.nan))
    group_of = {source: place % groups for place, source in enumerate(names)}
    without = [
        values([place for place, source in enumerate(sources) if group_of[source] != group]) for group in range(groups)
    ]
    intervals = {}
    for name, value in whole.items():
        left = np.array([found.get(name, math.nan) for found in without])
        error = math.sqrt((groups - 1) / groups * float(np.square(left - left.mean()).sum()))
        reach = float(stdtrit(groups - 1, 0.975)) * error
        intervals[name] = (value - reach, value + reach)
    return intervals
