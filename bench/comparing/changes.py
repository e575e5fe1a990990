"""Every paired difference between two runs, tested and corrected together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from bench.comparing.columns import MISSING, About, Side, Tables, rates_and_speeds, score_about
from bench.comparing.model import SIGNIFICANT, Change, Failure, Matched, Verdict
from bench.comparing.of_sets import set_changes
from bench.domain import CATEGORIES
from bench.errors import ConfigError
from bench.registry import nearest
from bench.runs.results import Results
from bench.stats import Difference, differences, holm
from bench.tables import in_order

EXAMPLES = 5  # clips named beside a number of failures


@dataclass(frozen=True)
class Pair:
    """A quantity of a condition in both runs, clip by clip."""

    category: str
    conditions: tuple[str, str]
    about: About
    base: Side
    new: Side

    @property
    def both(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """The clips with a value in both runs."""
        found: np.ndarray[tuple[int], np.dtype[np.bool_]] = ~(np.isnan(self.base.numbers) | np.isnan(self.new.numbers))
        return found


def changes(
    base: Results, new: Results, matched: Matched, only: Sequence[str], seed: int
) -> tuple[list[Change], list[Failure]]:
    """All changes, in the order of categories, conditions and quantities of NEW, and the cells that newly fail.

    Rows of which neither run can say anything (a metric that does not apply to the category) are left out. ``only``:
    patterns of the quantities that are compared; failures are of all.

    Raises:
        ConfigError: a pattern that no quantity fits.
    """
    _require(only, [*matched.quantities, *matched.set_quantities, *(a.quantity for a in rates_and_speeds(base, new))])
    found: list[Change] = []
    failed: list[Failure] = []
    for category in in_order(matched.clips["category"].unique(), CATEGORIES):
        clips = matched.clips[matched.clips["category"] == category]
        pairs = list(_pairs(base, new, matched, category, clips["clip"]))
        failed += _failures(new, matched, category, clips["clip"], pairs)
        spoken = [pair for pair in pairs if _wanted(pair.about.quantity, only) and not _inapplicable(pair)]
        columns = [_compared(pair, pair.about.quantity in matched.versions) for pair in spoken]
        results = differences(columns, clips["source"].to_numpy(), seed)
        found += [_change(pair, result, matched.versions) for pair, result in zip(spoken, results, strict=True)]
        found += [one for one in set_changes(base, new, matched, category) if _wanted(one.quantity, only)]
    return _corrected(found), failed


def powerless(found: Sequence[Change]) -> list[str]:
    """A sentence where so few sources meet so many tests that nothing can come out significant, whatever changed."""
    tested = [change for change in found if change.tested]
    sources = max((change.n_sources for change in tested), default=0)
    if not tested or len(tested) * 2.0 ** (1 - sources) <= SIGNIFICANT:
        return []
    return [
        f"Nothing can come out as significant: {sources} sources at most, and p is corrected for {len(tested)} tests. "
        "More clips help, or fewer quantities (--only)."
    ]


def _wanted(quantity: str, only: Sequence[str]) -> bool:
    return not only or any(fnmatchcase(quantity, pattern) for pattern in only)


def _require(only: Sequence[str], names: Sequence[str]) -> None:
    lost = [pattern for pattern in only if not any(fnmatchcase(name, pattern) for name in names)]
    if lost:
        raise ConfigError(
            [
                f"--only: no quantity of both runs fits {pattern!r}.{nearest(pattern, names)} "
                f"Quantities: {', '.join(names)}."
                for pattern in lost
            ]
        )


def _pairs(base: Results, new: Results, matched: Matched, category: str, clips: pd.Series) -> Iterator[Pair]:
    old_tables, new_tables = Tables(base, clips), Tables(new, clips)
    abouts = [*(score_about(new, name) for name in matched.quantities), *rates_and_speeds(base, new)]
    for conditions in matched.conditions:
        for about in abouts:
            sides = [
                (tables.score if about.kind == "score" else tables.encoding)(condition, about.quantity)
                for tables, condition in zip((old_tables, new_tables), conditions, strict=True)
            ]
            yield Pair(category, conditions, about, *sides)


def _inapplicable(pair: Pair) -> bool:
    return all(set(side.status) <= {"not_applicable", MISSING} for side in (pair.base, pair.new))


def _compared(pair: Pair, other_version: bool) -> tuple[np.ndarray, np.ndarray]:
    """Columns for the test; a speed as the logarithm of a ratio, so that twice and half as fast are equally far."""
    if other_version:
        nothing = np.full(len(pair.base.numbers), math.nan)
        return nothing, nothing
    if pair.about.kind == "speed":
        return np.log(pair.base.numbers), np.log(pair.new.numbers)
    return pair.base.numbers, pair.new.numbers


def _change(pair: Pair, found: Difference, versions: dict[str, str]) -> Change:
    both, about = pair.both, pair.about
    there = [~np.isnan(side.numbers) for side in (pair.base, pair.new)]
    base, new = (_mean(side.numbers[both], about.kind == "speed") for side in (pair.base, pair.new))
    mean, low, high = found[:3]
    if about.kind == "speed":
        mean, low, high = (math.expm1(value) for value in (mean, low, high))
    note = versions.get(about.quantity, "")
    same = bool(both.any()) and bool((pair.base.numbers[both] == pair.new.numbers[both]).all())
    return Change(
        category=pair.category,
        condition=pair.conditions[1],
        base_condition=pair.conditions[0],
        quantity=about.quantity,
        kind=about.kind,
        unit=about.unit,
        higher_is_better=about.higher_is_better,
        base=base,
        new=new,
        mean=mean,
        low=low,
        high=high,
        n=found.n,
        n_sources=found.n_clusters,
        n_lost=int((there[0] & ~there[1]).sum()),
        n_gained=int((there[1] & ~there[0]).sum()),
        p=found.p,
        p_holm=math.nan,
        p_wilcoxon=found.p_wilcoxon,
        effect_dz=found.effect_dz,
        rank_biserial=found.rank_biserial,
        verdict="not comparable" if note else "no values" if not found.n else "equal" if same else "unclear",
        note=note,
    )


def _mean(values: np.ndarray, geometric: bool) -> float:
    if not len(values):
        return math.nan
    ordered = np.sort(values)
    with np.errstate(invalid="ignore"):
        return float(np.exp(np.log(ordered).mean()) if geometric else ordered.mean())


def _corrected(found: list[Change]) -> list[Change]:
    """Holm over what differs anywhere: which columns do is the same for all signs, so the test stays valid."""
    tested = [place for place, change in enumerate(found) if change.tested]
    corrected = dict(zip(tested, holm([found[place].p for place in tested]), strict=True))
    whole = [replace(change, p_holm=corrected.get(place, change.p)) for place, change in enumerate(found)]
    return [replace(change, verdict=_verdict(change)) for change in whole]


def _verdict(change: Change) -> Verdict:
    if change.verdict != "unclear":
        return change.verdict
    if math.isnan(change.p):
        return "not tested"
    if not change.significant:
        return "unclear"
    if change.higher_is_better is None:
        return "changed"
    return "better" if (change.mean > 0) == change.higher_is_better else "worse"


def _failures(new: Results, matched: Matched, category: str, clips: pd.Series, pairs: list[Pair]) -> Iterator[Failure]:
    """Cells that failed, or gave nothing where BASE gave something: an encoding counts, and each score does."""
    for _, condition in matched.conditions:
        own = [pair for pair in pairs if pair.conditions[1] == condition and pair.about.kind != "speed"]
        where: list[tuple[str, str]] = []
        for pair in own:
            old, status = pair.base.status, pair.new.status
            fails = (status == "failed") | (status == MISSING) | (status == "undefined")
            newly = np.where(old == "ok", fails, (status == "failed") & (old != "failed"))
            if pair.about.kind == "rate" and pair.about.quantity != "kbps":
                newly = newly & False
            where += [(str(clip), pair.about.quantity) for clip in clips[newly.astype(bool)]]
        if where:
            shown = [f"{clip}: {'encoding' if quantity == 'kbps' else quantity}" for clip, quantity in where[:EXAMPLES]]
            yield Failure(category, condition, len(where), tuple(shown), _reason(new, condition, *where[0]))


def _reason(new: Results, condition: str, clip: str, quantity: str) -> str:
    rows = new.encodings if quantity == "kbps" else new.scores[new.scores["quantity"] == quantity]
    told = rows.loc[(rows["clip"] == clip) & (rows["condition"] == condition), "reason"]
    return str(told.iloc[0] or "") if len(told) else ""
