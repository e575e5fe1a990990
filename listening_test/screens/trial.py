"""A trial, of training or counted: the player, what it sends, and submitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from listening_test.player import ANNOYANCE, QUALITY, Page, Scale
from listening_test.screens.events import record
from listening_test.screens.frame import LOW, WIDE, Place, go_on, plain
from listening_test.screens.playing import bands, beating, play, sound, texts
from listening_test.session import BlindTrial, NotComplete, Step

CORRECTIONS = ("play", "switch", "rate", "choose")
"""Kinds of events after which a complaint about what is missing may be wrong."""


def show(place: Place, step: Step) -> None:
    """The trial of the step."""
    t = place.texts
    st.html(WIDE + LOW)
    st.header(t(f"{step.kind}_title", number=step.number, total=step.total), anchor=False)
    if step.kind == "training":
        st.badge(t("training_badge"), color="orange")
        st.info(t("training_text"))
    else:
        st.progress((step.number - 1) / step.total)
    first = place.test.training or place.test.counted
    with st.expander(t("how"), expanded=step.number == 1 and first[0].training == (step.kind == "training")):
        st.markdown(t(f"instructions_{place.test.rules.type}"))
    st.markdown(f"**{plain(place.test.rules.question) or t(f'question_{place.test.rules.type}')}**")
    shown = step.payload["trial"]
    level_db = float(place.visit.answers["level"].get("gain_db") or 0.0)  # it does not change within a trial
    beating(lambda: _rate(place, shown, level_db))


def _rate(place: Place, shown: str, level_db: float) -> None:
    trial = place.visit.trial
    if trial.id != shown:
        st.rerun()
    missing = f"missing {shown}"

    def save(sent: Sequence[dict[str, Any]]) -> None:
        record(place.visit, sent, shown)
        if any(one.get("kind") in CORRECTIONS for one in sent):
            st.session_state.pop(missing, None)  # the listener is at it; the next submit looks again
        if any(one.get("kind") == "submit" for one in sent):
            try:
                place.visit.submit(shown)
            except NotComplete as problems:
                st.session_state[missing] = said(problems, trial, place)
            else:
                go_on(shown)

    play(shown, save, lambda: _page(place, trial, level_db, st.session_state.get(missing, ())))


def _page(place: Place, trial: BlindTrial, level_db: float, messages: Sequence[str]) -> Page:
    return Page(
        trial=trial.id,
        slots=[sound(slot, x, trial.scores.get(slot)) for slot, x in zip(trial.slots, trial.letters, strict=True)],
        scale=scale(trial, place),
        texts=texts(place, question=trial.question or place.texts(f"question_{trial.type}")),
        reference=sound(trial.reference, "") if trial.reference else None,
        level_db=level_db,
        choice=trial.choice or None,
        messages=messages,
    )


def scale(trial: BlindTrial, place: Place) -> Scale:
    """What is asked in a trial of this type."""
    t = place.texts
    if trial.type == "mushra":
        return Scale("sliders", 0, 100, labels=bands(place))
    if trial.type in ("acr", "dcr"):
        names = QUALITY if trial.type == "acr" else ANNOYANCE
        return Scale("options", 1, 5, options=tuple((score, t(names[score - 1])) for score in (5, 4, 3, 2, 1)))
    text = "x_is" if trial.type == "abx" else "better_is"
    options = tuple((slot, t(text, letter=x)) for slot, x in zip(trial.slots[:2], trial.letters[:2], strict=True))
    return Scale("choice", options=options)


def said(missing: NotComplete, trial: BlindTrial, place: Place) -> list[str]:
    """What keeps the trial from being submitted, in the listener's language."""
    names: Mapping[str, str] = dict(zip(trial.slots, trial.letters, strict=True)) | {
        trial.reference: place.texts("reference")
    }
    return [
        place.texts(problem.key, letters=", ".join(names[slot] for slot in problem.slots))
        for problem in missing.problems
    ]
