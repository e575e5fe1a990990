"""What a session writes: its order, answers, events, ratings. Each runs in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from listening_test.ratings.rows import Logged, Page, Rating, Slot
from listening_test.ratings.schema import answers, events, now, pages, ratings, slots


def text_of(value: Mapping[str, Any]) -> str:
    """``value`` as JSON in ASCII: any text of a listener, a zero byte too, is then fit for both databases."""
    return json.dumps(value, sort_keys=True)


def add_pages(connection: Connection, session_id: int, drawn: Sequence[tuple[Page, Sequence[Slot]]]) -> None:
    """Write the order drawn for a session."""
    page_rows = [
        {"id": page.id, "session_id": session_id, "trial": page.trial, "position": page.position}
        | {"training": page.training}
        for page, _ in drawn
    ]
    slot_rows = [
        {"id": slot.id, "page_id": page.id, "stimulus": slot.stimulus, "kind": slot.kind}
        | {"position": slot.position, "plays": 0}
        for page, page_slots in drawn
        for slot in page_slots
    ]
    connection.execute(insert(pages), page_rows)
    connection.execute(insert(slots), slot_rows)


def open_page(connection: Connection, page_id: str) -> None:
    """Note when a page was first shown."""
    fresh = (pages.c.id == page_id) & pages.c.opened.is_(None)
    connection.execute(update(pages).where(fresh).values(opened=now()))


def submit_page(connection: Connection, page_id: str) -> None:
    """Note that a page is done."""
    connection.execute(update(pages).where(pages.c.id == page_id).values(submitted=now()))


def save_answer(connection: Connection, session_id: int, kind: str, values: Mapping[str, Any]) -> None:
    """Write or replace the answer of a kind."""
    this = (answers.c.session_id == session_id) & (answers.c.kind == kind)
    row = {"content": text_of(values), "saved": now()}
    if connection.execute(update(answers).where(this).values(row)).rowcount == 0:
        connection.execute(insert(answers).values(session_id=session_id, kind=kind, **row))


def known_events(connection: Connection, session_id: int, ids: Sequence[str]) -> set[str]:
    """Which of these client ids the log has."""
    query = select(events.c.client_id).where(events.c.session_id == session_id, events.c.client_id.in_(ids))
    return set(connection.execute(query).scalars())


def size_of_log(connection: Connection, session_id: int, each: int) -> int:
    """Characters of the details of all events of a session, and ``each`` for every event."""
    sizes = func.coalesce(func.sum(func.length(events.c.detail) + each), 0)
    return int(connection.execute(select(sizes).where(events.c.session_id == session_id)).scalar_one())


def log(connection: Connection, session_id: int, lines: Iterable[Logged]) -> None:
    """Append lines to the event log."""
    at = now()
    rows = [
        {"session_id": session_id, "client_id": line.client_id, "page_id": line.page, "slot_id": line.slot}
        | {"kind": line.kind, "value": line.value, "ms": line.ms, "at": at, "detail": text_of(line.detail or {})}
        for line in lines
    ]
    if rows:
        connection.execute(insert(events), rows)


def add_plays(connection: Connection, plays: Mapping[str, int]) -> None:
    """Count more plays of slots."""
    if plays:
        statement = update(slots).where(slots.c.id == bindparam("slot")).values(plays=slots.c.plays + bindparam("more"))
        connection.execute(statement, [{"slot": slot, "more": more} for slot, more in plays.items()])


def save_rating(connection: Connection, session_id: int, trial: str, rating: Rating, changes: int) -> None:
    """Write or replace the score of a stimulus, after ``changes`` more moves of its slider."""
    this = (ratings.c.session_id == session_id) & (ratings.c.trial == trial) & (ratings.c.stimulus == rating.stimulus)
    row = {"slot_id": rating.slot, "score": rating.score, "saved": now()}
    moved = update(ratings).where(this).values(changes=ratings.c.changes + changes, **row)
    if connection.execute(moved).rowcount == 0:
        key = {"session_id": session_id, "trial": trial, "stimulus": rating.stimulus, "changes": changes}
        connection.execute(insert(ratings).values({**key, **row}))
