"""Who may see the experimenter's pages: by password, or by e-mail address through OIDC."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

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

_one_at_a_time = threading.Lock()
"""Or a hundred tabs at once have a hundred guesses, and the hashes as many times their memory."""

log = logging.getLogger(__name__)


def has_account() -> bool:
    """Whether this browser is logged in through OIDC, with whatever account."""
    return _oidc() and bool(st.user.is_logged_in)


def log_out_button() -> None:
    """End the login through OIDC, which outlives the tab."""
    st.button("Log out", on_click=st.logout)


def may_come_in(claims: Mapping[str, object], experimenters: str) -> bool:
    """Whether an account of OIDC is one of ``experimenters``, addresses separated by commas.

    Some providers say nothing of ``email_verified``; some say it as text.
    """
    allowed = {one.strip().lower() for one in experimenters.split(",") if one.strip()}
    verified = str(claims.get("email_verified", True)).lower() == "true"
    return verified and str(claims.get("email", "")).lower() in allowed


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
    if has_account():
        st.warning("This account may not see these pages.")
        log_out_button()
    elif _oidc():
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
    with _one_at_a_time:
        blocked = MINE.blocked(client) or ALL.blocked("")
        right = not blocked and right_password(stored, password)
        if not blocked and not right:
            MINE.wrong(client)
            ALL.wrong("")
    if blocked:
        st.error("Too many wrong passwords. Please wait five minutes.")
    elif right:
        st.session_state["experimenter"] = True
        st.rerun()
    else:
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
    return has_account() and may_come_in(st.user.to_dict(), settings.setting(settings.EXPERIMENTERS))
