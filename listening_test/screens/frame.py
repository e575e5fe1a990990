"""What all pages of a listener share: the place they stand in, the frame around them, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from listening_test.model import Test
from listening_test.session import LeaseLost, TokenError, Visit, WrongStep
from listening_test.session.tokens import hashed
from listening_test.texts import Texts

STYLE = """<style>
header[data-testid="stHeader"], footer, [data-testid="stToolbar"], [data-testid="stDecoration"] { display: none; }
[data-testid="stStatusWidget"] { display: none; }
[data-testid="stMainBlockContainer"] { padding-top: 1.5rem; max-width: 52rem; }
[data-stale="true"] { opacity: 1 !important; }
.stButton button, .stFormSubmitButton button, .stPopover button { min-height: 44px; min-width: 44px; }
.stExpander summary, .stTextInput input, .stNumberInput input, .stNumberInput button { min-height: 44px; }
.stNumberInput button { min-width: 44px; }
.stRadio label, .stCheckbox label { min-height: 44px; align-items: center; }
</style>"""

WIDE = '<style>[data-testid="stMainBlockContainer"] { max-width: 78rem; }</style>'
"""For pages with a dozen sliders."""

LOW = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 0.5rem; }
[data-testid="stMainBlockContainer"] [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stHeading"] h2 { font-size: 1.5rem; padding: 0.25rem 0; }
</style>"""
"""For pages whose sliders, 10 cm as BS.1534-3 has them, should be seen whole on a screen 800 pixels high."""

TIDY_SCRIPT = """export default ({ data }) => {
    document.documentElement.lang = data.language;
    for (const page of data.done) localStorage.removeItem(`codecbench ${page}`);
};"""

JOINER = "\N{WORD JOINER}"
"""No width, no sound, no line break; Markdown takes no address with one in it for a link."""

REFUSED = "refused"
"""Key of the session state: why this tab shows nothing but a message."""
DONE = "done"
"""Key of the session state: pages with a player that are over."""
KNOWN = "known "
"""Start of the keys of the session state that hold which events of a page are saved."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: who visits which test, in which language."""

    visit: Visit
    test: Test
    texts: Texts

    def page(self, name: str) -> str:
        """Id of the page ``name`` that is no trial, of this listener alone. It is the same after a reload, so that the
        browser finds what it kept of the page.
        """
        return f"{name} {hashed(self.visit.listener)[:16]}"


def style(t: Texts) -> None:
    """Hide what is not ours, make everything big enough for fingers, tell readers of screens the language, and let the
    browser forget what its player kept of pages that are done.
    """
    st.set_page_config(page_title=t("page_title"))
    st.html(STYLE)
    data = {"language": t.language, "done": st.session_state.get(DONE, [])}
    st.components.v2.component("codecbench_tidy", js=TIDY_SCRIPT)(key="tidy", data=data)


def plain(text: str) -> str:
    """``text`` so that a line of Markdown shows it as it is; HTML is shown as it is anyway.

    No more is escaped than has to be: labels are read aloud with what stands in them.
    """
    unlinked = re.sub(r"(?i)\b(https?:|www(?=\.)|[^\s@]+(?=@))", rf"\g<0>{JOINER}", text)
    return re.sub(r"[\\`*_\[\]$~]|:(?=\w)", r"\\\g<0>", unlinked)


@contextmanager
def refusals() -> Iterator[None]:
    """Around everything that asks the session: show the right page where it is no longer this tab's turn."""
    try:
        yield
    except (LeaseLost, TokenError) as error:
        refuse(error.key)
    except WrongStep:
        st.rerun()


def refuse(reason: str) -> None:
    """Show nothing but the message ``reason`` in this tab from here on."""
    st.session_state[REFUSED] = reason
    st.rerun()


def go_on(page: str) -> None:
    """Leave a page with a player for good: all that it sent is saved."""
    st.session_state.setdefault(DONE, []).append(page)
    st.rerun()


def withdraw_button(place: Place) -> None:
    """The way out, on every page."""
    t = place.texts
    st.divider()
    with st.popover(t("withdraw")):
        st.markdown(t("withdraw_explain"))
        if st.button(t("withdraw_confirm"), key="withdraw"):
            place.visit.withdraw()
            st.session_state[DONE] = [
                page.removeprefix(KNOWN) for page in map(str, st.session_state) if page.startswith(KNOWN)
            ]
            refuse("withdrawn")
