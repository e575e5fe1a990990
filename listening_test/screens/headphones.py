"""The check of the device: where tones are heard, or which of three is the quietest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import streamlit as st

from listening_test.player import Page, Scale
from listening_test.screens import serving
from listening_test.screens.events import record
from listening_test.screens.frame import Place, go_on, refusals
from listening_test.screens.playing import HEARTBEAT_S, play, sound, texts
from listening_test.screens.tones import ATTEMPTS, ENOUGH, PLACES, Round, rounds
from listening_test.session import Step

Check = Literal["stereo", "antiphase"]


@dataclass
class Progress:
    """How far the check is; a reload begins it again."""

    check: Check
    rounds: list[Round] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    slots: tuple[str, ...] = ()
    choice: int | None = None

    def begin(self) -> None:
        """Draw the questions of an attempt."""
        self.rounds, self.answers = rounds(self.check, np.random.default_rng()), []
        self.ask()

    def ask(self) -> None:
        """Make the sounds of the next question."""
        self.choice = None
        self.slots = tuple(serving.check_sound(tone) for tone in self.rounds[len(self.answers)].tones)

    @property
    def right(self) -> int:
        """Questions that were answered right in this attempt."""
        return sum(given == one.right for given, one in zip(self.answers, self.rounds, strict=False))


def show(place: Place, step: Step) -> None:
    """One question after the other; whoever fails twice goes on, and it is saved with the answer."""
    loudspeakers = place.visit.answers.get("device", {}).get("kind") == "loudspeakers"
    check: Check = "stereo" if loudspeakers else step.payload["check"]
    progress: Progress = st.session_state.setdefault("headphones", Progress(check))
    if not progress.rounds:
        progress.begin()
    t = place.texts
    st.header(t("headphones_title"))
    st.markdown(t(f"{check}_text"))
    if progress.failed and not progress.answers:
        st.warning(t("headphones_wrong"))
    st.caption(t("headphones_round", number=len(progress.answers) + 1, total=len(progress.rounds)))

    @st.fragment(run_every=HEARTBEAT_S)
    def ask() -> None:
        with refusals():
            _ask(place, progress)

    ask()


def _ask(place: Place, progress: Progress) -> None:
    t = place.texts
    _ = place.visit.step  # tells this tab when the session goes on in another
    letters = ["1"] if progress.check == "stereo" else list("ABC")
    labels = [t(name) for name in PLACES] if progress.check == "stereo" else [t("tone", letter=x) for x in letters]

    def save(sent: Sequence[dict[str, Any]]) -> None:
        record(place.visit, sent)
        for one in sent:
            if one.get("kind") == "choose" and one.get("value") in range(len(labels)):
                progress.choice = one["value"]
        if progress.choice is not None and any(one.get("kind") == "submit" for one in sent):
            page_id = progress.slots[0]
            _take(place, progress, progress.choice)
            go_on(page_id)

    page = Page(
        trial=progress.slots[0],
        sounds=[sound(slot, letter) for slot, letter in zip(progress.slots, letters, strict=True)],
        scale=Scale("choice", options=tuple(enumerate(labels))),
        texts=texts(place, question=t(f"{progress.check}_question"), submit=t("headphones_submit")),
        level_db=float(place.visit.answers["level"].get("gain_db") or 0.0),
        choice=progress.choice,
    )
    play(page.trial, save, lambda: page)


def _take(place: Place, progress: Progress, choice: int) -> None:
    """Take the answer to a question; at the end of an attempt begin another or save how it went."""
    progress.answers.append(choice)
    if len(progress.answers) < len(progress.rounds):
        progress.ask()
        return
    passed = progress.right >= ENOUGH[progress.check]
    if not passed:
        progress.failed.append(progress.right)
        if len(progress.failed) < ATTEMPTS:
            progress.begin()
            return
    values = {
        "check": progress.check,
        "passed": passed,
        "right": progress.right,
        "total": len(progress.rounds),
        "failed_attempts": len(progress.failed),
    }
    place.visit.answer("headphones", values)
    del st.session_state["headphones"]
