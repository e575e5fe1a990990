"""Whether a metric speaks for the ears, in one sentence; the thresholds and why they are where they are."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bench.agreement.model import Estimate, Kind, Verdict
from bench.report.cells import bounds, number

GOOD = 0.7
"""Pearson's r from which about half of what listeners' means vary by is in the metric (r squared is 0.49)."""

POOR = 0.3
"""Below it, less than a tenth is (0.09): of two files it names the better one little more often than a coin."""

ENOUGH_SOURCES = 5
"""Independent clips below which nothing is decided: a bootstrap of fewer sees too few different draws."""

FEW_SOURCES = 8
"""Below it intervals are too narrow (of a mean over 5 they cover 92 %, see ``mean_ci``), and the sentence says so."""


def verdict(
    quantity: str,
    estimates: Mapping[str, Estimate],
    n_files: int,
    n_sources: int,
    higher_is_better: bool | None,
    why_undefined: str = "",
) -> Verdict:
    """The verdict on one metric in one category of one test.

    ``speaks``: the interval of r over files lies at or above GOOD, and that of tau within items (if there are items
    with several conditions) above 0.
    ``misleading``: r is below 0 and its interval below POOR; or the interval of tau within items is below 0, whatever
    r is. ``says little``: r is not below 0, and its interval below POOR. ``weak``: the interval of r is above 0 and
    below GOOD. ``undecided``: the interval includes more than one of these, or r and tau contradict each other.
    ``undecided``, too: fewer than ENOUGH_SOURCES. ``undefined``: there is no r.
    """
    r, tau = estimates.get("files.pearson", Estimate()), estimates.get("items.kendall", Estimate())
    if why_undefined or math.isnan(r.value):
        return Verdict("undefined", f"{quantity}: undefined: {why_undefined or 'no correlation'}.")
    numbers = f"(r = {shown(r)} over {n_files} files"
    numbers += f"; within items tau = {shown(tau)})" if not math.isnan(tau.value) else ")"
    few = f" Only {n_sources} sources: the intervals are too narrow." if n_sources < FEW_SOURCES else ""
    if higher_is_better is None:
        return Verdict("undecided", f"{quantity}: undecided: nobody says whether higher is better {numbers}.{few}")
    if n_sources < ENOUGH_SOURCES or not r.has_interval:
        return Verdict("undecided", f"{quantity}: undecided: {n_sources} sources are too few to tell {numbers}.")
    kind, text = _judged(r, tau)
    return Verdict(kind, f"{quantity}: {text} {numbers}.{few}")


def shown(found: Estimate, digits: int = 2) -> str:
    """Such as ``-0.12 [-0.30, 0.05]``; a value without an interval alone."""
    return f"{number(found.value, digits)} {bounds(found.low, found.high, digits)}".rstrip()


def _judged(r: Estimate, tau: Estimate) -> tuple[Kind, str]:
    """The kind, and its part of the sentence. Comparisons with a NaN of tau are false."""
    if tau.high < 0 and r.value >= 0:
        return "misleading", "misleading here: on the same clip it ranks the codecs of this test against the listeners"
    if r.high < POOR and tau.low > 0:
        return "undecided", "undecided: it agrees with listeners on the same clip, but not over files"
    if tau.high < 0 or (r.value < 0 and r.high < POOR):
        how = "ranks the codecs of this test against the listeners" if tau.value < 0 else "rises where ratings fall"
        sure = "it" if r.high < 0 or tau.high < 0 else "if anything it"
        return "misleading", f"misleading here: {sure} {how}"
    if r.high < POOR:
        return "says little", "says little here: it has next to nothing to do with what listeners hear"
    if r.low >= GOOD and not tau.low <= 0:
        return "speaks", "speaks for the ears"
    if r.low >= GOOD:
        return "undecided", "undecided: good over files, but on the same clip its ranks may mean nothing"
    if r.low > 0 and r.high < GOOD:
        return "weak", "weak: it knows something of what listeners hear, and less than half"
    return "undecided", f"undecided: the interval of r includes {_included(r)} agreement"


def _included(r: Estimate) -> str:
    bands = (("negative", -math.inf, 0.0), ("little", 0.0, POOR), ("weak", POOR, GOOD), ("good", GOOD, math.inf))
    names = [name for name, low, high in bands if r.low < high and r.high >= low]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
