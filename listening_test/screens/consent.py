"""The first page: language, what the test is about, what is saved, and consent."""

from __future__ import annotations

import streamlit as st

from listening_test import texts
from listening_test.screens.frame import Place, plain, refusals
from listening_test.session import Step


def show(place: Place, _step: Step) -> None:
    """Ask for consent; nothing but the language is saved before it."""
    t = place.texts
    if len(place.test.languages) > 1:
        _choose_language(place)
    st.title(plain(place.test.title) or t("page_title"), anchor=False)
    st.header(t("consent_title"), anchor=False)
    st.markdown(t("consent"))
    agreed = st.checkbox(t("consent_agree"), key="agreed")
    if not st.button(t("start"), type="primary"):
        return
    if not agreed:
        st.warning(t("consent_needed"))
        return
    with refusals():
        place.visit.answer("consent", {"agreed": True, "language": t.language, "text": t("consent")})
        st.rerun()


def _choose_language(place: Place) -> None:
    languages = list(place.test.languages)
    names = {language: texts.entries(language)["language_name"] for language in languages}
    current = place.texts.language
    chosen = st.radio(
        place.texts("language"),
        languages,
        index=languages.index(current),
        format_func=lambda language: names[language],
        horizontal=True,
    )
    if chosen != current:
        with refusals():
            place.visit.answer("language", {"language": chosen})
            st.session_state["language"] = chosen
            st.rerun()
