"""Pages that tell something: a break, thanks, why a link opens nothing, an apology."""

from __future__ import annotations

import logging

import streamlit as st

from listening_test import texts
from listening_test.screens.frame import REFUSED, Place, refusals
from listening_test.screens.questionnaire import MAX_LETTERS
from listening_test.session import Step
from listening_test.texts import Texts

TITLES = {"lease_lost": "lease_lost_title", "withdrawn": "withdrawn_title"}

log = logging.getLogger(__name__)


def rest(place: Place, step: Step) -> None:
    """Invite to a break; the listener says when it is over."""
    t = place.texts
    st.header(t("break_title"), anchor=False)
    st.markdown(t("break_text", done=step.number, left=step.payload["left"]))
    st.progress(step.number / step.total)
    if st.button(t("break_go_on"), type="primary"):
        with refusals():
            place.visit.answer("break", {})
            st.rerun()


def thanks(place: Place, step: Step) -> None:
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


def refused(reason: str, t: Texts) -> None:
    """A link that opens nothing, a withdrawal; where the session goes on in another tab, a button to go on here."""
    st.title(t(TITLES.get(reason, "refused_title")), anchor=False)
    st.markdown(t(reason))
    if reason == "lease_lost" and st.button(t("lease_take"), type="primary"):
        for name in (REFUSED, "visit"):
            st.session_state.pop(name, None)
        st.rerun()


def failed(error: Exception) -> bool:
    """Write the error to the server's log and an apology on the page; True keeps Streamlit's own box away."""
    log.error("a page failed", exc_info=error)
    st.error(texts.texts(st.session_state.get("language", "en"))("error"))
    return True
