"""What may come in: events and answers whose form is checked before anything is saved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from listening_test.ratings.writing import text_of
from listening_test.session.errors import BadAnswer
from listening_test.session.shapes import Event

MAX_DETAIL, MAX_ANSWER = 20_000, 100_000  # characters of JSON
MAX_LOG, EACH = 100_000_000, 200
"""Characters that the events of a session may take, and what one takes beside its detail: half a million of them. An
hour with sliders has some ten thousand; without an end, one listener could fill the disk of all."""
LARGEST = 2.0**53
"""Up to here whole numbers are exact in every database and browser."""
SERVER = "server:"
"""Start of the ids of events that the server logs itself."""

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ID = re.compile(r"[!-~]{1,100}")


def checked_events(events: Iterable[Event]) -> list[Event]:
    """``events`` without those whose id comes a second time.

    Raises:
        BadAnswer: one of them has a field that cannot be.
    """
    seen: dict[str, Event] = {}
    for event in events:
        _check(event)
        seen.setdefault(event.id, event)
    return list(seen.values())


def size_of(events: Iterable[Event]) -> int:
    """Characters that ``events``, which were checked, take in the log."""
    return sum(EACH + len(text_of(event.detail)) for event in events)


def check_answer(kind: str, values: Mapping[str, Any], level_range_db: float) -> None:
    """Raise BadAnswer where ``values`` cannot be the answer to ``kind``."""
    _check_size(f"the answer {kind!r}", values, MAX_ANSWER)
    if kind == "consent" and values.get("agreed") is not True:
        raise BadAnswer("the test starts only after consent: expected agreed to be true.", "consent_needed")
    gain = values.get("gain_db")
    if kind == "level" and gain is not None and not (_is_number(gain) and abs(gain) <= level_range_db):
        raise BadAnswer(f"level: expected a gain within +-{level_range_db:g} dB, got {gain!r}.", "level_range")


def _check(event: Event) -> None:
    if not _ID.fullmatch(event.id) or event.id.startswith(SERVER):
        raise BadAnswer(f"an event: expected an id of 1 to 100 printable ASCII characters, got {event.id[:120]!r}.")
    if not _KIND.fullmatch(event.kind):
        raise BadAnswer(f"event {event.id}: expected a kind in lower-case letters, got {event.kind[:40]!r}.")
    if not _is_number(event.ms) or not (event.value is None or _is_number(event.value)):
        raise BadAnswer(f"event {event.id}: expected finite numbers, got ms {event.ms!r}, value {event.value!r}.")
    if event.slot and not event.trial:
        raise BadAnswer(f"event {event.id}: a slot needs its trial beside it.")
    if event.kind in ("rate", "choose") and not event.slot:
        raise BadAnswer(f"event {event.id}: {event.kind} needs a slot.")
    _check_size(f"event {event.id}", event.detail, MAX_DETAIL)


def _check_size(what: str, values: Mapping[str, Any], limit: int) -> None:
    try:
        size = len(text_of(values))
    except (TypeError, ValueError):
        raise BadAnswer(f"{what}: expected values that JSON can hold.") from None
    if size > limit:
        raise BadAnswer(f"{what}: expected at most {limit} characters, got {size}.", "too_long")


def _is_number(value: object) -> bool:
    """Whether a database can keep ``value`` as a number: bool is none, and integers of JSON have no end."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
