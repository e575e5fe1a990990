"""Runs as a public record: what a folder of results must hold, and tables that others have published."""
