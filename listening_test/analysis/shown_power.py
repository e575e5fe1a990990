"""The answer to "how many listeners?" as a table, a sentence and JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.wording import counted
from listening_test.analysis.power import MOST, Needed, Pilot
from listening_test.analysis.sheets import Sheet


def as_sheet(found: Sequence[Needed], aim: float) -> Sheet:
    """One row for each difference."""
    columns = ("difference", "clips each", "listeners needed", "to invite", "power")
    rows = tuple(
        (
            f"{one.points:g}",
            f"{one.clips:g}",
            str(one.listeners) if one.listeners else f"more than {MOST}",
            str(one.invite) if one.invite else "",
            f"{one.power:.2f}",
        )
        for one in found
    )
    return Sheet(f"Listeners for a power of {aim:g} (paired, two-sided, 5 %)", columns, rows)


def sentence(spread: Pilot) -> str:
    """What the pilot said."""
    return (
        f"Pilot: {counted(spread.listeners, 'listener')}, {counted(len(spread.pairs), 'pair')}, "
        f"{spread.clips:.1f} clips each. Differences of a pair vary by {spread.between:.1f} points (standard "
        f"deviation) between listeners and by {spread.within:.1f} from clip to clip; {100 * spread.excluded:.0f} % of "
        "the listeners were left out by screening. The clips are taken as they are: other clips may differ by more. "
        f"{_uncertainty(spread.listeners)}"
    )


def _uncertainty(listeners: int) -> str:
    """What a standard deviation of so few is worth: its interval of 95 % where errors are normal."""
    from scipy import stats

    low, high = (math.sqrt((listeners - 1) / stats.chi2.ppf(p, listeners - 1)) for p in (0.975, 0.025))
    return (
        f"A spread between {listeners} listeners is known to a factor of {low:.2f} to {high:.2f} only, their number to "
        f"one of {low**2:.2f} to {high**2:.2f}."
    )


def as_json(spread: Pilot, found: Sequence[Needed], aim: float) -> dict[str, Any]:
    """Everything in full precision."""
    return {
        "aim": aim,
        "pilot": {
            "listeners": spread.listeners,
            "pairs": [list(pair) for pair in spread.pairs],
            "clips": spread.clips,
            "between_listeners_sd": spread.between,
            "within_listeners_sd": spread.within,
            "excluded": spread.excluded,
        },
        "needed": [asdict(one) for one in found],
    }
