"""The listener's app: opens the invitation of the address, and shows the page of the step where the listener is."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import streamlit as st

from listening_test import texts
from listening_test.model import Test
from listening_test.screens import consent, device, headphones, level, messages, questionnaire, serving, trial
from listening_test.screens.frame import REFUSED, Place, refusals, refuse, style, withdraw_button
from listening_test.session import Step, StepKind, TokenError, Visit
from listening_test.session.tokens import LONGEST

STEPS: dict[StepKind, Callable[[Place, Step], None]] = {
    "consent": consent.show,
    "questionnaire_before": questionnaire.show,
    "device": device.show,
    "level": level.show,
    "headphones": headphones.show,
    "training": trial.show,
    "trial": trial.show,
    "break": messages.rest,
    "questionnaire_after": questionnaire.show,
    "thanks": messages.thanks,
}


def show() -> None:
    """The page for whoever opened the address."""
    test = serving.sessions().test
    token = st.query_params.get("p", "")[:LONGEST]
    if st.session_state.get("token") != token:
        for name in (REFUSED, "visit", "language"):
            st.session_state.pop(name, None)
        st.session_state["token"] = token
    if REFUSED in st.session_state:
        t = texts.texts(st.session_state.get("language") or _spoken(test), test.texts)
        style(t)
        messages.refused(st.session_state[REFUSED], t)
        return
    with refusals():
        visit = _visit(token)
        place = Place(visit, test, texts.texts(_language(visit, test), test.texts))
        style(place.texts)
        step = visit.step
        STEPS[step.kind](place, step)
        withdraw_button(place)


def _visit(token: str) -> Visit:
    """This tab's visit; it takes the session from a tab that held it before."""
    if "visit" not in st.session_state:
        tab = st.session_state.setdefault("tab", secrets.token_urlsafe(16))
        try:
            st.session_state["visit"] = serving.sessions().open(token, tab, client=st.context.ip_address or "local")
        except TokenError as error:
            refuse(error.key)
    visit: Visit = st.session_state["visit"]
    return visit


def _language(visit: Visit, test: Test) -> str:
    """The language chosen before, else the browser's where the test has it, else the test's first."""
    if "language" not in st.session_state:
        chosen = visit.answers.get("language", {}).get("language")
        st.session_state["language"] = chosen if chosen in test.languages else _spoken(test)
    language: str = st.session_state["language"]
    return language


def _spoken(test: Test) -> str:
    spoken = (st.context.locale or "").partition("-")[0]
    return spoken if spoken in test.languages else test.languages[0]
