"""The tables. They hold pseudonyms only: no name, no address of mail or network, no link that opens anything.

    tests       one row a test; a database may hold several
    sessions    one row an invitation, and what is left of it after a withdrawal
    answers     consent, questionnaires, set-up: the last answer of each kind
    pages       the trials of a session in the order drawn for it
    slots       what sounds behind each opaque id, in the order drawn
    ratings     the last score of each stimulus
    events      everything that happened, append-only: a trigger refuses changes

Times are UTC, ISO 8601 text. The migrations make these tables; a test compares both.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

tests = Table(
    "tests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("fingerprint", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("closed", Text),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("test_id", Integer, ForeignKey("tests.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("listener", Text),
    Column("token_hash", Text, unique=True),
    Column("status", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("block", Integer),
    Column("lease", Text),
    Column("created", Text, nullable=False),
    Column("started", Text),
    Column("seen", Text),
    Column("finished", Text),
    UniqueConstraint("test_id", "number", name="sessions_test_number"),
    UniqueConstraint("test_id", "listener", name="sessions_test_listener"),
    CheckConstraint("status IN ('invited', 'running', 'finished', 'withdrawn')", name="sessions_status"),
)

answers = Table(
    "answers",
    metadata,
    Column("session_id", Integer, ForeignKey("sessions.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("saved", Text, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", Integer, ForeignKey("sessions.id"), nullable=False),
    Column("trial", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("training", Boolean, nullable=False),
    Column("opened", Text),
    Column("submitted", Text),
    UniqueConstraint("session_id", "trial", name="pages_session_trial"),
    UniqueConstraint("session_id", "position", name="pages_session_position"),
)

slots = Table(
    "slots",
    metadata,
    Column("id", Text, primary_key=True),
    Column("page_id", Text, ForeignKey("pages.id"), nullable=False, index=True),
    Column("stimulus", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("plays", Integer, nullable=False),
    CheckConstraint("kind IN ('reference', 'rated', 'x')", name="slots_kind"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("session_id", Integer, ForeignKey("sessions.id"), primary_key=True),
    Column("trial", Text, primary_key=True),
    Column("stimulus", Integer, primary_key=True),
    Column("slot_id", Text, ForeignKey("slots.id"), nullable=False, index=True),
    Column("score", Float, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("saved", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", Integer, ForeignKey("sessions.id"), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("page_id", Text, ForeignKey("pages.id"), index=True),
    Column("slot_id", Text),
    Column("kind", Text, nullable=False),
    Column("value", Float),
    Column("ms", Float, nullable=False),
    Column("at", Text, nullable=False),
    Column("detail", Text, nullable=False),
    UniqueConstraint("session_id", "client_id", name="events_session_client"),
)


def now() -> str:
    """The time as the tables hold it, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
