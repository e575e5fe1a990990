"""Codecs beside each other, over runs and listening tests, with what is known of their order."""

from __future__ import annotations

from bench.leaderboard.as_json import as_json, schema
from bench.leaderboard.building import build
from bench.leaderboard.finding import rating_files
from bench.leaderboard.outputs import outdated, write
from bench.leaderboard.terminal import Rendered

__all__ = ["Rendered", "as_json", "build", "outdated", "rating_files", "schema", "write"]
