"""All rows of one test without the numbers that a database gave them, so that another database can take them.

A session is named by its number in the test. Orders are the same in every database: by numbers and positions, never by
the alphabet of a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Integer, Select, Table, collate, insert, select, update

from listening_test.ratings.schema import answers, events, pages, ratings, sessions, slots, tests

TABLES = (tests, sessions, answers, pages, slots, ratings, events)
"""In an order in which they can be written."""
BATCH = 1000


def rows_of(connection: Connection, test_id: int, table: Table) -> Iterator[dict[str, Any]]:
    """The rows of ``table`` that belong to a test, in one order for all databases."""
    query = _query(table, test_id, "C" if connection.dialect.name == "postgresql" else "BINARY")
    found = connection.execution_options(yield_per=BATCH).execute(query)
    return (dict(row) for row in found.mappings())


def put(connection: Connection, test_id: int, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write what ``rows_of`` gave; the tables in the order of TABLES."""
    if table is tests:
        for row in rows:
            connection.execute(update(tests).where(tests.c.id == test_id).values(**row))
        return
    found = connection.execute(select(sessions.c.number, sessions.c.id).where(sessions.c.test_id == test_id))
    numbers = {row.number: row.id for row in found}
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        connection.execute(insert(table), [_owned(row, table, test_id, numbers) for row in batch])


def _owned(row: Mapping[str, Any], table: Table, test_id: int, numbers: Mapping[int, int]) -> dict[str, Any]:
    owned = dict(row)
    if table is sessions:
        owned["test_id"] = test_id
    if "session_id" in table.c:
        owned["session_id"] = numbers[owned.pop("session")]
    return owned


def _query(table: Table, test_id: int, collation: str) -> Select[Any]:
    columns = [column for column in table.c if not _given(column)]
    if table is tests:
        return select(*columns).where(tests.c.id == test_id)
    mine = sessions.c.test_id == test_id
    if table is sessions:
        return select(*columns).where(mine).order_by(sessions.c.number)
    if table is slots:
        joined = select(*columns).join(pages, pages.c.id == slots.c.page_id)
        joined = joined.join(sessions, sessions.c.id == pages.c.session_id)
        return joined.where(mine).order_by(sessions.c.number, pages.c.position, slots.c.position)
    joined = select(sessions.c.number.label("session"), *columns).select_from(table)
    joined = joined.join(sessions, sessions.c.id == table.c.session_id).where(mine)
    if table is answers:
        return joined.order_by(sessions.c.number, collate(answers.c.kind, collation))
    if table is pages:
        return joined.order_by(sessions.c.number, pages.c.position)
    if table is events:
        return joined.order_by(events.c.id)
    page = (pages.c.session_id == ratings.c.session_id) & (pages.c.trial == ratings.c.trial)
    return joined.join(pages, page).order_by(sessions.c.number, pages.c.position, ratings.c.stimulus)


def _given(column: Column[Any]) -> bool:
    """Whether a database chose what stands in ``column``."""
    return column.name in ("test_id", "session_id") or (column.name == "id" and isinstance(column.type, Integer))
