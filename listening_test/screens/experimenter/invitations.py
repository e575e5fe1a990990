"""Invitations: make links, list who has one, take one back."""

from __future__ import annotations

import streamlit as st

from listening_test.screens import settings
from listening_test.session import Sessions
from listening_test.session.links import link


def show(sessions: Sessions) -> None:
    """Make, show and revoke invitations."""
    base = settings.setting(settings.BASE) or str(st.context.url or "").partition("/experimenter")[0]
    with st.form("invite", clear_on_submit=True):
        count = st.number_input("How many", min_value=1, max_value=500, value=1, step=1)
        note = st.text_input("Note, such as a date; no names", max_chars=200)
        sent = st.form_submit_button("Make links", type="primary")
    if sent:
        st.session_state["links"] = [link(token, base) for token in sessions.invite(int(count), note)]
    if links := st.session_state.get("links"):
        st.success(f"{len(links)} new links. They are shown only here and now: only their hashes are stored.")
        st.code("\n".join(links), language=None)
        st.download_button("Links as CSV", "link\n" + "\n".join(links) + "\n", "links.csv", "text/csv")
    _revoke(sessions)


def _revoke(sessions: Sessions) -> None:
    there = {row.listener: row for row in sessions.progress() if row.status != "withdrawn"}
    if not there:
        return
    st.divider()
    chosen = st.selectbox(
        "Take an invitation back",
        list(there),
        index=None,
        format_func=lambda name: f"{name} ({there[name].status}, {there[name].created[:16]})",
    )
    if chosen is None:
        return
    if there[chosen].status != "invited":
        st.warning("This person has begun: all ratings and answers of theirs are erased for good.")
    if st.button(f"Erase {chosen}"):
        sessions.erase(chosen)
        st.rerun()
