"""The files of a leaderboard: the same runs, ratings and seed give the same bytes."""

from __future__ import annotations

import math
import re

from bench.leaderboard.as_json import as_json
from bench.leaderboard.latex import latex
from bench.leaderboard.markdown import markdown
from bench.leaderboard.model import Leaderboard
from bench.leaderboard.page import page
from bench.leaderboard.table import as_frame
from bench.report.files import csv_text, json_text, write_texts
from bench.storage import Place, is_file, read_bytes

_NUMBER = re.compile(r"(-?\d+\.\d+(?:e[+-]?\d+)?)")


def write(board: Leaderboard, folder: Place) -> list[Place]:
    """Write ``leaderboard.md``, ``.csv``, ``.json``, ``.tex`` and ``.html`` into ``folder``; the paths written."""
    return write_texts(folder, _texts(board))


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
        "leaderboard.csv": csv_text(as_frame(board)),
        "leaderboard.json": json_text(as_json(board)),
        "leaderboard.tex": latex(board),
        "leaderboard.html": page(board),
    }
