"""What every importer is told and gives."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from bench.domain import Category
from bench.errors import ConfigError, DatasetError

Row = dict[str, Any]
"""Some of RATING_COLUMNS; what is missing is unknown."""


class Imported(NamedTuple):
    """Ratings, and sentences about what was left out or guessed."""

    ratings: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What a file does not say itself.

    Attributes:
        test: name of the test.
        category: of all clips.
        roles: condition to role, where it is not the one that the format suggests.
        training: trials that were training.
        pattern: regular expression with the groups ``condition`` and ``clip``, for names of files or samples.
        score: the column with the score, where there are several.
    """

    test: str
    category: Category = "speech"
    roles: Mapping[str, str] = field(default_factory=dict)
    training: tuple[str, ...] = ()
    pattern: str = ""
    score: str = ""

    def parts(self, name: str) -> tuple[str, str]:
        """``(condition, clip)`` by the pattern; without one, the name and nothing."""
        if not self.pattern:
            return name, ""
        try:
            expression = re.compile(self.pattern)
        except re.error as error:
            raise ConfigError(f"--pattern {self.pattern!r}: no regular expression ({error}).") from None
        if "condition" not in expression.groupindex:
            raise ConfigError(
                f"--pattern {self.pattern!r}: expected a group (?P<condition>...), perhaps also (?P<clip>...)."
            )
        found = expression.search(name)
        if found is None:
            raise DatasetError(
                f"--pattern {self.pattern!r}: expected it to fit every name, but it does not fit {name!r}."
            )
        parts = found.groupdict()
        return parts["condition"] or "", parts.get("clip") or ""


def lines_of(text: str, format_: str) -> list[list[str]]:
    """Lines of a CSV that are not empty; a cell in quotes may hold ends of lines.

    Raises:
        DatasetError: what is no CSV.
    """
    try:
        return [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    except csv.Error as error:
        raise DatasetError(f"{format_}: expected a file that can be read as CSV ({error}).") from None


def table(text: str, format_: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """Lines of a CSV with a header.

    Raises:
        DatasetError: a column of ``needed`` is missing, or a line has another number of cells than the header.
    """
    lines = lines_of(text, format_)
    header = lines[0] if lines else []
    missing = [name for name in needed if name not in header]
    if missing:
        raise DatasetError(f"{format_}: expected a CSV with the columns {', '.join(needed)}; no {', '.join(missing)}.")
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            raise DatasetError(
                f"{format_}, row {number}: expected {len(header)} cells as in the header, got {len(line)}."
            )
    return [dict(zip(header, line, strict=True)) for line in lines[1:]]


def number(text: object, where: str, low: float = 0.0, high: float = 100.0) -> float:
    """A score within the scale.

    Raises:
        DatasetError: it is no number, or off the scale.
    """
    try:
        value = float(str(text))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise DatasetError(f"{where}: expected a score from {low:g} to {high:g}, got {text!r}.")
    return value


def seconds(value: object, where: str, per_second: float = 1.0) -> float | None:
    """A time in seconds; None where there is none.

    Raises:
        DatasetError: it is no number, or negative.
    """
    if value is None or not str(value).strip():
        return None
    try:
        found = float(str(value)) / per_second
    except ValueError:
        found = float("nan")
    if not 0 <= found < float("inf"):
        raise DatasetError(f"{where}: expected a time of 0 or more, got {value!r}.")
    return found


class Pseudonyms:
    """Numbers people in the order they come: names and addresses of a file do not get into the ratings."""

    def __init__(self) -> None:
        self._known: dict[object, str] = {}

    def __call__(self, person: object) -> str:
        return self._known.setdefault(person, f"listener-{len(self._known) + 1:03d}")
