"""The last page: thanks, the code, and room for a comment."""

from __future__ import annotations

import streamlit as st

from listening_test.screens.frame import Place, refusals
from listening_test.screens.questionnaire import MAX_LETTERS
from listening_test.session import Step


def show(place: Place, step: Step) -> None:
    """Thank; the code is the pseudonym, so that whoever shows it can be paid, or erased, without a name."""
    t = place.texts
    st.title(t("thanks_title"), anchor=False)
    st.markdown(t("thanks_text"))
    st.caption(t("thanks_code"))
    st.code(step.payload["listener"], language=None)
    with st.form("comment", enter_to_submit=False):
        comment = st.text_area(t("thanks_comment"), max_chars=MAX_LETTERS)
        sent = st.form_submit_button(t("thanks_send"))
    if sent and comment:
        with refusals():
            place.visit.answer("comment", {"text": comment})
        st.success(t("thanks_sent"))
