"""The history of the schema, run by alembic when a database is opened. A revision is never changed once released."""
