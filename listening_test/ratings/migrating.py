"""Brings a database to the schema of this version when it is opened."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bench.errors import StoreError
from listening_test.ratings.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x636F6465  # PostgreSQL: one process migrates, the others wait


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that ``database`` lacks, all in one transaction; nothing where it lacks none.

    Raises:
        StoreError: a later version of codecbench wrote the database.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    found = database.read(current)
    if found == scripts.get_current_head():
        return
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"{database.place}: the database has schema {found}, which this version of codecbench does not know; "
            "install the version that wrote it, or a later one."
        )
    database.write(lambda connection: _run(connection, revision))


def current(connection: Connection) -> str | None:
    """The revision of the schema; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def _run(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
