"""Everything about the curves of some runs and listening tests, in three tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from bench.curves.family import Family
from bench.curves.front import POINT_COLUMNS, points_of_family
from bench.curves.needed import NEEDED_COLUMNS, needed_at_quality, needed_at_rate
from bench.curves.savings import DRAWS, SAVINGS_COLUMNS, known_anchor, savings_of_family
from bench.errors import ConfigError


@dataclass(frozen=True)
class Analysis:
    """``points`` with POINT_COLUMNS, ``savings`` with SAVINGS_COLUMNS, ``needed`` with NEEDED_COLUMNS."""

    families: tuple[Family, ...]
    points: pd.DataFrame
    savings: pd.DataFrame
    needed: pd.DataFrame
    anchor: str = ""
    seed: int = 0
    draws: int = DRAWS


def analysed(
    families: Sequence[Family],
    anchor: str = "",
    seed: int = 0,
    at_bps: Iterable[float] = (),
    at_quality: Iterable[float] = (),
    draws: int = DRAWS,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Analysis:
    """The tables of ``families``; savings only with an ``anchor``.

    Args:
        at_bps: bitrates of the anchor whose quality the other series are to reach.
        at_quality: values of the quantity that all series are to reach; only where all families are of one quantity.
        tell: called with (families done, families).
    Raises:
        ConfigError: no such series; bitrates without an anchor; qualities of several quantities.
    """
    rates, qualities = list(at_bps), list(at_quality)
    quantities = list(dict.fromkeys(family.quantity for family in families))
    if anchor:
        known_anchor(families, anchor)
    elif rates:
        raise ConfigError(
            "--at-kbps: a bitrate is one of the anchor's: expected an anchor, got none. Add --anchor SERIES."
        )
    if qualities and len(quantities) > 1:
        raise ConfigError(
            f"--at-quality: a quality is a value of one quantity: expected one, got {', '.join(quantities)}. "
            "Choose with --quantity."
        )
    points, saved, needed = [], [], []
    for done, family in enumerate(_named_apart(families)):
        tell(done, len(families))
        points += points_of_family(family, seed)
        if anchor:
            saved += savings_of_family(family, anchor, seed, draws)
        needed += [needed_at_rate(family, anchor, bps, seed, draws) for bps in rates]
        needed += [needed_at_quality(family, quality, seed, draws) for quality in qualities]
    tell(len(families), len(families))
    return Analysis(
        tuple(_named_apart(families)),
        pd.DataFrame(points, columns=list(POINT_COLUMNS)),
        pd.DataFrame(saved, columns=list(SAVINGS_COLUMNS)),
        pd.DataFrame([row for rows in needed for row in rows], columns=list(NEEDED_COLUMNS)),
        anchor,
        seed,
        draws,
    )


def _named_apart(families: Iterable[Family]) -> list[Family]:
    """The second of two runs that have one name is called NAME #2."""
    seen: dict[tuple[str, str, str], int] = {}
    apart = []
    for family in families:
        key = (family.source, family.category, family.quantity)
        seen[key] = seen.get(key, 0) + 1
        apart.append(replace(family, source=f"{family.source} #{seen[key]}") if seen[key] > 1 else family)
    return apart
