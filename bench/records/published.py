"""Scores that others have published: tables of papers, read with the marks that keep them apart from measured ones.

A table is a CSV file with COLUMNS and, beside it, a JSON file of the same name that says where it is from.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from bench import codecs
from bench.domain import CATEGORIES, Category, Role
from bench.errors import DatasetError
from bench.records.layout import published_below
from bench.records.problems import Problem
from bench.registry import nearest
from bench.untrusted import parse_json


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """One cell of a published MUSHRA table: a mean of listeners elsewhere, on clips that are not ours.

    ``codec`` is our name of the codec, ``label`` what the source calls it. ``nominal_bps`` and ``entropy_bps`` (after
    lossless coding) are as stated: nobody counted these bits here. ``ci95`` is half of the 95 % interval.
    """

    source: str
    table: str
    set: str
    sample_rate: int
    channels: int
    category: Category
    codec: str
    label: str
    role: Role
    nominal_bps: int | None
    entropy_bps: int | None
    mean: float
    ci95: float
    citation: str = ""
    """Of the source."""


@dataclass(frozen=True, slots=True)
class PublishedSource:
    """Where a published table is from, and how its scores came about."""

    source: str
    kind: str
    measure: str
    title: str
    authors: tuple[str, ...]
    year: int
    url: str
    licence: str
    about: str

    @property
    def citation(self) -> str:
        """Such as ``A. Author, B. Author: Title, 2022. https://example.org``."""
        return f"{', '.join(self.authors)}: {self.title}, {self.year}. {self.url}"


COLUMNS = tuple(field.name for field in fields(PublishedScore) if field.name not in ("source", "citation"))
_BEYOND = "cells beyond the last column"
_WHOLE, _OPTIONAL, _REAL = ("sample_rate", "channels"), ("nominal_bps", "entropy_bps"), ("mean", "ci95")


def read_published(path: Path) -> list[PublishedScore]:
    """Every score of a published table, or of all tables in a folder (``results`` or ``results/published``).

    Raises:
        DatasetError: no table there, or one with faults; all of them.
    """
    files = published_below(path) if path.is_dir() else [path]
    if not files:
        raise DatasetError(f"{path}: expected published tables (CSV with a JSON file beside it), but there is none.")
    read = [_read(file) for file in files]
    if problems := [problem for _, found in read for problem in found]:
        raise DatasetError("\n".join(map(str, problems)))
    return [score for scores, _ in read for score in scores]


def read_source(path: Path) -> PublishedSource:
    """Where the published table in the CSV file ``path`` is from.

    Raises:
        DatasetError: its JSON file is not there, or lacks something.
    """
    source, problems = _source(path)
    if source is None or problems:
        raise DatasetError("\n".join(map(str, problems)))
    return source


def published_problems(path: Path) -> list[Problem]:
    """What is wrong with a published table and the file about it."""
    return _read(path)[1]


def _read(path: Path) -> tuple[list[PublishedScore], list[Problem]]:
    source, problems = _source(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, restkey=_BEYOND)
            columns = tuple(rows.fieldnames or ())
            lines = list(rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [], [*problems, Problem(str(path), "it cannot be read", "a CSV file", str(error), "Save it as UTF-8.")]
    if columns != COLUMNS:
        got, expected = ", ".join(columns), ", ".join(COLUMNS)
        return [], [*problems, Problem(str(path), "wrong columns", expected, got, "Write them in this order.")]
    scores = []
    cells: dict[tuple[object, ...], int] = {}
    for number, line in enumerate(lines, start=2):
        score, found = _score(f"{path}, line {number}", line, path.stem, source.citation if source else "")
        problems += found
        if score is None:
            continue
        cell = (score.table, score.set, score.codec, score.label, score.nominal_bps)
        if cell in cells:
            got = f"the cell of line {cells[cell]}"
            problems.append(Problem(f"{path}, line {number}", "a cell is there twice", "once", got, "Remove one."))
        cells[cell] = number
        scores.append(score)
    if not scores and not problems:
        problems.append(Problem(str(path), "it is empty", "at least one score", "none", "Add rows, or remove it."))
    return scores, problems


def _source(path: Path) -> tuple[PublishedSource | None, list[Problem]]:
    about = path.with_suffix(".json")
    wanted = {field.name: field.type for field in fields(PublishedSource)}
    remedy = f"It holds {', '.join(wanted)}."
    try:
        data = parse_json(about.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return None, [Problem(str(about), "it cannot be read", "the source of a table", str(error), remedy)]
    got = sorted(data) if isinstance(data, dict) else [type(data).__name__]
    if set(got) != set(wanted):
        return None, [Problem(str(about), "wrong keys", ", ".join(sorted(wanted)), ", ".join(got), remedy)]
    kinds = {"tuple[str, ...]": list, "int": int}
    wrong = [name for name, kind in wanted.items() if not isinstance(data[name], kinds.get(str(kind), str))]
    wrong += [] if "authors" in wrong or all(isinstance(one, str) for one in data["authors"]) else ["authors"]
    empty = [name for name, value in data.items() if value in ("", [])]
    problems = [
        Problem(f"{about}, {name}", "no value of the right type", str(wanted[name]), repr(data[name]), remedy)
        for name in dict.fromkeys([*wrong, *empty])
    ]
    for key, value in (("kind", "published"), ("measure", "mushra"), ("source", path.stem)):
        if data[key] != value:
            problems.append(Problem(f"{about}, {key}", "another value", value, repr(data[key]), remedy))
    if wrong:
        return None, problems
    return PublishedSource(**{**data, "authors": tuple(data["authors"])}), problems


def _score(where: str, line: dict[str, Any], source: str, citation: str) -> tuple[PublishedScore | None, list[Problem]]:
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name in COLUMNS:
        text = line[name] if isinstance(line[name], str) else ""
        try:
            values[name] = _value(name, text)
        except ValueError:
            expected = "a number" + (" or nothing" if name in _OPTIONAL else "")
            if name not in (*_WHOLE, *_OPTIONAL, *_REAL):
                expected = "a text"
            problems.append(Problem(f"{where}, {name}", "it cannot be read", expected, repr(text), "Correct the cell."))
    if more := line.get(_BEYOND):
        problems.append(Problem(where, "too many cells", f"{len(COLUMNS)}", str(more), "Quote texts with commas."))
    if problems:
        return None, problems
    score = PublishedScore(source=source, citation=citation, **values)
    return score, _problems_of(where, score)


def _value(name: str, text: str) -> Any:
    if name in _OPTIONAL:
        return int(text) if text else None
    if name in _WHOLE:
        return int(text)
    if name in _REAL:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(text)
        return value
    if not text:
        raise ValueError(text)
    return text


def _problems_of(where: str, score: PublishedScore) -> list[Problem]:
    known = {entry.name for entry in codecs.TABLE}
    limits: dict[str, tuple[bool, str]] = {
        "category": (score.category in CATEGORIES, f"one of {', '.join(CATEGORIES)}"),
        "role": (score.role in get_args(Role), f"one of {', '.join(get_args(Role))}"),
        "mean": (0 <= score.mean <= 100, "0 to 100"),
        "ci95": (0 <= score.ci95 <= 100, "0 to 100"),
        "channels": (score.channels in (1, 2), "1 or 2"),
        "sample_rate": (score.sample_rate > 0, "more than 0"),
        "nominal_bps": ((score.nominal_bps is None) == (score.role == "control"), "a rate, but of controls"),
        "entropy_bps": (
            score.entropy_bps is None or 0 < score.entropy_bps <= (score.nominal_bps or 0), "at most nominal_bps",
        ),
        "codec": (score.codec in known, f"a codec of ours.{nearest(score.codec, known)}"),
    }  # fmt: skip
    return [
        Problem(f"{where}, {name}", "another value", expected, repr(getattr(score, name)), "Compare with the source.")
        for name, (right, expected) in limits.items()
        if not right
    ]
