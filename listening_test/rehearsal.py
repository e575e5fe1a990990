"""Simulated listeners who go through real sessions: invited, set up, played to, rating and submitting like anybody.

They know a sound by its samples alone, as served behind an opaque slot: a rehearsal therefore also shows that every
slot plays what the store says it does. The ratings are marked as simulated by the store.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.errors import StoreError
from listening_test.model import Stimulus, Test, Trial
from listening_test.session import BlindTrial, Event, Sessions, Visit
from listening_test.session.wav import shape_of, slot_wav
from listening_test.simulate import (
    Panel,
    Person,
    category_score,
    heard,
    mushra_scores,
    person,
    prefers,
    right_of_abx,
)

ANSWERS: Mapping[str, Mapping[str, object]] = {
    "consent": {"agreed": True},
    "device": {"kind": "simulated"},
    "level": {"gain_db": 0.0},
}
"""What a simulated listener says where there is no trial; nothing elsewhere."""


class Ear:
    """Knows every sound of a test by the hash of its samples."""

    def __init__(self, test: Test, folder: Path) -> None:
        self._known: list[tuple[Trial, dict[str, Stimulus]]] = []
        for trial in test.trials:
            shape = shape_of(folder, trial)
            sounds = {fingerprint(slot_wav(folder, one, shape, "")): one for one in trial.sounds}
            self._known.append((trial, sounds))

    def recognise(self, sounds: Mapping[str, bytes]) -> tuple[Trial, dict[str, Stimulus]]:
        """The trial that has all of ``sounds`` (slot to WAV), and what each slot plays.

        The hidden reference sounds like the open one; where both could be meant it is the hidden one.

        Raises:
            StoreError: no trial of the test has them.
        """
        prints = {slot: fingerprint(sound) for slot, sound in sounds.items()}
        for trial, known in self._known:
            if set(prints.values()) <= set(known):
                return trial, {slot: known[print_] for slot, print_ in prints.items()}
        raise StoreError(
            f"rehearsal: expected sounds of one trial of the test, got others behind {', '.join(sounds)}. Build the "
            "test again: codecbench listen build"
        )


def fingerprint(sound: bytes) -> str:
    """Hash of the samples of a WAV file, whatever else it holds."""
    place = sound.index(b"data", 12)
    return hashlib.sha256(sound[place + 8 :]).hexdigest()


def rehearse(
    sessions: Sessions,
    folder: Path,
    listeners: int,
    seed: int,
    panel: Panel | None = None,
    told: Callable[[int, int], None] | None = None,
) -> None:
    """Invite ``listeners`` simulated people and let each take the whole test.

    Args:
        sessions: of the test; the invitations are made here, marked as simulated.
        folder: of the test.
        listeners: how many.
        seed: the same numbers give the same ratings of the same orders.
        panel: who they are.
        told: called with listeners done and all.

    Raises:
        ConfigError: fewer than one listener, or more than can be invited at a time.
    """
    chosen, ear = panel or Panel(), Ear(sessions.test, folder)
    for number, token in enumerate(sessions.invite(listeners, note="simulated", simulated=True), 1):
        visit = sessions.open(token, f"simulated {number}")
        who, random = person(chosen, seed, number), np.random.default_rng([seed, number, 1])
        _take(sessions, visit, ear, chosen, who, seed, random)
        if told:
            told(number, listeners)


def _take(
    sessions: Sessions, visit: Visit, ear: Ear, panel: Panel, who: Person, seed: int, random: np.random.Generator
) -> None:
    events = Counter[str]()
    while (step := visit.step).kind != "thanks":
        if step.kind not in ("training", "trial"):
            visit.answer(step.kind, ANSWERS.get(step.kind, {}))
            continue
        blind = visit.trial
        slots = [slot for slot in (blind.reference, *blind.slots) if slot]
        trial, stimuli = ear.recognise({slot: sessions.audio(slot) for slot in slots})
        qualities = {
            slot: heard(panel, who, stimuli[slot], trial.clip, seed, random)
            for slot in sorted(blind.slots, key=slots.index)
        }
        answers = _answers(sessions.test, blind, qualities, stimuli, random)
        visit.record(_events(blind, slots, answers, events, random))
        visit.submit(blind.id)


def _answers(
    test: Test,
    blind: BlindTrial,
    qualities: Mapping[str, float],
    stimuli: Mapping[str, Stimulus],
    random: np.random.Generator,
) -> list[tuple[str, str, float | None]]:
    """Kind, slot and value of the events that answer a trial."""
    slots = list(blind.slots)
    if blind.type == "mushra":
        scores = mushra_scores([qualities[slot] for slot in slots], test.rules.needs_a_hundred)
        return [("rate", slot, float(score)) for slot, score in zip(slots, scores, strict=True)]
    if blind.type in ("acr", "dcr"):
        return [("rate", slot, float(category_score(qualities[slot]))) for slot in slots]
    first, second = slots[:2]
    if blind.type == "ab":
        return [("choose", first if prefers(qualities[first], qualities[second], random) else second, None)]
    hidden, other = (first, second) if stimuli[slots[2]] == stimuli[first] else (second, first)
    right = right_of_abx(qualities[first], qualities[second], random)
    return [("choose", hidden if right else other, None)]


def _events(
    blind: BlindTrial,
    slots: list[str],
    answers: list[tuple[str, str, float | None]],
    counted: Counter[str],
    random: np.random.Generator,
) -> list[Event]:
    """Everything is played once or more, then the answers are given."""
    played: list[tuple[str, str, float | None]] = []
    for slot in slots:
        played += [("play", slot, None)] * int(random.integers(1, 4))
    clock, found = 0.0, []
    for kind, slot, value in [*played, *answers, ("stop", "", None)]:
        counted["event"] += 1
        found.append(Event(f"simulated-{counted['event']}", kind, clock, blind.id, slot, value))
        clock += 1000 * float(random.uniform(0.4, 1.0)) * blind.seconds
    return found
