"""The player on a page of the test: its Python face.

The browser gets slots under opaque ids, and addresses to fetch their sound from; it sends back events, again and again
until :func:`show` has been told that they are saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
MODULES = ("wav.js", "engine.js", "log.js", "controls.js", "waveform.js", "player.js")

QUALITY = ("bad", "poor", "fair", "good", "excellent")
"""Keys of the texts of the five bands, worst first (ITU-R BS.1534-3, 5.4; ITU-T P.800, B.4.5)."""
ANNOYANCE = ("very_annoying", "annoying", "slightly_annoying", "audible_not_annoying", "inaudible")
"""Keys of the texts of the degradation scale, worst first (ITU-T P.800, D.4)."""

TEXTS = (
    "trial", "reference", "play", "playing", "stop", "whole", "loading", "ready", "failed", "retry", "submit", "rating",
    "unrated", "unsaved", "question", "level", "short_loop", "play_first", "keys",
)  # fmt: skip
"""Texts that every page needs, beside the labels of its scale."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One thing that can be heard: an opaque id, the letter on its button, where its WAV is, the score so far."""

    id: str
    letter: str
    url: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """What is asked: a slider for every sound, one of several options for every sound or for all, or a level in dB."""

    kind: Literal["sliders", "options", "choice", "level"]
    low: float = 0.0
    high: float = 100.0
    labels: tuple[str, ...] = ()
    options: tuple[tuple[int | str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the browser is told about a trial; nothing in it names a condition or a clip."""

    trial: str
    slots: Sequence[Sound]
    scale: Scale
    texts: Mapping[str, str]
    reference: Sound | None = None
    level_db: float = 0.0
    choice: int | str | None = None
    messages: Sequence[str] = ()


def show(page: Page, saved: Sequence[str], key: str) -> None:
    """Show ``page``. What comes from the browser is in the session's state: under ``key``, ``log``, ``events``.

    Args:
        page: as it is on the server.
        saved: ids of events that are in the store; the browser forgets them.
        key: of the widget; one for each listener and trial.
    Each event has ``id``, ``kind``, ``at_ms`` and what belongs to its kind (``slot``, ``value``, ``seconds``, ...), the
    oldest first; one that is not known as saved comes again. A browser may send anything.
    """
    import streamlit as st

    component = st.components.v2.component("codecbench_player", css=_file("player.css"), js=script())
    component(key=key, data={**asdict(page), "saved": list(saved)}, on_log_change=lambda: None)


def script() -> str:
    """The module that the page loads. Streamlit takes one text without imports of files, so they are joined."""
    return "".join(_file(name) for name in MODULES)


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
