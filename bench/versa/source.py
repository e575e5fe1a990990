"""A file that is to be joined to a run, and everything in it that is not as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import ConfigError
from bench.registry import nearest
from bench.wording import counted, listed


@dataclass(frozen=True, slots=True)
class Source:
    """A file of VERSA. ``condition``: its keys are clip ids under that condition; None: they name the condition too."""

    path: Path
    condition: str | None = None

    @property
    def name(self) -> str:
        """Without the folder: a report is sent to others."""
        return f"{self.condition}={self.path.name}" if self.condition else self.path.name


@dataclass(slots=True)
class Tally:
    """What a file held."""

    source: Source
    lines: int = 0
    joined: int = 0
    unreadable: list[int] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    quantities: list[str] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    without_number: Counter[str] = field(default_factory=Counter)
    too_large: Counter[str] = field(default_factory=Counter)
    error_values: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    contradicting: int = 0

    def summary(self) -> str:
        """How much of it stands in the report."""
        quantities = ", ".join(self.quantities) or "no quantity"
        return f"{self.source.name}: {self.joined} of {self.lines} lines joined: {quantities}"

    def problems(self) -> Iterator[str]:
        """Everything that was left out, one sentence each."""
        told = (
            (self.unreadable, f"no JSON object with a key in {_listed('line', self.unreadable)}"),
            (self.unmatched, f"no such cell in this run for {_listed('key', self.unmatched)}"),
            (self.texts, f"no numbers, left out: {_counted(self.texts)}"),
            (self.without_number, f"null or NaN, undefined here: {_counted(self.without_number)}"),
            (self.too_large, f"too large for a measurement, undefined here: {_counted(self.too_large)}"),
            (self.error_values, f"0, VERSA's sign of a failure, failed here: {_counted(self.error_values)}"),
            (self.repeated, f"values given again that are equal: {self.repeated}"),
            (self.contradicting, f"values given again that differ, undefined here: {self.contradicting}"),
        )
        yield from (f"{self.source.name}: {what}." for found, what in told if found)


def source_of(text: str, conditions: Sequence[str]) -> Source:
    """``FILE`` or ``CONDITION=FILE``; names of conditions and of files may have ``=`` in them.

    Raises:
        ConfigError: neither.
    """
    if Path(text).is_file():
        return Source(Path(text))
    splits = [(text[:place], text[place + 1 :]) for place, letter in enumerate(text) if letter == "="]
    for condition, path in splits:
        if condition in conditions:
            if not Path(path).is_file():
                raise ConfigError(f"--with {text}: expected CONDITION=FILE, but there is no such file: {path}.")
            return Source(Path(path), condition)
    if splits:
        condition = next((left for left, right in splits if Path(right).is_file()), splits[0][0])
        raise ConfigError(
            f"--with {text}: the run has no condition {condition!r}.{nearest(condition, conditions)} "
            f"Conditions: {', '.join(conditions)}."
        )
    raise ConfigError(f"--with {text}: no such file. Expected FILE or CONDITION=FILE.")


def _listed(noun: str, items: Sequence[object]) -> str:
    return f"{counted(len(items), noun)} ({listed(items)})"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items())
