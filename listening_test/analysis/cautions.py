"""What a reader of the results should be warned of, each with its clause."""

from __future__ import annotations

import pandas as pd

from bench.wording import counted
from listening_test.analysis.counts import Fewest
from listening_test.analysis.descriptive import BIMODAL, unbalanced
from listening_test.analysis.screening import SIMULATED
from listening_test.analysis.variance import residual_skewness

EXCELLENT = 80.0  # lower end of the band "Excellent", BS.1534-3, 5.4
ANCHORS_APART = 20.0  # BS.1534-3, Attachment 5: mid and low anchor 20 to 30 points apart
FEW_ITEMS = 5  # BS.1534-3, 5.1: at least 5 items and 1.5 times the number of systems
FEW_LISTENERS = 6
LOW_AGREEMENT = 0.3


def cautions(ratings: pd.DataFrame, used: pd.DataFrame, conditions: pd.DataFrame, people: pd.DataFrame) -> list[str]:
    """Sentences about a MUSHRA, ACR or DCR test.

    Args:
        ratings: all of them, screened.
        used: those that count.
        conditions: their ``descriptive.summary`` by condition.
        people: ``reliability.listeners``.
    """
    found = of_simulation(ratings)
    mushra = ratings["test_type"].iloc[0] == "mushra"
    if len(used) and used["score"].min() == used["score"].max():
        found.append(f"All ratings are equal ({used['score'].iloc[0]:g}): there is nothing to compare.")
    if unbalanced(conditions):
        found.append(
            'Some clips were rated more often than others: "mean of ratings", with its intervals, gives them more '
            'weight; "mean of clips" counts every clip alike.'
        )
    if mushra:
        found += _of_mushra(used, conditions)
    bimodal = [
        f"{row.condition} ({row.bimodality:.2f})"
        for row in conditions.itertuples()
        if row.role != "hidden_reference" and float(row.bimodality) > BIMODAL and row.n >= 10  # type: ignore[arg-type,operator]
    ]
    if bimodal:
        found.append(
            "The ratings may come from two groups (bimodality coefficient above 5/9, BS.1534-3 Attachment 3): "
            f"{', '.join(bimodal)}. Look at the violins; strong skewness alone raises it, too."
        )
    skewness = residual_skewness(used)
    if abs(skewness) > 0.5:
        advice = "prefer the permutation and Wilcoxon tests" if abs(skewness) > 1 else "look at the distributions"
        found.append(f"Residuals are skewed ({skewness:+.2f}, BS.1534-3 Attachment 4): {advice}.")
    heard = used["listener"].nunique()
    if heard < FEW_LISTENERS:
        found.append(f"Only {counted(heard, 'listener')} count: intervals are wide and tests blind.")
    found += _of_people(people)
    return found


def of_counts(rarest: Fewest) -> list[str]:
    """Says so where a stimulus has fewer ratings than the test asks for."""
    if rarest.enough:
        return []
    return [
        f"{rarest.condition} on {rarest.clip} has {rarest.ratings} ratings that count; the test asks for at least "
        f"{rarest.needed} of each stimulus."
    ]


def of_missing(ratings: pd.DataFrame) -> list[str]:
    """Says so where rows have no score."""
    rated = ratings[(~ratings["training"] & (ratings["role"] != "reference")).astype(bool)]
    lacking = int(rated["score"].isna().sum())
    return [f"{lacking} of {len(rated)} ratings have no score and are used nowhere."] if lacking else []


def of_simulation(ratings: pd.DataFrame) -> list[str]:
    """Says so where listeners are simulated."""
    simulated = ratings["simulated"].astype(bool)
    if not simulated.any():
        return []
    if (ratings.loc[simulated, "reason"] == SIMULATED).all():
        return ["Simulated listeners are left out; the results are those of people."]
    share = ratings.groupby("listener")["simulated"].any().mean()
    return [f"{100 * share:.0f} % of the listeners are simulated: these are no results of people."]


def _of_mushra(used: pd.DataFrame, conditions: pd.DataFrame) -> list[str]:
    found = []
    roles = set(used["role"])
    missing = [name for name in ("hidden_reference", "low_anchor", "mid_anchor") if name not in roles]
    if missing:
        found.append(
            f"No condition is the {' or the '.join(missing).replace('_', ' ')}: by BS.1534-3 (5.1) this may not be "
            "called MUSHRA, and rules about it left nobody out."
        )
    medians = conditions.loc[conditions["role"] == "system", "median"]
    if len(medians) and (medians >= EXCELLENT).mean() > 0.5:
        found.append(
            f"{(medians >= EXCELLENT).sum()} of {len(medians)} systems have a median of 80 to 100: the test may be "
            "unable to tell them apart (BS.1534-3, 9); BS.1116 is for small impairments."
        )
    means = {role: group["score"].mean() for role, group in used.groupby("role")}
    if {"low_anchor", "mid_anchor"} <= set(means):
        gap = float(means["mid_anchor"] - means["low_anchor"])
        if gap < ANCHORS_APART:
            found.append(
                f"The mid anchor is {gap:.1f} points above the low one; BS.1534-3 (Attachment 5) expects 20 to 30."
            )
    clips, systems = used["clip"].nunique(), len(medians)
    if clips < max(FEW_ITEMS, 1.5 * systems):
        found.append(
            f"{counted(clips, 'clip')} for {counted(systems, 'system')}; BS.1534-3 (5.1) asks for at least "
            f"{max(FEW_ITEMS, 1.5 * systems):g}."
        )
    return found


def _of_people(people: pd.DataFrame) -> list[str]:
    counted = people[~people["excluded"].astype(bool)]
    found = []
    odd = counted.loc[counted["agreement"] < LOW_AGREEMENT, "listener"]
    if len(odd):
        found.append(f"Agree little with the others (correlation below {LOW_AGREEMENT}): {', '.join(odd)}.")
    unheard = counted.loc[counted["never_played"] > 0, "listener"]
    if len(unheard):
        found.append(f"Rated stimuli that they never played: {', '.join(unheard)}.")
    return found
