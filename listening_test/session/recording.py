"""What a batch of events does to a session, as data: lines for the log, plays, ratings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from listening_test.model import TestType, Trial, pair
from listening_test.mushra import CHOICES, SCALES, acceptable, correct_abx, preferred
from listening_test.ratings.rows import Logged, Page, Rating, Slot
from listening_test.session.errors import BadAnswer, UnknownSlot, WrongStep
from listening_test.session.shapes import HEARD, Event


@dataclass
class Effects:
    """What is to be written. ``ratings``: (trial of the test, stimulus) to the last rating and how often it moved."""

    lines: list[Logged] = field(default_factory=list)
    plays: Counter[str] = field(default_factory=Counter)
    ratings: dict[tuple[str, int], tuple[Rating, int]] = field(default_factory=dict)
    late: int = 0


def effects(
    type_: TestType,
    trials: Mapping[str, Trial],
    events: Sequence[Event],
    pages: Mapping[str, Page],
    slots: Mapping[str, Sequence[Slot]],
) -> Effects:
    """What ``events`` do.

    Args:
        type_: type of the test.
        trials: trials of the test by their id.
        events: checked, none of them logged before.
        pages: pages of the session that the events name, by id.
        slots: the slots of those pages, by the page's id.

    Raises:
        BadAnswer, UnknownSlot, WrongStep: as ``Visit.record`` says.
    """
    found = Effects()
    for event in events:
        page = _page(event, pages)
        slot = _slot(event, slots)
        where = page.id if page else None, slot.id if slot else None
        found.lines.append(Logged(event.id, event.kind, event.ms, *where, event.value, event.detail))
        if page is None or slot is None:
            continue
        if event.kind in HEARD:
            found.plays[slot.id] += 1
        if event.kind not in ("rate", "choose"):
            continue
        rating = _rating(type_, trials[page.trial], event, slot, slots[page.id])
        if page.submitted is not None:
            found.late += 1
            continue
        key = page.trial, rating.stimulus
        found.ratings[key] = rating, found.ratings.get(key, (rating, 0))[1] + 1
    return found


def _page(event: Event, pages: Mapping[str, Page]) -> Page | None:
    if not event.trial:
        return None
    page = pages.get(event.trial)
    if page is None:
        raise UnknownSlot(f"event {event.id}: this session has no such trial.")
    if page.opened is None:
        raise WrongStep(f"event {event.id}: the turn of its trial has not come.")
    return page


def _slot(event: Event, slots: Mapping[str, Sequence[Slot]]) -> Slot | None:
    if not event.slot:
        return None
    for slot in slots[event.trial]:
        if slot.id == event.slot:
            return slot
    raise UnknownSlot(f"event {event.id}: its trial has no such slot.")


def _rating(type_: TestType, trial: Trial, event: Event, slot: Slot, slots: Sequence[Slot]) -> Rating:
    if slot.kind != "rated" or (event.kind == "choose") != (type_ in CHOICES):
        raise BadAnswer(f"event {event.id}: {event.kind} does not go with this slot of a test of type {type_}.")
    if type_ in CHOICES:
        tested = pair(trial)[1]
        if type_ == "ab":
            return Rating(tested, slot.id, preferred(slot.stimulus, tested))
        hidden = next(other.stimulus for other in slots if other.kind == "x")
        return Rating(tested, slot.id, correct_abx(slot.stimulus, hidden))
    if event.value is None or not acceptable(type_, event.value):
        low, high = SCALES[type_]
        whole = "" if type_ == "mushra" else "a whole number "
        raise BadAnswer(f"event {event.id}: expected {whole}from {low:g} to {high:g}, got {event.value}.")
    return Rating(slot.stimulus, slot.id, float(event.value))
