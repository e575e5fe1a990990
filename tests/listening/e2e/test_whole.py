"""A whole test, from an invitation to the thanks, and what the browser could learn from it."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import soundfile
from playwright.sync_api import expect

from tests.listening import listeners
from tests.listening.e2e.steps import (
    NOTHING_UNSAVED,
    SLOW_MS,
    Received,
    Served,
    at_trial,
    everything,
    rate,
    set_up,
    sounds_ready,
    submit,
    watched,
)

RATED = 5


def test_a_whole_test_tells_the_browser_nothing_but_sound(chromium: Any, served: Served, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": 1000, "height": 900})
    got = watched(page)
    link = served.link()
    page.goto(link)
    set_up(page, got)
    seen = [everything(page)]
    before = len(got.sounds())
    page.get_by_text("TRAINING – not counted").wait_for()

    submit(page)
    page.get_by_role("alert").get_by_text("Not listened to yet: A, B, C, D, E").wait_for(timeout=SLOW_MS)
    rate(page, [60, 50, 40, 30, 20])
    submit(page)
    page.get_by_role("alert").get_by_text("Please give 100 to at least one sound").wait_for(timeout=SLOW_MS)
    rate(page, [100])
    page.get_by_role("alert").wait_for(state="hidden", timeout=SLOW_MS)
    submit(page)
    for number in (1, 2):
        at_trial(page, number, 2)
        rate(page, [80, 100, 60, 40, 20])
        seen.append(everything(page))
        page.screenshot(path=tmp_path / f"trial{number}.png", full_page=True)
        submit(page)
    page.get_by_role("heading", name="Thank you!").wait_for(timeout=SLOW_MS)
    [listener] = {row["listener"] for row in served.sessions.export_rows()}
    page.get_by_text(listener).wait_for()
    page.screenshot(path=tmp_path / "thanks.png", full_page=True)
    seen.append(everything(page))
    page.wait_for_function(NOTHING_UNSAVED)
    assert page.title() == "Listening test"

    rows = served.sessions.export_rows()
    assert len(rows) == 3 * RATED
    for trial in ("trial1", "trial2"):
        mine = sorted((row["position"], row["score"]) for row in rows if row["trial"] == trial)
        assert [score for _, score in mine] == [80, 100, 60, 40, 20]
    assert all(row["plays"] == (2 if row["training"] and row["position"] == 1 else 1) for row in rows)
    assert served.sessions.progress()[0].status == "finished"
    headphones = next(row for row in served.sessions.answer_rows() if row["kind"] == "headphones")
    assert headphones["values"] == {"check": "stereo", "passed": True, "right": 3, "total": 3, "failed_attempts": 0}

    assert_blind(got, seen, served)
    assert_no_pair(got.sounds()[before - (RATED + 1) :][: RATED + 1], got)
    page.goto(link)
    page.get_by_role("heading", name="Thank you!").wait_for(timeout=SLOW_MS)  # a used link, and nothing to do again
    page.close()


def assert_blind(got: Received, seen: list[str], served: Served) -> None:
    """No name, path or hash of anything in the test came, in any form."""
    stimuli = [one for trial in served.test.trials for one in (trial.reference, *trial.stimuli)]
    words = {one.condition for one in stimuli} - {"reference"}
    words |= {one.codec for one in stimuli if one.codec != "reference"}
    words |= {trial.clip for trial in served.test.trials} | {trial.id for trial in served.test.trials}
    words |= {"low_anchor", "mid_anchor", "hidden_reference", served.folder.name, str(served.folder), "test.json"}
    needles = {word.encode() for word in words}
    for one in stimuli:
        sound = (served.folder / "stimuli" / f"{one.sha256}.wav").read_bytes()
        for name in ("md5", "sha1", "sha224", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(name, sound).digest()
            needles |= {digest, digest.hex()[:16].encode(), base64.b64encode(digest)[:16]}
    received = [*got.frames, *(text.encode() for text in seen)]
    for url, headers, body in got.take():
        received += [url.encode(), repr(headers).encode(), body]
    assert len(got.frames) > 20
    assert any(b"stimulus" in body or b"sliders" in body for body in got.frames), "the data of the player is searched"
    for needle in needles:
        assert not any(needle in one for one in received), needle


def assert_no_pair(sounds: list[tuple[str, dict[str, str], bytes]], got: Received) -> None:
    """The open and the hidden reference have their samples in common, and nothing that other slots do not have."""
    assert len(sounds) == RATED + 1
    assert len({body for _, _, body in sounds}) == RATED + 1
    assert len({len(body) for _, _, body in sounds}) == len({got.sizes[url] for url, _, _ in sounds}) == 1
    for name in {name for _, headers, _ in sounds for name in headers} - {"date"}:
        assert len({headers.get(name) for _, headers, _ in sounds}) == 1, f"{name} tells slots apart"
    assert {headers["cache-control"] for _, headers, _ in sounds} == {"no-store, no-transform"}
    assert not {"etag", "last-modified", "content-disposition"} & {name for _, headers, _ in sounds for name in headers}
    samples = [soundfile.read(io.BytesIO(body), dtype="int32")[0].tobytes() for _, _, body in sounds]
    twins = [
        url.rpartition("/")[2] for (url, _, _), one in zip(sounds, samples, strict=True) if samples.count(one) == 2
    ]
    assert len(twins) == 2
    pieces = [{twin[start : start + 5] for start in range(len(twin) - 4)} for twin in twins]
    assert not pieces[0] & pieces[1]


def test_a_page_that_was_left_goes_on_after_a_reload_with_its_sliders(chromium: Any, served: Served) -> None:
    """On a tablet in landscape, where the sliders of a page of training reach below its end, but not the button."""
    page = chromium.new_page(
        viewport={"width": 1180, "height": 820}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    [token] = served.sessions.invite(1)
    listeners.set_up(served.sessions.open(token, "before"))
    link = f"{served.address}/?p={token}"
    page.goto(link)
    sounds_ready(page)
    page.get_by_text("TRAINING – not counted").wait_for()
    expect(page.get_by_role("button", name="Save and go on")).to_be_in_viewport(ratio=1)
    rate(page, [12, 34])
    page.wait_for_function(NOTHING_UNSAVED)
    page.goto("about:blank")
    page.goto(link)
    sounds_ready(page)
    assert page.locator("output").all_inner_texts() == ["12", "34", "–", "–", "–"]
    page.close()
