"""The files of a leaderboard: the same runs, ratings and seed give the same bytes."""

from __future__ import annotations

import json
import math
import re

from bench.leaderboard.as_json import as_json
from bench.leaderboard.latex import latex
from bench.leaderboard.markdown import markdown
from bench.leaderboard.model import Leaderboard
from bench.leaderboard.page import page
from bench.leaderboard.table import csv
from bench.storage import Place, is_file, read_bytes
from bench.store import write_bytes

_NUMBER = re.compile(r"(-?\d+\.\d+(?:e[+-]?\d+)?)")


def write(board: Leaderboard, folder: Place) -> list[Place]:
    """Write ``leaderboard.md``, ``.csv``, ``.json``, ``.tex`` and ``.html`` into ``folder``; the paths written."""
    texts = _texts(board)
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in texts]


def outdated(board: Leaderboard, folder: Place) -> list[Place]:
    """The files in ``folder`` that are not there, or say something else than :func:`write` would.

    Numbers are equal where they agree to nine digits: the last bits of a sum depend on the processor.
    """
    found = []
    for name, text in _texts(board).items():
        path = folder / name
        if not is_file(path) or not _same(read_bytes(path).decode(), text):
            found.append(path)
    return found


def _same(text: str, other: str) -> bool:
    first, second = _NUMBER.split(text), _NUMBER.split(other)
    return len(first) == len(second) and all(
        one == two or (place % 2 == 1 and math.isclose(float(one), float(two), rel_tol=1e-9, abs_tol=1e-12))
        for place, (one, two) in enumerate(zip(first, second, strict=True))
    )


def _texts(board: Leaderboard) -> dict[str, str]:
    return {
        "leaderboard.md": markdown(board),
        "leaderboard.csv": csv(board),
        "leaderboard.json": json.dumps(as_json(board), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "leaderboard.tex": latex(board),
        "leaderboard.html": page(board),
    }
