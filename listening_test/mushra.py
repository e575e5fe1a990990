"""The rules of the listening tests as data and pure functions, each with its clause."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from listening_test.model import TestType

SCALES: Mapping[TestType, tuple[float, float]] = {
    "mushra": (0, 100),  # BS.1534-3 clause 5.4: continuous quality scale, 0 to 100
    "acr": (1, 5),  # P.800 Annex B: listening-quality scale, 5 Excellent to 1 Bad
    "dcr": (1, 5),  # P.800 Annex D: degradation scale, 5 inaudible to 1 very annoying
}
"""Lowest and highest score of the types that rate each stimulus; ABX and AB take a choice instead."""

CHOICES: tuple[TestType, ...] = ("abx", "ab")
"""Types with one answer for each trial: which of two."""

BEST = 100  # BS.1534-3 clause 5.4: one or more excerpts must be given a grade of 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a trial cannot be submitted: the key of a text and the slots it speaks of.

    Keys: ``not_heard``, ``not_rated``, ``out_of_range``, ``needs_a_hundred``, ``no_answer``.
    """

    key: str
    slots: tuple[str, ...] = ()


def acceptable(type_: TestType, score: float) -> bool:
    """Whether ``score`` lies on the scale of ``type_``; ACR and DCR know whole numbers only."""
    low, high = SCALES[type_]
    return math.isfinite(score) and low <= score <= high and (type_ == "mushra" or score == round(score))


def problems_of_scores(
    type_: TestType,
    rated: Sequence[str],
    heard: Collection[str],
    scores: Mapping[str, float],
    needs_a_hundred: bool,
    reference: str = "",
) -> list[Problem]:
    """What keeps a MUSHRA, ACR or DCR trial from being submitted; nothing where it is complete.

    Args:
        type_: ``mushra``, ``acr`` or ``dcr``.
        rated: the slots to rate, in the order shown.
        heard: the slots that were played.
        scores: slot to score, of those rated so far.
        needs_a_hundred: whether MUSHRA insists on one score of 100.
        reference: slot of the open reference; DCR compares with it, so there it must be heard.
    """
    must_hear = [*([reference] if type_ == "dcr" and reference else []), *rated]  # P.800 Annex D: pairs A-B
    found = [
        Problem("not_heard", tuple(slot for slot in must_hear if slot not in heard)),
        Problem("not_rated", tuple(slot for slot in rated if slot not in scores)),
        Problem(
            "out_of_range", tuple(slot for slot in rated if slot in scores and not acceptable(type_, scores[slot]))
        ),
    ]
    problems = [problem for problem in found if problem.slots]
    complete = all(slot in scores for slot in rated)
    if type_ == "mushra" and needs_a_hundred and complete and BEST not in scores.values():  # BS.1534-3 clause 5.4
        problems.append(Problem("needs_a_hundred"))
    return problems


def problems_of_choice(shown: Sequence[str], heard: Collection[str], choice: str) -> list[Problem]:
    """What keeps an ABX or AB trial from being submitted: every slot heard (A, B and, in ABX, X) and one answer."""
    not_heard = tuple(slot for slot in shown if slot not in heard)
    problems = [Problem("not_heard", not_heard)] if not_heard else []
    return problems if choice else [*problems, Problem("no_answer")]


def correct_abx(chosen: int, hidden: int) -> float:
    """1 where the chosen stimulus is the one behind X, else 0."""
    return float(chosen == hidden)


def preferred(chosen: int, condition: int) -> float:
    """1 where the stimulus under test was preferred to the other of its pair, else 0."""
    return float(chosen == condition)
