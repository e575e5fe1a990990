"""What the experimenter should look at while people listen: doubtful ratings, and how many listeners will count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Row = TypeVar("Row")

REHEARSAL = "All of these listeners are simulated: this is a rehearsal."
FAST_S = 2.0
ALIKE = 2.0
"""Scores of a trial that lie within so many points, the best left aside, are a straight line."""
ORDER = ("low_anchor", "mid_anchor", "hidden_reference")


@dataclass(frozen=True, slots=True)
class Flag:
    """In how many of a listener's trials something looks wrong."""

    listener: str
    what: str
    trials: int
    of: int


def flags(rows: Iterable[Mapping[str, Any]]) -> list[Flag]:
    """Doubtful trials of each listener; training is left aside.

    Args:
        rows: ratings with RATING_COLUMNS.
    """
    trials: dict[str, dict[tuple[str, int], list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if not row["training"]:
            trials[row["listener"]][row["trial"], row["replicate"]].append(row)
    found = []
    for listener, own in sorted(trials.items()):
        for what, wrong in CHECKS.items():
            count = sum(wrong(trial) for trial in own.values())
            if count:
                found.append(Flag(listener, what, count, len(own)))
    return found


def people_or_rehearsal(rows: Sequence[Row], simulated: Callable[[Row], bool]) -> tuple[list[Row], bool]:
    """The rows of people; where there are none, those of simulated listeners, and whether it is they."""
    people = [row for row in rows if not simulated(row)]
    return (people, False) if people else (list(rows), bool(rows))


def never_played(trial: Sequence[Mapping[str, Any]]) -> bool:
    """Something was rated that never sounded."""
    return any(row["plays"] == 0 for row in trial)


def too_fast(trial: Sequence[Mapping[str, Any]]) -> bool:
    """Something was rated after less than FAST_S of listening."""
    return any(row["listened_s"] < FAST_S for row in trial)


def straight_line(trial: Sequence[Mapping[str, Any]]) -> bool:
    """All but the best are rated alike, in MUSHRA with three stimuli or more."""
    scores = sorted(row["score"] for row in trial)[:-1]
    return trial[0]["test_type"] == "mushra" and len(scores) > 1 and scores[-1] - scores[0] <= ALIKE


def reversed_anchors(trial: Sequence[Mapping[str, Any]]) -> bool:
    """An anchor is rated above a better one, or above the hidden reference."""
    scores = {row["role"]: row["score"] for row in trial}
    there = [scores[role] for role in ORDER if role in scores]
    return there != sorted(there)


CHECKS = {
    "rated without playing": never_played,
    f"rated after less than {FAST_S:g} s of listening": too_fast,
    "straight line": straight_line,
    "anchors reversed": reversed_anchors,
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """Listeners who will count. ``valid`` of ``finished`` passed the screening; the rest is expected."""

    finished: int
    valid: int
    running: int
    invited: int

    @property
    def share(self) -> float:
        """Expected share of valid listeners: the rule of succession, (valid + 1) / (finished + 2)."""
        return (self.valid + 1) / (self.finished + 2)

    @property
    def with_running(self) -> float:
        """Valid listeners when all who began have finished."""
        return self.valid + self.share * self.running

    @property
    def with_invited(self) -> float:
        """Valid listeners when all who were invited have finished."""
        return self.with_running + self.share * self.invited


def forecast(statuses: Mapping[str, str], excluded: Iterable[str]) -> Forecast:
    """The forecast from each listener's status and those whom the screening leaves out so far."""
    out = set(excluded)
    people = {status: [name for name, one in statuses.items() if one == status] for status in set(statuses.values())}
    finished = people.get("finished", [])
    valid = [name for name in finished if name not in out]
    return Forecast(len(finished), len(valid), len(people.get("running", [])), len(people.get("invited", [])))
