"""A database as it is at one moment, to be read for as long as it takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from sqlalchemy.engine import URL

from listening_test.model import DATABASE
from listening_test.ratings.database import Database


@contextmanager
def moment(database: Database, folder: Path) -> Iterator[Database]:
    """``database``, where what one ``read`` sees keeps nobody waiting.

    PostgreSQL: itself, for a read is of one moment. SQLite: a copy in ``folder``, made by its online backup while
    others write; a long read of the original would keep its write-ahead log, and what was withdrawn in it, from being
    emptied. The copy is readable by its owner only and deleted at the end.
    """
    if database.engine.dialect.name != "sqlite":
        yield database
        return
    with TemporaryDirectory(dir=folder, prefix=".backup-") as name:
        copy = Database(URL.create("sqlite", database=str(Path(name) / DATABASE)))
        try:
            with database.engine.connect() as source, copy.engine.connect() as target:
                _raw(source.connection.driver_connection).backup(_raw(target.connection.driver_connection))
            yield copy
        finally:
            copy.dispose()


def _raw(connection: object) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection)
