"""What is read back: of one session, and of all for the experimenter. Each runs in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from listening_test.ratings.rows import Page, Rating, Slot
from listening_test.ratings.schema import answers, events, pages, ratings, sessions, slots, tests


def answers_of(connection: Connection, session_id: int) -> dict[str, dict[str, Any]]:
    """Answers of a session by kind."""
    query = select(answers.c.kind, answers.c.content).where(answers.c.session_id == session_id)
    return {kind: json.loads(content) for kind, content in connection.execute(query)}


def pages_of(connection: Connection, session_id: int) -> list[Page]:
    """The trials of a session in their order."""
    query = select(pages).where(pages.c.session_id == session_id).order_by(pages.c.position)
    return [_page(row) for row in connection.execute(query)]


def pages_named(connection: Connection, session_id: int, ids: set[str]) -> dict[str, Page]:
    """Those pages of a session whose id is asked for."""
    query = select(pages).where(pages.c.session_id == session_id, pages.c.id.in_(ids))
    return {row.id: _page(row) for row in connection.execute(query)}


def slots_of(connection: Connection, page_id: str) -> list[Slot]:
    """The slots of a page in their order."""
    query = select(slots).where(slots.c.page_id == page_id).order_by(slots.c.position)
    return [Slot(row.id, row.stimulus, row.kind, row.position, row.plays) for row in connection.execute(query)]


def ratings_of(connection: Connection, session_id: int, trial: str) -> list[Rating]:
    """The scores of a trial."""
    query = select(ratings).where(ratings.c.session_id == session_id, ratings.c.trial == trial)
    return [Rating(row.stimulus, row.slot_id, row.score) for row in connection.execute(query)]


def sound_of(connection: Connection, test_id: int, slot_id: str) -> tuple[str, int] | None:
    """Trial and stimulus behind a slot of an open test; None where there is none."""
    query = (
        select(pages.c.trial, slots.c.stimulus)
        .join(pages, pages.c.id == slots.c.page_id)
        .join(sessions, sessions.c.id == pages.c.session_id)
        .join(tests, tests.c.id == sessions.c.test_id)
        .where(slots.c.id == slot_id, tests.c.id == test_id, tests.c.closed.is_(None))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.trial, row.stimulus)


def overview(connection: Connection, test_id: int) -> list[Row[Any]]:
    """Every session of a test with counts of its pages: ``trials``, ``trials_done``, ``training_done``."""
    done = pages.c.submitted.is_not(None)
    counts = (
        select(
            pages.c.session_id,
            func.sum(case((pages.c.training, 0), else_=1)).label("trials"),
            func.sum(case((done & ~pages.c.training, 1), else_=0)).label("trials_done"),
            func.sum(case((done & pages.c.training, 1), else_=0)).label("training_done"),
        )
        .group_by(pages.c.session_id)
        .subquery()
    )
    query = (
        select(sessions, counts.c.trials, counts.c.trials_done, counts.c.training_done)
        .join(counts, counts.c.session_id == sessions.c.id, isouter=True)
        .where(sessions.c.test_id == test_id)
        .order_by(sessions.c.number)
    )
    return list(connection.execute(query))


def submitted_ratings(connection: Connection, test_id: int) -> list[Row[Any]]:
    """Every score of every submitted page, with its page and session, in the order shown."""
    query = (
        select(
            sessions.c.number, sessions.c.listener, sessions.c.simulated, pages.c.id.label("page_id"), pages.c.trial,
            pages.c.position.label("order"), pages.c.submitted, ratings.c.stimulus, ratings.c.score,
        )
        .join(pages, pages.c.session_id == sessions.c.id)
        .join(ratings, (ratings.c.session_id == sessions.c.id) & (ratings.c.trial == pages.c.trial))
        .where(sessions.c.test_id == test_id, pages.c.submitted.is_not(None))
        .order_by(sessions.c.number, pages.c.position, ratings.c.stimulus)
    )  # fmt: skip
    return list(connection.execute(query))


def all_slots(connection: Connection, test_id: int) -> Iterator[Row[Any]]:
    """Every slot of a test, with ``page_id``."""
    query = (
        select(slots)
        .join(pages, pages.c.id == slots.c.page_id)
        .join(sessions, sessions.c.id == pages.c.session_id)
        .where(sessions.c.test_id == test_id)
    )
    yield from connection.execute(query)


def all_events(connection: Connection, test_id: int) -> Iterator[Row[Any]]:
    """The event log of a test in the order saved, with ``number``, ``listener`` and ``trial``."""
    query = (
        select(events, sessions.c.number, sessions.c.listener, sessions.c.simulated, pages.c.trial)
        .join(sessions, sessions.c.id == events.c.session_id)
        .join(pages, pages.c.id == events.c.page_id, isouter=True)
        .where(sessions.c.test_id == test_id)
        .order_by(events.c.id)
    )
    yield from connection.execute(query)


def all_answers(connection: Connection, test_id: int) -> list[dict[str, Any]]:
    """Answers of every session of a test."""
    query = (
        select(sessions.c.listener, answers)
        .join(answers, answers.c.session_id == sessions.c.id)
        .where(sessions.c.test_id == test_id)
        .order_by(sessions.c.number, answers.c.saved)
    )
    return [
        {"listener": row.listener, "kind": row.kind, "at": row.saved, "values": json.loads(row.content)}
        for row in connection.execute(query)
    ]


def _page(row: Row[Any]) -> Page:
    return Page(row.id, row.trial, row.position, row.training, row.opened, row.submitted)
