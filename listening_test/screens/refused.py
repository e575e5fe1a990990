"""A page with one friendly message: a link that opens nothing, a session that goes on elsewhere, a withdrawal."""

from __future__ import annotations

import streamlit as st

from listening_test.screens.frame import REFUSED
from listening_test.texts import Texts

TITLES = {"lease_lost": "lease_lost_title", "withdrawn": "withdrawn_title"}


def show(reason: str, t: Texts) -> None:
    """The message; where the session goes on in another tab, a button to go on here."""
    st.title(t(TITLES.get(reason, "refused_title")), anchor=False)
    st.markdown(t(reason))
    if reason == "lease_lost" and st.button(t("lease_take"), type="primary"):
        for name in (REFUSED, "visit"):
            st.session_state.pop(name, None)
        st.rerun()
