"""Rows as the use cases see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SlotKind = Literal["reference", "rated", "x"]


@dataclass(frozen=True, slots=True)
class Slot:
    """What sounds behind an opaque id: ``stimulus`` is an index of ``Trial.stimuli``, or OPEN_REFERENCE."""

    id: str
    stimulus: int
    kind: SlotKind
    position: int
    plays: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A trial of one session; ``position`` counts from 1 in the order drawn."""

    id: str
    trial: str
    position: int
    training: bool
    opened: str | None = None
    submitted: str | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """The last score of a stimulus. For ABX and AB ``slot`` is the one chosen."""

    stimulus: int
    slot: str
    score: float


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of the event log."""

    client_id: str
    kind: str
    ms: float
    page: str | None = None
    slot: str | None = None
    value: float | None = None
    detail: Mapping[str, Any] | None = None
