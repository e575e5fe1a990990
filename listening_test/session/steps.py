"""Where a listener is, as a function of what is saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from listening_test.model import Test
from listening_test.ratings.rows import Page
from listening_test.session.shapes import Step, StepKind

ANY_TIME = ("language", "comment", "level_so_far", "headphones_so_far")
"""Kinds of answers that are no step; those so far are what a step begins with after a reload."""


def current_step(test: Test, listener: str, answered: Collection[str], pages: Sequence[Page]) -> Step:
    """The first step that is not done. ``answered``: kinds of the answers saved; ``pages``: in their order."""
    for kind, payload in _setup(test):
        if kind not in answered:
            return Step(kind, payload=payload)
    training = [page for page in pages if page.training]
    for number, page in enumerate(training, 1):
        if page.submitted is None:
            return Step("training", number, len(training), {"trial": page.id})
    counted = [page for page in pages if not page.training]
    for number, page in enumerate(counted, 1):
        if page.submitted is None:
            if break_due(test, number - 1) and break_kind(number - 1) not in answered:
                left = len(counted) - number + 1
                return Step("break", number - 1, len(counted), {"done": number - 1, "left": left})
            return Step("trial", number, len(counted), {"trial": page.id})
    after = questions(test, "after")
    if after and "questionnaire_after" not in answered:
        return Step("questionnaire_after", payload={"items": after})
    return Step("thanks", payload={"listener": listener})


def break_due(test: Test, done: int) -> bool:
    """Whether a break follows ``done`` counted trials; more than about twelve tire, and none is where it is 0."""
    every = test.rules.trials_before_break
    return every > 0 and done > 0 and done % every == 0


def break_kind(done: int) -> str:
    """The kind under which the end of a break is saved."""
    return f"break_{done}"


def questions(test: Test, when: str) -> list[Mapping[str, Any]]:
    """The questions asked ``before`` (where nothing else is said) or ``after`` the trials."""
    return [item for item in test.questionnaire if item.get("when", "before") == when]


def _setup(test: Test) -> list[tuple[StepKind, dict[str, Any]]]:
    before = questions(test, "before")
    steps: list[tuple[StepKind, dict[str, Any]]] = [("consent", {})]
    if before:
        steps.append(("questionnaire_before", {"items": before}))
    steps += [("device", {}), ("level", {"range_db": test.rules.level_range_db})]
    if test.rules.headphone_check != "none":
        steps.append(("headphones", {"check": test.rules.headphone_check}))
    return steps
