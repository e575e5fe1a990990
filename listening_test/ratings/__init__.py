"""The store of a listening test: SQLite in the test's folder by default, PostgreSQL by URL; one schema for both."""
