"""The rows that leave a test: ratings as RATING_COLUMNS, and the event log."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from listening_test.model import RATING_COLUMNS, Test, pair, row_of
from listening_test.mushra import CHOICES
from listening_test.ratings import reading
from listening_test.session.checking import SERVER
from listening_test.session.listening import SHOWN, SUBMIT, active_seconds, listened_seconds, page_of


def rating_rows(connection: Connection, test: Test, test_id: int) -> list[dict[str, Any]]:
    """One row for each rating of each submitted trial; see RATING_COLUMNS."""
    trials = {trial.id: trial for trial in test.trials}
    slots: dict[tuple[str, int], Row[Any]] = {
        (slot.page_id, slot.stimulus): slot for slot in reading.all_slots(connection, test_id) if slot.kind == "rated"
    }
    heard, lasted = _times(connection, test_id)
    rows = []
    for row in reading.submitted_ratings(connection, test_id):
        slot, trial = slots[row.page_id, row.stimulus], trials[row.trial]
        found = {
            "test": test.name,
            "test_type": test.rules.type,
            "listener": row.listener,
            "simulated": bool(row.simulated),
            "session": str(row.number),
            **row_of(trial, trial.stimulus(row.stimulus)),
            "against": trial.stimulus(pair(trial)[0]).condition if test.rules.type in CHOICES else "",
            "order": row.order,
            "position": slot.position,
            "score": row.score,
            "plays": slot.plays,
            "listened_s": round(heard.get(row.page_id, {}).get(slot.id, 0.0), 3),
            "trial_s": round(lasted[row.page_id], 3),
            "submitted": row.submitted,
            "excluded": False,
            "reason": "",
        }
        rows.append({name: found[name] for name in RATING_COLUMNS})
    return rows


def event_rows(connection: Connection, test: Test, test_id: int) -> list[dict[str, Any]]:
    """One row for each event: what happened in which trial to which condition."""
    trials = {trial.id: trial for trial in test.trials}
    slots = {slot.id: slot for slot in reading.all_slots(connection, test_id)}
    rows = []
    for row in reading.all_events(connection, test_id):
        slot = slots.get(row.slot_id)
        rows.append(
            {
                "test": test.name,
                "listener": row.listener,
                "simulated": bool(row.simulated),
                "session": str(row.number),
                "trial": row.trial or "",
                "condition": "" if slot is None else trials[row.trial].stimulus(slot.stimulus).condition,
                "slot": "" if slot is None else slot.kind,
                "kind": row.kind,
                "value": row.value,
                "client_ms": row.ms,
                "at": row.at,
                "detail": json.loads(row.detail),
            }
        )
    return rows


def _times(connection: Connection, test_id: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Of each page: seconds that each slot sounded, and seconds until it was submitted without long pauses."""
    events: dict[str, dict[str, list[tuple[str, str | None, float]]]] = defaultdict(lambda: defaultdict(list))
    times: dict[str, list[str]] = defaultdict(list)
    submitted: set[str] = set()
    for row in reading.all_events(connection, test_id):
        if row.page_id is None or row.page_id in submitted:
            continue
        if row.kind == SUBMIT and row.client_id.startswith(SERVER):
            submitted.add(row.page_id)
        times[row.page_id].append(row.at)
        if row.kind == SHOWN or not row.client_id.startswith(SERVER):  # what a page said last may come after the next
            events[row.page_id][page_of(row.client_id)].append((row.kind, row.slot_id, row.ms))
    heard = {page: _sum(map(listened_seconds, parts.values())) for page, parts in events.items()}
    return heard, {page: active_seconds(moments) for page, moments in times.items()}


def _sum(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for part in parts:
        for slot, seconds in part.items():
            total[slot] += seconds
    return dict(total)
