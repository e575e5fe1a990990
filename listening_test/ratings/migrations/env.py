"""Run by alembic: applies revisions over the connection that ``migrating`` opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
