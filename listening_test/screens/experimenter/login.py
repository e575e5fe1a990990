"""Who may see the experimenter's pages: by password, or by e-mail address through OIDC."""

from __future__ import annotations

import logging
import time

import streamlit as st

from listening_test.screens import settings
from listening_test.session.passwords import right_password
from listening_test.session.tokens import Guesses

WAIT_S = 1.0
"""A wrong password is answered after this."""
MINE = Guesses(limit=5, seconds=300)
"""Wrong passwords of one client."""
ALL = Guesses(limit=50, seconds=300)
"""Wrong passwords of all clients together."""

log = logging.getLogger(__name__)


def logged_in() -> bool:
    """Whether this session is an experimenter's; else the page that asks."""
    if st.session_state.get("experimenter") or _known_by_mail():
        return True
    stored = settings.setting(settings.PASSWORD_HASH)
    if not stored and not _oidc():
        st.info(
            f"These pages are locked. `codecbench listen password` prints a hash; set {settings.PASSWORD_HASH} to it "
            "and start the server again. Or configure OIDC, see docs/listening-test.md."
        )
        return False
    if _oidc():
        if st.user.is_logged_in:
            st.warning("This account may not see these pages.")
            st.button("Log out", on_click=st.logout)
        else:
            st.button("Log in with your account", on_click=st.login)
    if stored:
        _ask(stored)
    return bool(st.session_state.get("experimenter"))


def _ask(stored: str) -> None:
    with st.form("password", clear_on_submit=True):
        password = st.text_input("Password", type="password", max_chars=200, autocomplete="current-password")
        sent = st.form_submit_button("Log in", type="primary")
    if not sent:
        return
    client = st.context.ip_address or "local"
    if MINE.blocked(client) or ALL.blocked(""):
        st.error("Too many wrong passwords. Please wait five minutes.")
    elif right_password(stored, password):
        st.session_state["experimenter"] = True
        st.rerun()
    else:
        MINE.wrong(client)
        ALL.wrong("")
        log.warning("a wrong password for the experimenter's pages")
        time.sleep(WAIT_S)
        st.error("This is not the password.")


def _oidc() -> bool:
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _known_by_mail() -> bool:
    """Whether OIDC says that this is one of the addresses that may come in."""
    if not _oidc() or not st.user.is_logged_in:
        return False
    allowed = {one.strip().lower() for one in settings.setting(settings.EXPERIMENTERS).split(",") if one.strip()}
    verified = st.user.get("email_verified", True) is not False
    return verified and str(st.user.get("email", "")).lower() in allowed
