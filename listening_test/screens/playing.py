"""The player on a page: what it sends is saved first, and then it is told so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from bench.errors import StoreError
from listening_test import player
from listening_test.player import QUALITY, TEXTS, Sound
from listening_test.player.route import address
from listening_test.screens.events import messages
from listening_test.screens.frame import KNOWN, Place, refusals

log = logging.getLogger(__name__)

SHOWN = "shown"
"""Key of the session state: the player as it was shown last, with the database in reach."""

HEARTBEAT_S = 10.0
"""So often a page with sound asks whether the session is still its own."""


def sound(slot: str, letter: str, score: float | None = None) -> Sound:
    """What the player is told of a sound; its address is relative, for the app may be served under any path."""
    return Sound(slot, letter, address(slot, "."), score)


def texts(place: Place, **own: str) -> dict[str, str]:
    """The player's texts; ``own`` replaces some."""
    return {name: place.texts(name) for name in TEXTS} | own


def bands(place: Place) -> tuple[str, ...]:
    """Labels of the five bands of quality."""
    return tuple(place.texts(name) for name in QUALITY)


def key_of(trial: str) -> str:
    """The key of a page's player. Random ids may hold two underscores in a row, which Streamlit refuses."""
    return f"player {trial.encode().hex()}"


def beating(part: Callable[[], None]) -> None:
    """Show the part of a page that has the player, and again every HEARTBEAT_S.

    While the database cannot be used, the player stays as it was: what the listener does is kept and sent again.
    """

    @st.fragment(run_every=HEARTBEAT_S)
    def shown() -> None:
        with refusals():
            try:
                part()
            except StoreError as error:
                if SHOWN not in st.session_state:
                    raise
                log.error("%s", error)
                player.show(*st.session_state[SHOWN])  # it says that nothing is saved, and keeps what it has to send

    st.session_state.pop(SHOWN, None)  # the player of another page
    shown()


def play(trial: str, save: Callable[[Sequence[dict[str, Any]]], None], page: Callable[[], player.Page]) -> None:
    """Show the player of a page within a fragment.

    Args:
        trial: id of the page.
        save: called with what it has not been called with before; what it raises leaves the browser unsure, and it
            sends everything again.
        page: makes the page as it is after that.
    """
    key = key_of(trial)
    known: set[str] = st.session_state.setdefault(KNOWN + trial, set())
    sent = messages(st.session_state.get(key))
    if new := [one for one in sent if one["id"] not in known]:
        save(new)
        known.update(one["id"] for one in new)
    st.session_state[SHOWN] = page(), [one["id"] for one in sent], key
    player.show(*st.session_state[SHOWN])
