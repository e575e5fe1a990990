"""The tables."""

from alembic import op
from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Integer, Text, UniqueConstraint

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of the first version."""
    op.create_table(
        "tests",
        Column("id", Integer, primary_key=True),
        Column("name", Text, nullable=False, unique=True),
        Column("fingerprint", Text, nullable=False),
        Column("created", Text, nullable=False),
        Column("closed", Text),
    )
    op.create_table(
        "sessions",
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
    op.create_table(
        "answers",
        Column("session_id", Integer, ForeignKey("sessions.id"), primary_key=True),
        Column("kind", Text, primary_key=True),
        Column("content", Text, nullable=False),
        Column("saved", Text, nullable=False),
    )
    op.create_table(
        "pages",
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
    op.create_table(
        "slots",
        Column("id", Text, primary_key=True),
        Column("page_id", Text, ForeignKey("pages.id"), nullable=False, index=True),
        Column("stimulus", Integer, nullable=False),
        Column("kind", Text, nullable=False),
        Column("position", Integer, nullable=False),
        Column("plays", Integer, nullable=False),
        CheckConstraint("kind IN ('reference', 'rated', 'x')", name="slots_kind"),
    )
    op.create_table(
        "ratings",
        Column("session_id", Integer, ForeignKey("sessions.id"), primary_key=True),
        Column("trial", Text, primary_key=True),
        Column("stimulus", Integer, primary_key=True),
        Column("slot_id", Text, ForeignKey("slots.id"), nullable=False, index=True),
        Column("score", Float, nullable=False),
        Column("changes", Integer, nullable=False),
        Column("saved", Text, nullable=False),
    )
    op.create_table(
        "events",
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
