"""The files of a leaderboard: the same runs, ratings and seed give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

from bench.leaderboard.as_json import as_json
from bench.leaderboard.latex import latex
from bench.leaderboard.markdown import markdown
from bench.leaderboard.model import Leaderboard
from bench.leaderboard.page import page
from bench.leaderboard.table import csv
from bench.store import write_bytes


def write(board: Leaderboard, folder: Path) -> list[Path]:
    """Write ``leaderboard.md``, ``.csv``, ``.json``, ``.tex`` and ``.html`` into ``folder``; the paths written."""
    texts = {
        "leaderboard.md": markdown(board),
        "leaderboard.csv": csv(board),
        "leaderboard.json": json.dumps(as_json(board), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "leaderboard.tex": latex(board),
        "leaderboard.html": page(board),
    }
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in texts]
