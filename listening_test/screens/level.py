"""The page where the listener sets the level: once, before the first trial, within the range of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from listening_test.player import Page, Scale
from listening_test.screens import serving
from listening_test.screens.events import record
from listening_test.screens.frame import Place, go_on
from listening_test.screens.playing import beating, play, sound, texts
from listening_test.session import BadAnswer, Step


def show(place: Place, step: Step) -> None:
    """A recording of the test, and a slider of some dB (ITU-R BS.1534-3, listening level: +-4 dB)."""
    st.header(place.texts("level_title"), anchor=False)
    st.markdown(place.texts("level_text"))
    if "level slot" not in st.session_state:
        st.session_state["level slot"] = serving.check_sound(None)
    slot: str = st.session_state["level slot"]
    beating(lambda: _adjust(place, slot, float(step.payload["range_db"])))


def _adjust(place: Place, slot: str, range_db: float) -> None:
    t = place.texts
    page_id = place.page("level")

    def save(sent: Sequence[dict[str, Any]]) -> None:
        record(place.visit, sent)
        try:
            for one in sent:
                if one.get("kind") == "level":
                    place.visit.answer("level_so_far", {"gain_db": one.get("value")})
        except BadAnswer:
            return
        if any(one.get("kind") == "submit" for one in sent):
            place.visit.answer("level", {"gain_db": _so_far(place)})
            go_on(page_id)

    def page() -> Page:
        return Page(
            trial=page_id,
            slots=[sound(slot, "1")],
            scale=Scale("level", -range_db, range_db),
            texts=texts(place, trial=t("level_title"), submit=t("level_submit")),
            level_db=_so_far(place),
        )

    play(page_id, save, page)


def _so_far(place: Place) -> float:
    """Where the slider was left, in dB; asking tells this tab, too, when the session goes on in another."""
    return float(place.visit.answers.get("level_so_far", {}).get("gain_db") or 0.0)
