"""A page with nothing but the player, for tests: what it was told is written on it."""

from __future__ import annotations

import io
import json
import wave

import numpy as np
import streamlit as st

from listening_test import player
from listening_test.player import QUALITY, TEXTS, Page, Scale, Sound
from listening_test.player.route import address, audio_route
from listening_test.screens.events import messages

SECONDS = 2.0
SCALES = {
    "sliders": Scale("sliders", labels=QUALITY),
    "options": Scale("options", options=tuple((5 - i, label) for i, label in enumerate(reversed(QUALITY)))),
    "choice": Scale("choice", options=(("A", "X is A"), ("B", "X is B"))),
    "level": Scale("level", -4, 4),
}


def page() -> None:
    kind = st.query_params.get("kind", "sliders")
    known: list[dict[str, object]] = st.session_state.setdefault("known", [])
    texts = {name: name for name in TEXTS} | {"reference": "Reference"}
    open_one = Sound("open", "", address("open")) if kind in ("sliders", "options") else None

    @st.fragment
    def trial() -> None:
        if st.button("leave"):
            return
        ids = [str(event["id"]) for event in known]
        submitted = any(event["kind"] == "submit" for event in known)
        slots = [st.query_params.get("broken", f"slot{index}") for index in range(3)]
        page = Page(
            f"trial {kind}",
            [Sound(f"slot{index}", "ABC"[index], address(slot)) for index, slot in enumerate(slots)],
            SCALES[kind],
            texts,
            reference=open_one,
            messages=["rate every stimulus"] if submitted else [],
        )
        player.show(page, ids, key="trial")
        new = [event for event in messages(st.session_state.get("trial")) if event["id"] not in ids]
        if new:
            known.extend(new)
            st.rerun(scope="fragment")
        st.code(json.dumps(known), language=None)

    trial()


def sound(slot: str) -> bytes | None:
    if slot == "nothing":
        return None
    samples = np.random.default_rng(len(slot)).standard_normal((round(SECONDS * 48_000), 2)) * 0.02
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
    return buffer.getvalue()


if __name__ == "__main__":
    page()
else:
    app = st.App(__file__, routes=[audio_route(sound)])
