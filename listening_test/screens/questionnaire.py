"""A page of questions from the test's definition. Answers go to the store as they are, and never into a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from listening_test.screens.frame import Place, plain, refusals
from listening_test.session import Step

MAX_LETTERS = 10_000


def show(place: Place, step: Step) -> None:
    """Ask all questions of the step; go on where those that need an answer have one."""
    t = place.texts
    items = step.payload["items"]
    st.header(t(f"{step.kind}_title"), anchor=False)
    with st.form(step.kind, enter_to_submit=False):
        values = {item["id"]: _question(place, item) for item in items}
        sent = st.form_submit_button(t("next"), type="primary")
    if not sent:
        return
    if any(item.get("required") and values[item["id"]] in (None, "", []) for item in items):
        st.warning(t("needed"))
        return
    with refusals():
        place.visit.answer(step.kind, values)
        st.rerun()


def _question(place: Place, item: Mapping[str, Any]) -> Any:
    label = plain(_text(item["text"], place)) + (" \\*" if item.get("required") else "")
    kind, options, key = item.get("kind", "text"), list(item.get("options", ())), f"question {item['id']}"
    hint = place.texts("choose")
    if kind == "choice":
        return st.radio(label, options, index=None, format_func=plain, key=key)
    if kind == "choices":
        return st.multiselect(label, options, placeholder=hint, key=key)
    if kind == "number":
        return st.number_input(label, value=None, step=1, placeholder="", key=key)
    return st.text_area(label, max_chars=MAX_LETTERS, key=key, height=80)


def _text(text: str | Mapping[str, str], place: Place) -> str:
    """The question in the language of the page, else in the test's first."""
    if isinstance(text, str):
        return text
    return text.get(place.texts.language) or text.get(place.test.languages[0]) or next(iter(text.values()))
