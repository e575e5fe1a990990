"""Codecs beside each other, over runs and listening tests, with what is known of their order."""

from __future__ import annotations

from bench.leaderboard.as_json import as_json, schema
from bench.leaderboard.building import build
from bench.leaderboard.finding import rating_files
from bench.leaderboard.outputs import write
from bench.leaderboard.published import PublishedRow, read_published
from bench.leaderboard.terminal import Rendered

__all__ = ["PublishedRow", "Rendered", "as_json", "build", "rating_files", "read_published", "schema", "write"]
