"""A database of ratings: short transactions on SQLite or PostgreSQL, tried again where another one was in the way."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bench.errors import ConfigError, MissingRequirement, StoreError
from listening_test.ratings.grouping import GroupCommit

T = TypeVar("T")

BUSY_S = 30  # SQLite waits this long for another process that writes
CHECKPOINT_S = 2  # and this long for readers to leave before the write-ahead log is emptied
ATTEMPTS = 6
RETRIED = {"40001", "40P01", "23505"}  # PostgreSQL: serialization_failure, deadlock_detected, unique_violation
WRITING = "codecbench_writing"  # execution option: SQLite takes the write lock at BEGIN, not at the first write


class Database:
    """Transactions over an engine. ``place`` names it in messages, without a password.

    ``work`` given to ``write`` may run more than once, so it changes nothing but the database.

    Raises:
        ConfigError: a URL that is neither of SQLite nor of PostgreSQL.
        MissingRequirement: the driver of PostgreSQL is not installed.
        StoreError: the database cannot be reached, is full or is locked for longer than half a minute.
    """

    def __init__(self, url: str | URL) -> None:
        address = _address(url)
        self.place = address.render_as_string(hide_password=True)
        if address.get_backend_name() == "sqlite":
            self.engine = _sqlite(address)
            self._write_once = GroupCommit(self._transaction).run  # SQLite has one writer
        else:
            try:
                self.engine = create_engine(address, pool_size=10, max_overflow=20)
            except ModuleNotFoundError:
                raise MissingRequirement(
                    f"{self.place}: needs the driver of PostgreSQL: pip install 'codecbench[postgresql]'"
                ) from None
            self._write_once = self._write_alone

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once its changes are on disk; none of them where it raises."""
        return self._tried(self._write_once, work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns; everything it reads is of one moment."""
        return self._tried(self._read_once, work)

    def forget_erased(self) -> None:
        """SQLite: empty the write-ahead log, which still holds rows that were deleted. PostgreSQL: nothing."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                raw = connection.connection.cursor()  # outside of a transaction, which a checkpoint needs
                raw.execute(f"PRAGMA busy_timeout = {1000 * CHECKPOINT_S}")
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                raw.execute(f"PRAGMA busy_timeout = {1000 * BUSY_S}")
                raw.close()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
            yield connection

    def _write_alone(self, work: Callable[[Connection], T]) -> T:
        with self._transaction() as connection:
            return work(connection)

    def _read_once(self, work: Callable[[Connection], T]) -> T:
        isolation: dict[str, Any] = {}
        if self.engine.dialect.name == "postgresql":
            isolation = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**isolation) as connection, connection.begin():
            return work(connection)

    def _tried(self, once: Callable[[Callable[[Connection], T]], T], work: Callable[[Connection], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once(work)
            except PoolTimeout:
                raise StoreError(
                    f"{self.place}: more requests at once than the database has connections for. Try again in a minute."
                ) from None
            except DBAPIError as error:
                if attempt < ATTEMPTS and _passes(error):
                    time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  spreads the retries
                elif (
                    isinstance(error, OperationalError) or type(error) is DatabaseError
                ):  # SQLite: not a database, damaged
                    raise StoreError(
                        f"{self.place}: the database cannot be used ({_first_line(error)}). Check that it runs, that "
                        "its disk is not full and that this account may write to it; nothing acknowledged is lost."
                    ) from error
                else:
                    raise
        raise AssertionError("the last attempt returns or raises")


def _passes(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed when it is tried again."""
    return (
        error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in RETRIED
        or "database is locked" in str(error.orig)
    )


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__


def _address(url: str | URL) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigError(
            "--database (CODECBENCH_LISTEN_DATABASE): expected a URL such as postgresql://user@host/name, got another "
            "text. Without one a test has SQLite in its folder."
        ) from None
    if address.get_backend_name() == "sqlite":
        return address
    if address.drivername in ("postgres", "postgresql"):
        return address.set(drivername="postgresql+psycopg")
    if address.drivername == "postgresql+psycopg":
        return address
    raise ConfigError(
        "--database (CODECBENCH_LISTEN_DATABASE): expected sqlite:///PATH or postgresql://user@host/name, got "
        f"{address.drivername}://..."
    )


def _sqlite(address: URL) -> Engine:
    if not address.database or address.database == ":memory:":
        raise ConfigError(
            "--database: expected a file, sqlite:///PATH, got SQLite in memory, which forgets everything."
        )
    path = Path(address.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # answers of people: for the owner's eyes
    except OSError as error:
        raise StoreError(
            f"{path}: the database cannot be opened ({error.strerror}). Let this account write to it and to its folder."
        ) from None
    engine = create_engine(
        address, connect_args={"timeout": BUSY_S}, pool_size=10, max_overflow=40, pool_timeout=2 * BUSY_S
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, below: the driver's own comes too late for a lock
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged rating survives a power cut, too
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA secure_delete = ON")  # a withdrawal overwrites what it deletes
            cursor.close()
        except BaseException:
            connection.close()  # the pool does not know it yet, and nobody else would
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
