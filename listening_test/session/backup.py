"""A test and all that was saved of it, in one file, while people listen; and back, into either database."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bench.errors import StoreError
from bench.store import sha256_of, write_bytes, writing
from listening_test.model import DATABASE, STIMULI, TEST, Test, load_test, stimulus_path
from listening_test.ratings import invitations
from listening_test.ratings.database import Database
from listening_test.ratings.migrating import current, upgrade
from listening_test.ratings.moment import moment
from listening_test.ratings.schema import now, sessions, tests
from listening_test.ratings.whole import TABLES, put, rows_of
from listening_test.session.archive import Contents, Reader, Writer, reading


def back_up(folder: Path, output: Path, url: str = "", *, stimuli: bool = True) -> Contents:
    """Write the test in ``folder`` and its rows, all of one moment, to ``output``, and read that back.

    The file is for its owner's eyes only: it holds what people answered. ``stimuli``: include the sounds; without
    them the file names their hashes, and whoever restores it has to have them.

    Raises:
        StoreError: ``output`` is there already or cannot be written, nothing was saved of the test, the database
            cannot be used, or a sound is missing or damaged.
    """
    if output.exists():
        raise StoreError(f"{output}: it exists, and a backup overwrites nothing. Choose another name.")
    if not url and not (folder / DATABASE).exists():
        raise StoreError(f"{folder}: there is no {DATABASE}, so nothing was saved yet. Is --database missing?")
    test = load_test(folder)
    temporary = output.with_name(f".{output.name}.{os.getpid()}.part")
    database = Database(url or URL.create("sqlite", database=str(folder / DATABASE)))
    try:
        upgrade(database)
        with writing(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            with moment(database, output.parent) as still:
                still.read(lambda connection: _write(connection, test, folder, temporary, stimuli))
            with reading(temporary) as archive:
                contents = archive.contents
            temporary.rename(output)
    finally:
        temporary.unlink(missing_ok=True)
        database.dispose()
    return contents


def restore(path: Path, folder: Path, url: str = "") -> Contents:
    """Bring a backup back: the test into ``folder``, its rows into the database, compared row by row there.

    Links that were sent go on opening their sessions. Files in ``folder`` that are the same already are kept.

    Raises:
        StoreError: the backup is damaged or was made with another version's tables, ``folder`` holds another test, a
            sound is neither in the backup nor in ``folder``, or the database holds sessions of this test. The
            database is then as it was.
    """
    with reading(path) as archive:
        _restore_files(archive, folder)
        database = Database(url or URL.create("sqlite", database=str(folder / DATABASE)))
        try:
            upgrade(database)
            with _rows_of_a_backup(path):
                database.write(lambda connection: _put(connection, archive))
        finally:
            database.dispose()
        return archive.contents


def _write(connection: Connection, test: Test, folder: Path, path: Path, stimuli: bool) -> None:
    test_id = connection.execute(select(tests.c.id).where(tests.c.name == test.name)).scalar()
    if test_id is None:
        raise StoreError(
            f"{folder}: the database knows no test {test.name!r}, so nothing was saved yet. Is "
            "--database the one that it was served with?"
        )
    sounds = sorted({one.sha256 for trial in test.trials for one in trial.sounds})
    opened = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
    with os.fdopen(opened, "w+b") as file:
        with zipfile.ZipFile(file, "w") as archive:
            writer = Writer(archive)
            writer.test(folder / TEST)
            for table in TABLES:
                writer.table(table.name, rows_of(connection, test_id, table))
            for sha256 in sounds if stimuli else ():
                writer.stimulus(stimulus_path(folder, sha256))
            writer.contents(
                Contents(
                    test=test.name,
                    made=now(),
                    codecbench=version("codecbench"),
                    schema=current(connection) or "",
                    rows=writer.rows,
                    stimuli=tuple(sounds),
                    included=stimuli,
                    sha256=writer.sha256,
                )
            )
        os.fsync(file.fileno())


def _restore_files(archive: Reader, folder: Path) -> None:
    described = folder / TEST
    if described.exists() and described.read_bytes() != archive.test():
        raise StoreError(f"{described}: it is another test than the backup's. Restore into an empty folder.")
    missing = []
    for sha256 in archive.contents.stimuli:
        sound = stimulus_path(folder, sha256)
        if sound.exists():
            if sha256_of(sound) != sha256:
                raise StoreError(
                    f"{sound}: expected a sound of the SHA-256 in its name. Delete the file and try again."
                )
        elif archive.contents.included:
            write_bytes(sound, archive.stimulus(sha256))
        else:
            missing.append(sound.name)
    if missing:
        raise StoreError(
            f"{folder}: the backup was made without sounds, and {len(missing)} of {len(archive.contents.stimuli)} are "
            f"not there, the first is {missing[0]}. Copy {STIMULI}/ of the test here first."
        )
    write_bytes(described, archive.test())


def _put(connection: Connection, archive: Reader) -> None:
    contents = archive.contents
    found = current(connection)
    if found != contents.schema:
        raise StoreError(
            f"the backup: expected tables of schema {found}, got {contents.schema}. Restore it with codecbench "
            f"{contents.codecbench}, which made it; this version then brings the database up to date."
        )
    [row] = archive.table("tests")
    test_id, _ = invitations.register(connection, contents.test, row["fingerprint"])
    held = connection.execute(select(func.count()).where(sessions.c.test_id == test_id)).scalar_one()
    if held:
        raise StoreError(
            f"the database holds {held} sessions of the test {contents.test!r} already, and a restore overwrites "
            "nothing. Use an empty database, or a folder without one."
        )
    for table in TABLES:
        put(connection, test_id, table, archive.table(table.name))
    for table in TABLES:
        pairs = zip_longest(archive.table(table.name), rows_of(connection, test_id, table))
        count = sum(_same(table.name, wanted, got) for wanted, got in pairs)
        if count != contents.rows[table.name]:
            raise StoreError(
                f"the backup, table {table.name}: expected {contents.rows[table.name]} rows, got {count}. Nothing was "
                "restored; use another copy."
            )


@contextmanager
def _rows_of_a_backup(path: Path) -> Iterator[None]:
    """Turns what rows raise that no database of ours has given."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, SQLAlchemyError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        raise StoreError(
            f"{path}: the backup holds rows that no test has ({type(error).__name__}: {reason}). Nothing was "
            "restored; use another copy."
        ) from None


def _same(table: str, wanted: dict[str, Any] | None, got: dict[str, Any] | None) -> bool:
    if wanted != got:
        raise StoreError(
            f"the backup, table {table}: expected the row {wanted}, got {got}. Nothing was restored; use another copy."
        )
    return True
