"""What a person sees when a page fails: an apology in their language, and nothing of the error."""

from __future__ import annotations

import logging

import streamlit as st

from listening_test import texts

log = logging.getLogger(__name__)


def show(error: Exception) -> bool:
    """Write the error to the server's log and an apology on the page; True keeps Streamlit's own box away."""
    log.error("a page failed", exc_info=error)
    st.error(texts.texts(st.session_state.get("language", "en"))("error"))
    return True
