"""The experimenter's page: who comes in, and what is on it."""

from __future__ import annotations

import streamlit as st

from listening_test import texts
from listening_test.screens import serving
from listening_test.screens.experimenter import data, invitations, leaderboard, login, progress, results
from listening_test.screens.frame import WIDE, plain, style


def show() -> None:
    """Ask for the password, then everything about the test; it stays blind until the results are asked for."""
    style(texts.texts("en"))
    st.html(WIDE)
    sessions = serving.sessions()
    st.title("Experimenter", anchor=False)
    if not login.logged_in():
        return
    if login.has_account():
        login.log_out_button()
    st.subheader(plain(sessions.test.title or sessions.test.name), anchor=False)
    if sessions.closed:
        st.warning("The test is closed: no link opens it.")
    parts = {
        "Progress": progress.show,
        "Invitations": invitations.show,
        "Results": results.show,
        "Leaderboard": leaderboard.show,
        "Data": data.show,
    }
    for tab, part in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab:
            part(sessions)
