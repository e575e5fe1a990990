"""``ratings_formated.csv`` of a MUSHRA test of speech codecs, published with its sounds.

A line for each signal and condition, with lists of the ratings and of the participants who gave them. Source: Stahl,
Windtner and Sontacchi, IEEE Access 12, 2024, doi 10.1109/ACCESS.2024.3482359. Their anchor is kept as ``anchor``:
the file does not say which it is.
"""

from __future__ import annotations

import math

from bench.errors import DatasetError
from bench.untrusted import parse_json
from listening_test.analysis.importers.base import Options, Row, number, table

ROLES = {"Reference": "hidden_reference", "Anchor": "anchor"}


def read(text: str, _options: Options) -> tuple[list[Row], list[str]]:
    """Rows of RATING_COLUMNS, and notes."""
    rows: list[Row] = []
    for place, line in enumerate(table(text, "bernoulli", ("signal", "condition", "ratings", "participant_ids")), 2):
        where = f"bernoulli, row {place}"
        scores, people = (_list(line[name], where) for name in ("ratings", "participant_ids"))
        if len(scores) != len(people):
            raise DatasetError(f"{where}: expected as many participants as ratings, got {len(people)}, {len(scores)}.")
        rows += [
            {
                "listener": f"{int(person):02d}",
                "trial": line["signal"],
                "clip": line["signal"],
                "condition": line["condition"],
                "role": ROLES.get(line["condition"], "system"),
                "score": number(score, where),
            }
            for score, person in zip(scores, people, strict=True)
        ]
    return rows, []


def _list(text: str, where: str) -> list[float]:
    try:
        found = [float(value) for value in parse_json(text)]
    except (ValueError, TypeError):
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise DatasetError(f"{where}: expected a list of numbers such as [1.0, 2.0], got {text[:60]!r}.")
    return found
