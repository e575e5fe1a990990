"""The page that asks what the listener listens with."""

from __future__ import annotations

import streamlit as st

from listening_test.screens.frame import Place, refusals
from listening_test.session import Step


def show(place: Place, _step: Step) -> None:
    """Headphones or loudspeakers, never both within a test (ITU-R BS.1534-3, listening conditions)."""
    t = place.texts
    st.header(t("device_title"), anchor=False)
    st.markdown(t("device_text"))
    with st.form("device", enter_to_submit=False):
        kinds = ["headphones", "loudspeakers"]
        kind = st.radio(t("device_kind") + " \\*", kinds, index=None, format_func=lambda one: t(f"device_{one}"))
        model = st.text_input(t("device_model"), max_chars=200)
        sent = st.form_submit_button(t("next"), type="primary")
    if not sent:
        return
    if kind is None:
        st.warning(t("needed"))
        return
    with refusals():
        browser = st.context.headers.get("User-Agent", "")[:300]
        place.visit.answer("device", {"kind": kind, "model": model, "browser": browser})
        st.rerun()
