"""The check of the device: where tones are heard, or which of three is the quietest."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import streamlit as st

from listening_test.player import Page, Scale
from listening_test.screens import serving
from listening_test.screens.events import record
from listening_test.screens.frame import Place, go_on
from listening_test.screens.playing import beating, play, sound, texts
from listening_test.screens.tones import ATTEMPTS, ENOUGH, PLACES, ROUNDS, Round, rounds
from listening_test.session import Step

Check = Literal["stereo", "antiphase"]
SEED_BITS = 53
"""As many as JSON keeps in every program."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the check is: saved after every click, and all else follows from it.

    Attributes:
        seed: of the questions; the browser does not know it.
        answers: of all attempts, in their order.
        choice: the answer that is marked, but not given yet.
    """

    check: Check
    seed: int
    answers: tuple[int, ...] = ()
    choice: int | None = None

    @property
    def attempt(self) -> int:
        """Attempts that are over."""
        return len(self.answers) // ROUNDS[self.check]

    @property
    def number(self) -> int:
        """Questions of this attempt that are answered."""
        return len(self.answers) % ROUNDS[self.check]

    @property
    def question(self) -> Round:
        """What is asked."""
        return self._questions(self.attempt)[self.number]

    def right(self, attempt: int) -> int:
        """Questions that were answered right in an attempt that is over."""
        questions = self._questions(attempt)
        given = self.answers[attempt * len(questions) :]
        return sum(answer == one.right for answer, one in zip(given, questions, strict=False))

    def answered(self, choice: int) -> Progress:
        """After one more answer."""
        return replace(self, answers=(*self.answers, choice), choice=None)

    def result(self) -> dict[str, Any] | None:
        """What is saved of the check, when it is over: an attempt was good enough, or there are no more."""
        if not self.attempt or self.number:
            return None
        right = self.right(self.attempt - 1)
        passed = right >= ENOUGH[self.check]
        if not passed and self.attempt < ATTEMPTS:
            return None
        failed = self.attempt - passed
        total = ROUNDS[self.check]
        return {
            "check": self.check, "passed": passed, "right": right, "total": total, "failed_attempts": failed
        }  # fmt: skip

    def _questions(self, attempt: int) -> list[Round]:
        return rounds(self.check, np.random.default_rng([self.seed, attempt]))


def show(place: Place, step: Step) -> None:
    """One question after the other; whoever fails twice goes on, and it is saved with the answer."""
    loudspeakers = place.visit.answers.get("device", {}).get("kind") == "loudspeakers"
    check: Check = "stereo" if loudspeakers else step.payload["check"]
    progress = _progress(place, check)
    t = place.texts
    st.header(t("headphones_title"), anchor=False)
    st.markdown(t(f"{check}_text"))
    if progress.attempt and not progress.number:
        st.warning(t("headphones_wrong"))
    st.caption(t("headphones_round", number=progress.number + 1, total=ROUNDS[check]))
    page_id = place.page(f"headphones {len(progress.answers)}")
    if st.session_state.get("check page") != page_id:
        st.session_state["check page"] = page_id
        st.session_state["check slots"] = [serving.check_sound(tone) for tone in progress.question.tones]
    slots: list[str] = st.session_state["check slots"]
    beating(lambda: _ask(place, check, page_id, slots))


def _progress(place: Place, check: Check) -> Progress:
    """How far this check is; asking tells this tab, too, when the session goes on in another."""
    saved = place.visit.answers.get("headphones_so_far", {})
    if saved.get("check") != check:
        return _saved(place, Progress(check, secrets.randbits(SEED_BITS)))
    return Progress(check, saved["seed"], tuple(saved["answers"]), saved["choice"])


def _saved(place: Place, progress: Progress) -> Progress:
    place.visit.answer("headphones_so_far", asdict(progress))
    return progress


def _ask(place: Place, check: Check, page_id: str, slots: Sequence[str]) -> None:
    t = place.texts
    letters = ["1"] if check == "stereo" else list("ABC")
    labels = [t(name) for name in PLACES] if check == "stereo" else [t("tone", letter=x) for x in letters]
    unanswered = f"unanswered {page_id}"

    def save(sent: Sequence[dict[str, Any]]) -> None:
        record(place.visit, sent)
        progress = _progress(place, check)
        chosen = [
            one["value"] for one in sent if one.get("kind") == "choose" and one.get("value") in range(len(labels))
        ]
        choice = int(chosen[-1]) if chosen else progress.choice
        submitted = any(one.get("kind") == "submit" for one in sent)
        if choice is not None and submitted:
            _take(place, progress.answered(choice))
            go_on(page_id)
        st.session_state[unanswered] = submitted
        if chosen:
            _saved(place, replace(progress, choice=choice))

    def page() -> Page:
        answers = place.visit.answers
        return Page(
            trial=page_id,
            slots=[sound(slot, letter) for slot, letter in zip(slots, letters, strict=True)],
            scale=Scale("choice", options=tuple(enumerate(labels))),
            texts=texts(place, question=t(f"{check}_question"), submit=t("headphones_submit")),
            level_db=float(answers["level"].get("gain_db") or 0.0),
            choice=_progress(place, check).choice,
            messages=[t("no_answer")] if st.session_state.get(unanswered) else (),
        )

    play(page_id, save, page)


def _take(place: Place, progress: Progress) -> None:
    """Save an answer; at the end of the check how it went."""
    result = progress.result()
    if result is None:
        _saved(place, progress)
    else:
        place.visit.answer("headphones", result)
