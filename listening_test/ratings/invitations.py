"""Rows of tests and sessions: inviting, holding the lease, erasing. Each function runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from listening_test.ratings.schema import answers, events, now, pages, ratings, sessions, slots, tests


def register(connection: Connection, name: str, fingerprint: str) -> tuple[int, str]:
    """Id and fingerprint of the test called ``name``; the first to come writes its own."""
    row = connection.execute(select(tests).where(tests.c.name == name)).one_or_none()
    if row is not None:
        return row.id, row.fingerprint
    values = {"name": name, "fingerprint": fingerprint, "created": now()}
    made = connection.execute(insert(tests).values(values).returning(tests.c.id))
    return made.scalar_one(), fingerprint


def lock_test(connection: Connection, test_id: int) -> None:
    """Keep every other writer from the row of the test until the transaction ends."""
    connection.execute(select(tests.c.id).where(tests.c.id == test_id).with_for_update()).one()


def set_closed(connection: Connection, test_id: int, closed: str | None) -> None:
    """Close the test at a time, or open it again with None."""
    connection.execute(update(tests).where(tests.c.id == test_id).values(closed=closed))


def closed(connection: Connection, test_id: int) -> bool:
    """Whether the test is closed."""
    return connection.execute(select(tests.c.closed).where(tests.c.id == test_id)).scalar_one() is not None


def add(connection: Connection, test_id: int, people: Sequence[tuple[str, str]], note: str, simulated: bool) -> None:
    """One session for each pseudonym and hash of a token, numbered on from the last one of the test."""
    lock_test(connection, test_id)
    last = connection.execute(select(func.max(sessions.c.number)).where(sessions.c.test_id == test_id)).scalar_one()
    common = {"test_id": test_id, "status": "invited", "simulated": simulated, "note": note, "created": now()}
    rows = [
        {**common, "number": (last or 0) + index, "listener": listener, "token_hash": token_hash}
        for index, (listener, token_hash) in enumerate(people, 1)
    ]
    connection.execute(insert(sessions), rows)


def by_token(connection: Connection, test_id: int, token_hash: str) -> Row[Any] | None:
    """The session of a token, locked; None where there is none."""
    query = select(sessions).where(sessions.c.test_id == test_id, sessions.c.token_hash == token_hash)
    return connection.execute(query.with_for_update()).one_or_none()


def by_listener(connection: Connection, test_id: int, listener: str) -> Row[Any] | None:
    """The session of a pseudonym, None where there is none."""
    query = select(sessions).where(sessions.c.test_id == test_id, sessions.c.listener == listener)
    return connection.execute(query).one_or_none()


def claim(connection: Connection, session_id: int, lease: str) -> None:
    """Give the session to the tab of ``lease``."""
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(lease=lease, seen=now()))


def start(connection: Connection, session_id: int, block: int) -> None:
    """Mark an invited session as running, with its block."""
    values = {"status": "running", "block": block, "started": now()}
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(values))


def finish(connection: Connection, session_id: int) -> None:
    """Mark a running session as finished."""
    running = (sessions.c.id == session_id) & (sessions.c.status == "running")
    connection.execute(update(sessions).where(running).values(status="finished", finished=now()))


def blocks(connection: Connection, test_id: int) -> dict[int, int]:
    """How many people have each block; those who withdrew do not count."""
    query = select(sessions.c.block, func.count()).where(
        sessions.c.test_id == test_id, sessions.c.status.in_(("running", "finished"))
    )
    return {block: count for block, count in connection.execute(query.group_by(sessions.c.block)) if block is not None}


_GOES_ON = (sessions.c.status != "withdrawn") & (
    select(tests.c.id).where(tests.c.id == sessions.c.test_id, tests.c.closed.is_(None)).correlate(sessions).exists()
)
"""Neither withdrawn nor its test closed."""


def hold(connection: Connection, session_id: int, lease: str) -> bool:
    """Whether the session is still this tab's and goes on; locks it until the transaction ends."""
    mine = (sessions.c.id == session_id) & (sessions.c.lease == lease) & _GOES_ON
    return connection.execute(update(sessions).where(mine).values(seen=now())).rowcount == 1


def holds(connection: Connection, session_id: int, lease: str) -> bool:
    """As ``hold``, without locking or writing."""
    query = select(sessions.c.id).where(sessions.c.id == session_id, sessions.c.lease == lease, _GOES_ON)
    return connection.execute(query).one_or_none() is not None


def goes_on(connection: Connection, session_id: int) -> bool:
    """Whether the session may go on in some tab."""
    query = select(sessions.c.id).where(sessions.c.id == session_id, _GOES_ON)
    return connection.execute(query).one_or_none() is not None


def erase(connection: Connection, session_id: int) -> None:
    """Delete all that a person left; the session stays as a number and the word withdrawn."""
    connection.execute(select(sessions.c.id).where(sessions.c.id == session_id).with_for_update())
    theirs = select(pages.c.id).where(pages.c.session_id == session_id)
    connection.execute(delete(events).where(events.c.session_id == session_id))
    connection.execute(delete(ratings).where(ratings.c.session_id == session_id))
    connection.execute(delete(slots).where(slots.c.page_id.in_(theirs)))
    connection.execute(delete(pages).where(pages.c.session_id == session_id))
    connection.execute(delete(answers).where(answers.c.session_id == session_id))
    empty = dict.fromkeys(("listener", "token_hash", "block", "lease", "started", "seen", "finished"))
    tombstone = {**empty, "status": "withdrawn", "note": "", "created": ""}
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(tombstone))
