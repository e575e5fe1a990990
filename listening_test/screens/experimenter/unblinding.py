"""The question before anything that names conditions is shown."""

from __future__ import annotations

import streamlit as st


def unblinded(what: str) -> bool:
    """Whether the experimenter has asked to see conditions; else a warning, and the button that asks."""
    if st.session_state.get("unblinded"):
        return True
    st.warning("This names the conditions. Who speaks with listeners should not see it before the test is over.")
    if st.button(f"Show {what}"):
        st.session_state["unblinded"] = True
        st.rerun()
    return False
