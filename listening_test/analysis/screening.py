"""Post-screening: whose ratings count, by rules on roles; who is left out, and why.

A rule is one line of text, such as ``hidden_reference < 90 on > 15%``: the listener is left out who rates the hidden
reference below 90 on more than 15 % of the trials that have one. ``ranks`` in place of role and score stands for a
trial in which the hidden reference is rated below the mid anchor, or that below the low anchor (of those that are
there). ``guard 25%`` at the end: a trial of which more than 25 % of its listeners would break the rule is not used
for it. Training is never used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from bench.errors import ConfigError, UnknownName
from bench.registry import nearest
from listening_test.analysis.frames import as_ratings

ROLES = ("hidden_reference", "mid_anchor", "low_anchor", "anchor", "system")
RANKED = ("hidden_reference", "mid_anchor", "low_anchor")

SIMULATED = "simulated listener, left out beside people"
"""The reason of rows that no rule left out."""

_RULE = re.compile(
    r"(?:(?P<role>\w+)\s*(?P<sign>[<>])\s*(?P<score>\d+(?:\.\d+)?)|(?P<ranks>ranks))\s+on\s*(?P<more>>=?)\s*"
    r"(?P<share>\d+(?:\.\d+)?)\s*%(?:\s+guard\s*>?\s*(?P<guard>\d+(?:\.\d+)?)\s*%)?"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to leave a listener out. ``share`` and ``guard`` are exact: 15 of 100 is not more than 15 %."""

    text: str
    role: str
    sign: str
    score: float
    inclusive: bool
    share: Fraction
    guard: Fraction | None

    def too_many(self, broken: int, trials: int) -> bool:
        """Whether ``broken`` of ``trials`` are too many."""
        if not trials:
            return False
        found = Fraction(broken, trials)
        return found >= self.share if self.inclusive else found > self.share


@dataclass(frozen=True, slots=True)
class Screening:
    """Rules under a name, and where they come from."""

    name: str
    rules: tuple[Rule, ...]
    source: str


def rule(text: str) -> Rule:
    """The rule that ``text`` spells; the grammar stands at the top of the module.

    Raises:
        ConfigError: it spells none.

    >>> rule("hidden_reference < 90 on > 15%").too_many(3, 20), rule("hidden_reference < 90 on > 15%").too_many(4, 20)
    (False, True)
    """
    found = _RULE.fullmatch(text.strip())
    if found is None or (found["role"] is not None and found["role"] not in ROLES):
        raise ConfigError(
            f"screening rule {text!r}: expected such as 'hidden_reference < 90 on > 15%', "
            f"'mid_anchor > 90 on > 15% guard 25%' or 'ranks on > 0%'. Roles: {', '.join(ROLES)}."
        )
    guard = found["guard"]
    return Rule(
        text=" ".join(text.split()),
        role=found["role"] or "",
        sign=found["sign"] or "",
        score=float(found["score"] or 0),
        inclusive=found["more"] == ">=",
        share=Fraction(found["share"]) / 100,
        guard=None if guard is None else Fraction(guard) / 100,
    )


def _preset(name: str, source: str, *rules: str) -> Screening:
    return Screening(name, tuple(map(rule, rules)), source)


PRESETS: Mapping[str, Screening] = {
    preset.name: preset
    for preset in (
        _preset(
            "bs1534",
            "ITU-R BS.1534-3 (10/2015), 4.1.2",
            "hidden_reference < 90 on > 15%",
            "mid_anchor > 90 on > 15% guard 25%",
        ),
        _preset(
            "encodec_paper",
            "Défossez et al., High Fidelity Neural Audio Compression, arXiv:2210.13438, 4.3",
            "hidden_reference < 90 on >= 20%",
            "low_anchor > 80 on > 50%",
        ),
        _preset(
            "mpeg", "MPEG verification tests, after their reports", "hidden_reference < 90 on > 0%", "ranks on > 0%"
        ),
        _preset(
            "bernoulli",
            "Stahl, Windtner and Sontacchi, IEEE Access 12, 2024, doi 10.1109/ACCESS.2024.3482359: "
            "more than one of eight trials",
            "hidden_reference < 90 on > 12.5%",
        ),
        _preset("none", "everybody counts"),
    )
}
"""Screenings that have a name."""


def screening(name: str, rules: Sequence[str] = ()) -> Screening:
    """The screening of that name; ``rules`` of one's own take the place of a name.

    Raises:
        UnknownName: no screening is called that.
        ConfigError: a rule that cannot be read.
    """
    if rules:
        return Screening("own rules", tuple(map(rule, rules)), "given on the command line")
    if name not in PRESETS:
        raise UnknownName(
            f"no screening is called {name!r}.{nearest(name, PRESETS)} Known: {', '.join(PRESETS)}; or give rules of "
            "your own with --exclude."
        )
    return PRESETS[name]


@dataclass(frozen=True, slots=True)
class Screened:
    """``ratings`` with ``excluded`` and ``reason`` set, and one row for each listener and rule.

    ``checks`` has the columns listener, rule, trials (used), broken, share, excluded. ``guarded`` has the trials that
    a rule did not use: rule, trial, broken (listeners), listeners.
    """

    ratings: pd.DataFrame
    checks: pd.DataFrame
    guarded: pd.DataFrame


def screen(ratings: pd.DataFrame, chosen: Screening) -> Screened:
    """Leave out the listeners who break a rule of ``chosen``: all of their rows, raw scores kept.

    What was excluded before does not matter: screening starts anew.
    """
    used = ratings[(~ratings["training"] & ratings["score"].notna()).astype(bool)]
    checks, guarded = [], []
    for one in chosen.rules:
        broken = _broken(used, one)
        if one.guard is not None:
            counts = broken.groupby("trial")["broken"].agg(["sum", "count"])
            shares = [Fraction(int(some), int(of)) for some, of in counts.to_numpy()]
            kept_out = counts[np.array([share > one.guard for share in shares], dtype=bool)]
            guarded += [
                {"rule": one.text, "trial": trial, "broken": int(row["sum"]), "listeners": int(row["count"])}
                for trial, row in kept_out.iterrows()
            ]
            broken = broken[~broken["trial"].isin(kept_out.index)]
        for listener, own in broken.groupby("listener"):
            some, of = int(own["broken"].sum()), len(own)
            checks.append(
                {
                    "listener": listener,
                    "rule": one.text,
                    "trials": of,
                    "broken": some,
                    "share": some / of,
                    "excluded": one.too_many(some, of),
                }
            )
    table = pd.DataFrame(checks, columns=["listener", "rule", "trials", "broken", "share", "excluded"])
    table = table.sort_values(["listener", "rule"], kind="stable").reset_index(drop=True)
    reasons = reasons_of(table)
    marked = ratings.assign(
        excluded=ratings["listener"].isin(list(reasons)).astype("boolean"),
        reason=ratings["listener"].map(lambda name: reasons.get(name, "")).astype("string"),
    )
    return Screened(marked, table, pd.DataFrame(guarded, columns=["rule", "trial", "broken", "listeners"]))


def post_screen(ratings: pd.DataFrame, chosen: Screening, with_simulated: bool = False) -> Screened:
    """What every analysis does first: :func:`screen` by ``chosen``.

    Rules speak of the MUSHRA scale: listeners of other types of test all count. Where people and simulated listeners
    are in one table, the simulated ones are excluded, unless ``with_simulated``.
    """
    simulated = ratings["simulated"].astype(bool)
    apart = simulated if not with_simulated and simulated.any() and not simulated.all() else simulated & False
    screened = screen(ratings[~apart], applicable(ratings, chosen))
    left_out = ratings[apart].assign(excluded=True, reason=SIMULATED)
    marked = as_ratings(pd.concat([screened.ratings, left_out]) if apart.any() else screened.ratings)
    return Screened(marked, screened.checks, screened.guarded)


def applicable(ratings: pd.DataFrame, chosen: Screening) -> Screening:
    """``chosen`` for MUSHRA, none for other types of test."""
    return chosen if (ratings["test_type"] == "mushra").all() else PRESETS["none"]


def reasons_of(checks: pd.DataFrame) -> dict[str, str]:
    """Who is left out, and why, in words."""
    found: dict[str, list[str]] = {}
    for row in checks[checks["excluded"].astype(bool)].itertuples():
        text = f"{row.rule}: {row.broken} of {row.trials} trials ({100 * float(row.share):.1f} %)"  # type: ignore[arg-type]
        found.setdefault(str(row.listener), []).append(text)
    return {listener: "; ".join(texts) for listener, texts in found.items()}


def _broken(used: pd.DataFrame, one: Rule) -> pd.DataFrame:
    """Columns listener, trial and broken (boolean), a row for each trial of a listener that the rule speaks of."""
    keys = ["listener", "trial", "replicate"]
    if one.role:
        rows = used[used["role"] == one.role]
        wrong = rows["score"] < one.score if one.sign == "<" else rows["score"] > one.score
        found = rows.assign(broken=wrong.astype(bool)).groupby(keys)["broken"].any().reset_index()
        return found[["listener", "trial", "broken"]]
    rows = used[used["role"].isin(RANKED)]
    wide = rows.pivot_table(index=keys, columns="role", values="score", aggfunc="mean").reindex(columns=list(RANKED))
    scores = wide.to_numpy(dtype=float)
    high = np.fmin.accumulate(scores, axis=1)  # where one of the three is missing, the next is compared with the last
    several = np.isfinite(scores).sum(axis=1) > 1
    found = wide.index.to_frame(index=False)[["listener", "trial"]]
    found["broken"] = np.any(scores[:, 1:] > high[:, :-1], axis=1)
    kept: pd.DataFrame = found.loc[several]
    return kept
