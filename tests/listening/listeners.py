"""What a listener does, for tests."""

from __future__ import annotations

from itertools import count

from listening_test.session import BlindTrial, Event, Sessions, Visit

_ids = count()


def event(kind: str, trial: BlindTrial, slot: str = "", value: float | None = None, ms: float = 0.0) -> Event:
    return Event(f"e{next(_ids)}", kind, ms, trial.id, slot, value)


def set_up(visit: Visit) -> None:
    """Answer all steps before the trials."""
    while visit.step.kind not in ("training", "trial", "thanks"):
        visit.answer(visit.step.kind, {"agreed": True})


def joined(sessions: Sessions, tab: str = "tab") -> Visit:
    """A listener of a fresh invitation, set up."""
    [token] = sessions.invite(1)
    visit = sessions.open(token, tab)
    set_up(visit)
    return visit


def hear_all(visit: Visit, trial: BlindTrial) -> None:
    visit.record([event("play", trial, slot) for slot in (trial.reference, *trial.slots) if slot])


def rate_all(visit: Visit, trial: BlindTrial, best: float = 100) -> None:
    if trial.type in ("abx", "ab"):
        visit.record([event("choose", trial, trial.slots[0])])
    else:
        visit.record([event("rate", trial, slot, best - index) for index, slot in enumerate(trial.slots)])


def do_trial(visit: Visit) -> BlindTrial:
    """Hear, rate and submit the trial of the step."""
    trial = visit.trial
    hear_all(visit, trial)
    rate_all(visit, trial, 100 if trial.type == "mushra" else 5)
    visit.submit(trial.id)
    return trial


def do_all(visit: Visit) -> None:
    """Everything up to thanks."""
    set_up(visit)
    while visit.step.kind != "thanks":
        if visit.step.kind in ("training", "trial"):
            do_trial(visit)
        else:
            visit.answer(visit.step.kind, {})
