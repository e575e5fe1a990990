"""What a session gives and takes: events, steps, blind trials. None of it names a condition, a clip or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from listening_test.model import TestType

StepKind = Literal[
    "consent", "questionnaire_before", "device", "level", "headphones", "training", "trial", "break",
    "questionnaire_after", "thanks",
]  # fmt: skip

HEARD = ("play", "switch")
"""Kinds of events that let a slot sound."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the browser.

    Attributes:
        id: made by the client, unique in the session; an event that comes twice is saved once.
        kind: lower-case word: ``play``, ``switch`` (both let ``slot`` sound), ``stop``, ``rate`` (``slot``, ``value``),
            ``choose`` (ABX, AB: ``slot`` is the answer), ``loop``, ``seek``, ``level``, ``blur`` or any other.
        ms: the client's clock in milliseconds.
        trial: id of the BlindTrial; empty outside of trials.
        slot: id of the slot; empty where none is meant.
        value: the score of ``rate``; of others what fits.
        detail: anything more, as JSON, at most 20 000 characters.
    """

    id: str
    kind: str
    ms: float
    trial: str = ""
    slot: str = ""
    value: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a listener is. ``number`` of ``total`` counts trials (of training: training trials; else 0 of 0).

    ``payload``: ``questionnaire_*``: ``items`` (the questions of ``Test.questionnaire`` whose ``when`` is ``before``,
    the default, or ``after``); ``device``: nothing; ``level``: ``range_db``; ``headphones``: ``check``
    (``stereo`` or ``antiphase``); ``training``, ``trial``: ``trial`` (id of the BlindTrial); ``break``: ``done``,
    ``left`` (trials); ``thanks``: ``listener`` (the pseudonym).
    """

    kind: StepKind
    number: int = 0
    total: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlindTrial:
    """A trial as a listener may know it. ``id`` and slots are random, of this listener and this trial alone.

    Attributes:
        id: goes with every event of this trial and into ``Visit.submit``.
        type: type of the test.
        training: whether it is training, never counted.
        number, total: as in Step.
        reference: slot of the open reference; empty for ACR, ABX and AB.
        slots: MUSHRA, ACR, DCR: what is to rate; AB: the two; ABX: A, B and X. In the recorded order.
        letters: what to call them: A, B, C, ...; in ABX A, B, X.
        seconds: duration of every slot.
        scores: slot to score, as saved so far.
        plays: slot (the reference, too) to how often it was played.
        choice: the slot chosen in ABX and AB; empty where none is.
        question: text of the rules; empty for the usual one of the type.
    """

    id: str
    type: TestType
    training: bool
    number: int
    total: int
    reference: str
    slots: tuple[str, ...]
    letters: tuple[str, ...]
    seconds: float
    scores: Mapping[str, float]
    plays: Mapping[str, int]
    choice: str
    question: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of events: ``saved`` anew, ``known`` before, ``late`` (saved; its trial was submitted)."""

    saved: int
    known: int
    late: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """A trial that is submitted. ``again``: it had been before, and nothing changed."""

    trial: str
    again: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """One invitation on the experimenter's page. Times are UTC, ISO 8601, empty where it did not happen.

    ``status``: ``invited``, ``running``, ``finished`` or ``withdrawn`` (a tombstone: all else is empty).
    """

    listener: str
    status: Literal["invited", "running", "finished", "withdrawn"]
    note: str
    simulated: bool
    block: int | None
    training_done: int
    trials_done: int
    trials: int
    created: str
    started: str
    last_seen: str
    finished: str
