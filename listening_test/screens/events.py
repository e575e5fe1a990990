"""Events of the player as events of the session. What comes from a browser may be anything."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from listening_test.session import BadAnswer, Event, UnknownSlot, Visit

FIELDS = ("id", "kind", "at_ms", "slot", "value")

MOST = 500
"""Messages of a player that are saved at a time; a server that was away for a minute brings some hundred."""

log = logging.getLogger(__name__)


def as_event(sent: Mapping[str, Any], trial: str) -> Event:
    """The event of a player's message; in trials a choice has the id of its slot for a value, elsewhere it is none."""
    kind, value, slot = str(sent.get("kind")), sent.get("value"), str(sent.get("slot") or "")
    detail = {str(name): found for name, found in sent.items() if name not in FIELDS}
    if kind == "choose" and trial:
        slot, value = str(value), None
    if not trial and kind in ("choose", "rate"):
        kind = f"check_{kind}"
    number = value if isinstance(value, int | float) else None
    if value is not None and number is None:
        detail["value"] = value
    return Event(str(sent.get("id")), kind, sent.get("at_ms", 0), trial, slot if trial else "", number, detail)


def messages(state: Any) -> list[dict[str, Any]]:
    """The first MOST messages that a player's state holds, without what is no message; it sends the rest again."""
    events = _field(_field(state, "log"), "events")
    found = events if isinstance(events, list) else []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)][:MOST]


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def record(visit: Visit, sent: Sequence[Mapping[str, Any]], trial: str = "") -> None:
    """Save what the player sent. What can never be saved is logged and forgotten, and keeps nothing else from it."""
    events = [as_event(one, trial) for one in sent]
    try:
        visit.record(events)
    except (BadAnswer, UnknownSlot):
        refused: list[Exception] = []
        for event in events:
            try:
                visit.record([event])
            except (BadAnswer, UnknownSlot) as error:
                refused.append(error)
        if refused:
            log.warning("%d events were refused, the first: %s", len(refused), refused[0])
