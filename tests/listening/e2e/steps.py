"""What a person does in the browser, for tests of whole sessions."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from listening_test.model import Test
from listening_test.player.route import PREFIX
from listening_test.screens import settings
from listening_test.session import Sessions

APP = "listening_test.app:app"
SLOW_MS = 30_000
NOTHING_UNSAVED = "Object.keys(localStorage).every((name) => !name.startsWith('codecbench'))"


@dataclass
class Served:
    """A test that a server serves, and the same store seen from here."""

    address: str
    folder: Path
    test: Test
    sessions: Sessions

    def link(self, query: str = "") -> str:
        """The address of a new invitation."""
        [token] = self.sessions.invite(1)
        return f"{self.address}/?p={token}{query}"


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {settings.TEST: str(folder), **more}


@dataclass
class Received:
    """All of ours that came into a page. Bodies are taken by ``take``, for they cannot be had while events come in."""

    frames: list[bytes] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    waiting: list[Any] = field(default_factory=list)

    def take(self) -> list[tuple[str, dict[str, str], bytes]]:
        """Address, headers and body of all responses so far."""
        while self.waiting:
            request = self.waiting.pop(0)
            if "/static/" in request.url:  # of Streamlit's package, the same for every test
                continue
            response = request.response()
            body = b"" if response.status in (204, 301, 302, 304) else response.body()
            self.taken.append((response.url, response.all_headers(), body))
            self.sizes[response.url] = request.sizes()["responseBodySize"]
        return self.taken

    def sounds(self) -> list[tuple[str, dict[str, str], bytes]]:
        return [one for one in self.take() if PREFIX in one[0]]


def watched(page: Any) -> Received:
    """Write down all that ``page`` gets from here on."""
    got = Received()

    def frame(payload: bytes | str) -> None:
        got.frames.append(payload if isinstance(payload, bytes) else payload.encode())

    page.on("requestfinished", lambda request: got.waiting.append(request))
    page.on("websocket", lambda socket: socket.on("framereceived", frame))
    return got


def sounds_ready(page: Any) -> None:
    try:
        page.wait_for_selector("button.sound:enabled", timeout=SLOW_MS)
    except Exception as error:
        raise AssertionError(page.locator("body").inner_text()) from error


def consent(page: Any) -> None:
    page.locator("label").filter(has_text="I have read this").click(timeout=SLOW_MS)
    page.get_by_role("button", name="Start").click()


def device(page: Any, kind: str = "Headphones") -> None:
    page.get_by_role("heading", name="What do you listen with?").wait_for(timeout=SLOW_MS)
    page.locator("label").filter(has_text=kind).first.click()
    page.get_by_role("button", name="Go on", exact=True).click()


def level(page: Any, db: float = 0) -> None:
    page.get_by_role("button", name="Keep this volume").wait_for(timeout=SLOW_MS)
    sounds_ready(page)
    assert page.locator("button.sound").inner_text() == "▶ Play"
    page.locator(".level input").fill(str(db))
    page.get_by_role("button", name="Keep this volume").click()


def stereo(page: Any, got: Received) -> None:
    """Answer where the tones are by the samples that came."""
    page.get_by_text("Check 1 of 3").wait_for(timeout=SLOW_MS)
    sounds_ready(page)
    before = len(got.sounds()) - 1
    for number in (1, 2, 3):
        page.get_by_text(f"Check {number} of 3").wait_for(timeout=SLOW_MS)
        while len(got.sounds()) < before + number:
            page.wait_for_timeout(20)
        sounds_ready(page)
        left, right = power(got.sounds()[-1][2])
        name = "On both sides" if left and right else "On the left" if left else "On the right"
        page.get_by_label(name).check()
        page.get_by_role("button", name="Answer").click()


def power(wav: bytes) -> Any:
    samples = soundfile.read(io.BytesIO(wav), always_2d=True)[0]
    return np.mean(samples**2, axis=0)


def set_up(page: Any, got: Received) -> None:
    """All pages of a test without a questionnaire up to the first training trial."""
    consent(page)
    device(page)
    level(page)
    stereo(page, got)
    page.get_by_role("heading", name="Training 1 of 1").wait_for(timeout=SLOW_MS)
    sounds_ready(page)


def rate(page: Any, scores: list[int]) -> None:
    """Hear and rate the sliders in their order."""
    for index, score in enumerate(scores):
        page.locator("button.sound").nth(index + 1).click()
        page.locator("input[type=range]").nth(index).fill(str(score))


def submit(page: Any) -> None:
    page.get_by_role("button", name="Save and go on").click()


def at_trial(page: Any, number: int, total: int) -> None:
    page.get_by_role("heading", name=f"Trial {number} of {total}").wait_for(timeout=SLOW_MS)
    while set(page.locator("output").all_inner_texts()) != {"–"}:  # until then the player of the page before stands
        page.wait_for_timeout(20)
    sounds_ready(page)


def everything(page: Any) -> str:
    """The page as it stands, with what lies in shadow roots, in the browser's storage, and its title."""
    return str(
        page.evaluate(
            """() => {
                const html = (node) => [...node.querySelectorAll('*')].map(
                    (one) => one.shadowRoot ? one.shadowRoot.innerHTML + html(one.shadowRoot) : '').join('');
                return document.documentElement.outerHTML + html(document) + document.title
                    + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie;
            }"""
        )
    )
