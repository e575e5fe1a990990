"""Which trials a listener gets, in which order, and what sounds behind each slot. Drawn once, then kept in the store.

Orders follow from the seed of the test and the number of the session alone. The ids are random and follow from
nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import numpy as np

from listening_test.model import OPEN_REFERENCE, Test, TestType, Trial, pair
from listening_test.mushra import CHOICES
from listening_test.ratings.rows import Page, Slot, SlotKind

ID_BYTES = 18
WITH_REFERENCE: tuple[TestType, ...] = ("mushra", "dcr")


def least_filled(test: Test, filled: Mapping[int, int], number: int) -> int:
    """The block that fewest people have; among equals the session's number and the seed decide."""
    blocks = sorted({trial.block for trial in test.counted})
    fewest = min(filled.get(block, 0) for block in blocks)
    open_blocks = [block for block in blocks if filled.get(block, 0) == fewest]
    return open_blocks[int(np.random.default_rng([test.seed, number, 1]).integers(len(open_blocks)))]


def draw(test: Test, number: int, block: int) -> list[tuple[Page, list[Slot]]]:
    """Pages and slots of a session: training in its written order, then the trials of the block, shuffled."""
    random = np.random.default_rng([test.seed, number])
    counted = [trial for trial in test.counted if trial.block == block]
    trials = [*test.training, *(counted[index] for index in random.permutation(len(counted)))]
    return [
        (Page(_id(), trial.id, position, trial.training), _slots(test.rules.type, trial, random))
        for position, trial in enumerate(trials, 1)
    ]


def letters(type_: TestType, count: int) -> tuple[str, ...]:
    """What the slots are called, in their order."""
    return ("A", "B", "X") if type_ == "abx" else tuple(chr(ord("A") + index) for index in range(count))


def _slots(type_: TestType, trial: Trial, random: np.random.Generator) -> list[Slot]:
    kinds: list[tuple[int, SlotKind]] = [(OPEN_REFERENCE, "reference")] if type_ in WITH_REFERENCE else []
    rated = list(pair(trial)) if type_ in CHOICES else list(range(len(trial.stimuli)))
    kinds += [(rated[index], "rated") for index in random.permutation(len(rated))]
    if type_ == "abx":
        kinds.append((rated[int(random.integers(2))], "x"))
    start = 0 if type_ in WITH_REFERENCE else 1
    return [Slot(_id(), stimulus, kind, position) for position, (stimulus, kind) in enumerate(kinds, start)]


def _id() -> str:
    return secrets.token_urlsafe(ID_BYTES)
