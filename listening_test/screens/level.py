"""The page where the listener sets the level: once, before the first trial, within the range of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from listening_test.player import Page, Scale
from listening_test.screens import serving
from listening_test.screens.events import record
from listening_test.screens.frame import Place, go_on, refusals
from listening_test.screens.playing import HEARTBEAT_S, play, sound, texts
from listening_test.session import BadAnswer, Step


def show(place: Place, step: Step) -> None:
    """A recording of the test, and a slider of some dB (ITU-R BS.1534-3, listening level: +-4 dB)."""
    st.header(place.texts("level_title"))
    st.markdown(place.texts("level_text"))
    if "level slot" not in st.session_state:
        st.session_state["level slot"] = serving.check_sound(None)
    slot = st.session_state["level slot"]

    @st.fragment(run_every=HEARTBEAT_S)
    def adjust() -> None:
        with refusals():
            _adjust(place, slot, float(step.payload["range_db"]))

    adjust()


def _adjust(place: Place, slot: str, range_db: float) -> None:
    t = place.texts
    _ = place.visit.step  # tells this tab when the session goes on in another

    def save(sent: Sequence[dict[str, Any]]) -> None:
        record(place.visit, sent)
        for one in sent:
            if one.get("kind") == "level":
                st.session_state["level"] = one.get("value")
        if any(one.get("kind") == "submit" for one in sent):
            try:
                place.visit.answer("level", {"gain_db": st.session_state.get("level", 0.0)})
            except BadAnswer:
                st.session_state["level"] = 0.0
                return
            go_on(slot)

    page = Page(
        trial=slot,
        sounds=[sound(slot, "1")],
        scale=Scale("level", -range_db, range_db),
        texts=texts(place, trial=t("level_title"), submit=t("level_submit")),
        level_db=st.session_state.get("level", 0.0),
    )
    play(slot, save, lambda: page)
