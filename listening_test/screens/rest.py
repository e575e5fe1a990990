"""The page of a break."""

from __future__ import annotations

import streamlit as st

from listening_test.screens.frame import Place, refusals
from listening_test.session import Step


def show(place: Place, step: Step) -> None:
    """Invite to rest; the listener says when it is over."""
    t = place.texts
    st.header(t("break_title"), anchor=False)
    st.markdown(t("break_text", done=step.number, left=step.payload["left"]))
    st.progress(step.number / step.total)
    if st.button(t("break_go_on"), type="primary"):
        with refusals():
            place.visit.answer("break", {})
            st.rerun()
