"""What ratings from elsewhere call a clip or a condition, and what a run calls it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import ConfigError
from bench.registry import nearest

COLUMNS = ("kind", "ratings", "run")


@dataclass(frozen=True, slots=True)
class Names:
    """Name in the ratings to name in the run; what is not there is called the same."""

    clips: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)


def read_names(path: Path) -> Names:
    """The names in a CSV with the columns ``kind`` (``clip`` or ``condition``), ``ratings`` and ``run``.

    Raises:
        ConfigError: it cannot be read, is of another shape, or names something twice.
    """
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigError(
            f"--names {path}: cannot be read as text in UTF-8 ({error}). Save it as CSV in UTF-8."
        ) from None
    found: dict[str, dict[str, str]] = {"clip": {}, "condition": {}}
    for number, line in enumerate(lines, 2):
        kind, name, there = (line.get(column) or "" for column in COLUMNS)
        if kind not in found or not name or not there:
            raise ConfigError(
                f"--names {path}, row {number}: expected the columns {', '.join(COLUMNS)}, kind being clip or "
                f"condition, and both names; got {', '.join(map(repr, line.values())) or 'nothing'}."
            )
        if name in found[kind]:
            raise ConfigError(
                f"--names {path}, row {number}: expected each name once, but {kind} {name!r} stands there again. "
                "Remove one of the rows."
            )
        found[kind][name] = there
    return Names(found["clip"], found["condition"])


def check_names(names: Names, rated: Mapping[str, Collection[str]], measured: Mapping[str, Collection[str]]) -> None:
    """Raise ConfigError for every name that neither the ratings nor the runs have.

    Args:
        rated, measured: names in the ratings and in the runs, under ``clip`` and ``condition``.
    """
    problems = []
    for kind, pairs in (("clip", names.clips), ("condition", names.conditions)):
        for name, there in pairs.items():
            if name not in rated[kind]:
                problems.append(f"--names: the ratings have no {kind} {name!r}.{nearest(name, rated[kind])}")
            if there not in measured[kind]:
                problems.append(f"--names: the runs have no {kind} {there!r}.{nearest(there, measured[kind])}")
    if problems:
        raise ConfigError(problems)
