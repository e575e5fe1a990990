"""The player on a page of Streamlit, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from listening_test.screens.settings import STREAMLIT
from tests.listening.browser import browser, server


@dataclass(frozen=True)
class Opened:
    """A browser, a server, and one profile of the browser whose cache holds what every page of Streamlit loads."""

    chromium: Any
    address: str
    profile: Any


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    log = tmp_path_factory.mktemp("server") / "log"
    with browser() as chromium, server("tests.listening.player_app:app", log) as address:
        yield Opened(chromium, address, chromium.new_context(viewport={"width": 1000, "height": 900}))


def visit(opened: Opened, query: str = "", kept: str | None = None) -> Any:
    """A page of a browser that has ``kept`` what an earlier page left, or nothing."""
    page = opened.profile.new_page()
    page.goto(f"{opened.address}/_stcore/health")
    page.evaluate("localStorage.clear()")
    if kept is not None:
        page.evaluate("(kept) => localStorage.setItem('codecbench trial sliders', kept)", kept)
    page.goto(f"{opened.address}/?{query}")
    return page


def ready(page: Any) -> Any:
    page.wait_for_selector("button.sound:enabled")
    return page


def events(page: Any, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """What the server knows, when it knows of ``count`` events of this kind."""
    script = """([kind, n]) => JSON.parse(document.querySelector('code')?.innerText ?? '[]')
        .filter(e => e.kind === kind).length >= n"""
    page.wait_for_function(script, arg=[kind, count])
    return [event for event in json.loads(page.locator("code").inner_text()) if event["kind"] == kind]


def enabled(page: Any) -> list[bool]:
    return [not slider.is_disabled() for slider in page.locator("input[type=range]").all()]


def test_only_what_is_heard_can_be_graded_and_keys_do_everything(opened: Opened) -> None:
    page = ready(visit(opened))
    assert enabled(page) == [False, False, False]
    assert page.locator("output").all_inner_texts() == ["–", "–", "–"]
    page.locator(".trial").focus()
    page.keyboard.press("2")
    assert enabled(page) == [False, True, False]
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageDown")
    page.keyboard.press("0")
    assert enabled(page) == [False, False, False]  # the open reference has no grade
    page.keyboard.press("Space")
    assert page.locator("output").all_inner_texts() == ["–", "100", "40"]
    assert page.locator("input[type=range]").nth(1).get_attribute("aria-valuetext") == "100, excellent"
    rated = events(page, "rate", 2)
    assert [(event["slot"], event["value"]) for event in rated] == [("slot1", 100), ("slot2", 40)]
    assert [event["slot"] for event in events(page, "switch", 2)] == ["slot2", "open"]
    assert len(events(page, "stop")) == 1
    assert [event["slot"] for event in events(page, "listened", 3)] == ["slot1", "slot2", "open"]
    page.wait_for_function("localStorage.getItem('codecbench trial sliders') === null")  # everything is saved
    page.close()


FOCUSED = """() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one.getAttribute('aria-label') ?? one.className ?? one.tagName;
}"""


def focused(page: Any) -> str:
    """Name or class of what has the focus, when the browser has drawn the page again and let go of what is disabled."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return str(page.evaluate(FOCUSED))


def test_the_focus_goes_where_keys_are_heard(opened: Opened) -> None:
    page = ready(visit(opened))
    page.locator("[role=status]").get_by_text("ready", exact=True).wait_for()
    assert focused(page) == "trial", "keys work as soon as the sounds are there"
    page.keyboard.press("2")
    assert enabled(page) == [False, True, False]
    page.locator("input[type=range]").nth(1).focus()
    page.keyboard.press("3")
    assert focused(page) == "rating C", "the slider that keys choose"
    page.keyboard.press("0")  # the open reference has no slider
    assert focused(page) == "trial"
    page.keyboard.press("1")
    assert enabled(page) == [True, False, False]
    page.keyboard.press("Space")

    page.locator("button.sound").nth(1).focus()  # a walk with tab and arrows
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page) == "rating A"
    page.keyboard.press("ArrowRight")
    assert focused(page) == "rating B"
    page.keyboard.press("Space")
    assert focused(page) == "trial"
    page.keyboard.press("ArrowRight")
    assert enabled(page) == [False, False, True]

    for name in ("■ stop", "whole"):  # buttons that disable themselves
        page.keyboard.press("Space")  # the next sound begins at its start
        page.keyboard.press("1")
        page.wait_for_timeout(100)
        page.keyboard.press("[")
        page.get_by_role("button", name=name).click()
        assert focused(page) == "trial", name
        page.keyboard.press("3")
        assert enabled(page) == [False, False, True], name
    page.close()


def test_every_move_of_a_drag_is_saved_in_few_messages(opened: Opened) -> None:
    page = ready(visit(opened))
    page.keyboard.press("1")
    page.evaluate(
        """() => {
            const find = (node) => node.querySelector('input[type=range]') ?? [...node.querySelectorAll('*')]
                .map((one) => one.shadowRoot && find(one.shadowRoot)).find((one) => one);
            find(document).addEventListener('input', (event) => (window.seen ??= []).push(Number(event.target.value)));
        }"""
    )
    box = page.locator("input[type=range]").first.bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(middle, box["y"] + box["height"] * (0.5 - step / 100))
        page.wait_for_timeout(10)
    page.mouse.up()
    page.wait_for_function("localStorage.getItem('codecbench trial sliders') === null")
    seen = page.evaluate("seen")
    assert len(seen) > 10
    told = events(page, "rate")
    moves = [move for event in told for move in event["moves"]]
    assert [score for _, score in moves] == [
        score for before, score in zip([None, *seen], seen, strict=False) if score != before
    ]
    assert [ms for ms, _ in moves] == sorted(ms for ms, _ in moves)
    assert all(event["value"] == event["moves"][-1][1] for event in told)
    seconds = (moves[-1][0] - moves[0][0]) / 1000
    assert len(told) <= 2 + 4 * seconds
    page.close()


def test_a_finger_on_the_slider_of_a_silent_sound_gives_no_score_and_is_told_why(opened: Opened) -> None:
    page = opened.chromium.new_page(viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True)
    page.goto(opened.address)
    ready(page)
    assert not page.locator(".keys").is_visible()

    def tap(slider: Any) -> None:
        box = slider.bounding_box()
        assert box["width"] >= 44  # a finger's width, WCAG 2.5.5
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)

    first, second = page.locator("input[type=range]").nth(0), page.locator("input[type=range]").nth(1)
    page.locator("button.sound").nth(1).tap()
    tap(second)
    page.get_by_text("play_first B").wait_for()
    tap(first)
    rated = events(page, "rate")
    assert {event["slot"] for event in rated} == {"slot0"}
    assert 65 < rated[-1]["value"] < 85
    assert page.locator("output").all_inner_texts()[1:] == ["–", "–"]
    page.close()


def swipe(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger that goes over the screen, as the system would report it."""
    touches = page.context.new_cdp_session(page)

    def say(kind: str, *points: tuple[float, float]) -> None:
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    say("touchStart", start)
    for step in range(1, 11):
        say("touchMove", tuple(a + (b - a) * step / 10 for a, b in zip(start, end, strict=True)))
        page.wait_for_timeout(16)
    say("touchEnd")
    touches.detach()


def test_a_finger_scrolls_over_the_picture_and_silent_sliders_and_sets_nothing(opened: Opened) -> None:
    page = opened.chromium.new_page(viewport={"width": 1024, "height": 500}, has_touch=True, is_mobile=True)
    page.goto(opened.address)
    ready(page)
    for place in ("canvas", "input[type=range]"):
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
        box = page.locator(place).first.bounding_box()
        x, y = box["x"] + box["width"] / 2, min(box["y"] + 60, 420)
        swipe(page, (x, y), (x + 30, y - 150))
        page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 50")
        assert page.locator("[role=status]").inner_text() == "ready", place
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
    box = page.locator("canvas").bounding_box()
    swipe(page, (box["x"] + 200, box["y"] + 30), (box["x"] + 600, box["y"] + 34))
    assert events(page, "loop")[0]["to_s"] > 1, "along the picture it sets the loop"
    page.close()


@pytest.mark.parametrize("touch", [True, False])
def test_a_complaint_is_on_the_screen_beside_the_button(opened: Opened, touch: bool) -> None:
    page = opened.chromium.new_page(viewport={"width": 1024, "height": 400}, has_touch=touch, is_mobile=touch)
    page.goto(opened.address)
    ready(page)
    page.get_by_role("button", name="submit").click()
    complaint = page.get_by_role("alert").get_by_text("rate every stimulus")
    complaint.wait_for()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
    for shown in (complaint, page.get_by_role("button", name="submit")):
        expect(shown).to_be_in_viewport(ratio=1)
    page.close()


def test_keys_move_a_slider_to_its_ends_and_the_last_move_is_saved(opened: Opened) -> None:
    page = ready(visit(opened))
    page.keyboard.press("1")
    for key in (".", ","):  # forth and back by a second, while the sound of two has just begun
        page.keyboard.press(key)
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    told = events(page, "rate", 2)
    assert [score for event in told for _, score in event["moves"]] == [51, 52, 53, 54, 55]
    assert told[-1]["value"] == 55
    for key, score in (("End", "100"), ("Home", "0")):
        page.keyboard.press(key)
        assert page.locator("output").first.inner_text() == score
    forth, back = (event["position_s"] for event in events(page, "seek", 2))
    assert 1 <= forth < 2
    assert 0 <= back < forth - 0.5
    page.close()


def test_a_reload_in_the_middle_of_a_sound_keeps_its_time(opened: Opened) -> None:
    page = ready(visit(opened))
    page.keyboard.press("1")
    events(page, "play")
    page.wait_for_timeout(400)
    page.reload()
    ready(page)
    events(page, "gone")
    listened = events(page, "listened")
    assert {event["slot"] for event in listened} == {"slot0"}
    assert 0.4 < sum(event["seconds"] for event in listened) < 20
    page.close()


def luminance(color: list[float]) -> float:
    """Relative luminance of WCAG 2.2 of red, green and blue from 0 to 255."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (one / 255 for one in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


PAINTED = """(names) => {
    const find = (node) => node.querySelector('.trial') ?? [...node.querySelectorAll('*')]
        .map((one) => one.shadowRoot && find(one.shadowRoot)).find((one) => one);
    const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    return names.map((name) => {
        const probe = find(document).appendChild(document.createElement('i'));
        probe.style.color = `var(${name})`;
        paint.fillStyle = getComputedStyle(probe).color;
        paint.fillRect(0, 0, 1, 1);
        probe.remove();
        return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_sliders_stand_out_from_the_background(opened: Opened, scheme: str, tmp_path: Path) -> None:
    page = ready(visit(opened))
    page.emulate_media(color_scheme=scheme)
    page.reload()
    ready(page)
    page.keyboard.press("2")
    page.keyboard.press("PageUp")
    page.screenshot(path=tmp_path / f"{scheme}.png")
    ink, paper, rail, on = page.evaluate(PAINTED, ["--ink", "--paper", "--rail", "--on"])
    assert (luminance(paper) > 0.5) == (scheme == "light")
    assert contrast(ink, paper) >= 4.5
    assert contrast(rail, paper) >= 3, "sliders that cannot be moved are seen, too"
    assert contrast(on, paper) >= 3
    page.close()


@pytest.mark.parametrize(("theme", "paper"), [("light", (255, 255, 255)), ("dark", (23, 22, 20))])
def test_boxes_and_circles_to_choose_stand_out(theme: str, paper: tuple[int, ...]) -> None:
    """``paper``: what Streamlit paints the page with."""
    for name in ("borderColor", "primaryColor"):
        color = bytes.fromhex(str(STREAMLIT[f"theme.{theme}.{name}"]).removeprefix("#"))
        assert contrast(list(color), list(paper)) >= 3, name


def test_what_plays_and_what_the_server_says_is_told_by_words(opened: Opened) -> None:
    page = ready(visit(opened))
    page.locator("button.sound").nth(3).click()
    assert page.locator("[role=status]").inner_text() == "playing C"
    assert [button.get_attribute("aria-pressed") for button in page.locator("button.sound").all()] == ["false"] * 3 + [
        "true"
    ]
    assert page.locator(".part.on .playing").inner_text() == "▶ playing"
    page.get_by_role("button", name="submit").click()
    page.get_by_role("alert").get_by_text("rate every stimulus").wait_for()
    page.close()


def test_a_loop_is_dragged_and_a_short_one_refused(opened: Opened) -> None:
    page = ready(visit(opened))
    page.locator("button.sound").nth(1).click()
    box = page.locator("canvas").bounding_box()

    def drag(start: float, end: float) -> None:
        page.mouse.move(box["x"] + start * box["width"], box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + end * box["width"], box["y"] + 20)
        page.mouse.up()

    drag(0.25, 0.75)
    (loop,) = events(page, "loop")
    assert (loop["from_s"], loop["to_s"]) == (pytest.approx(0.5, abs=0.01), pytest.approx(1.5, abs=0.01))
    drag(0.2, 0.3)
    assert page.locator("[role=status]").inner_text() == "short_loop"
    page.get_by_role("button", name="whole").click()
    assert events(page, "loop", 2)[1]["to_s"] == 2.0
    page.close()


@pytest.mark.parametrize(("kind", "label", "event"), [("options", "good", "rate"), ("choice", "X is B", "choose")])
def test_options(opened: Opened, kind: str, label: str, event: str) -> None:
    page = ready(visit(opened, f"kind={kind}"))
    page.locator("button.sound").nth(1).click()
    page.locator("fieldset:enabled").get_by_label(label).check()
    (found,) = events(page, event)
    assert found["value"] == (4 if kind == "options" else "B")
    if kind == "options":
        page.keyboard.press("2")
        assert focused(page) == "trial", "it survives options that are disabled"
    page.close()


def test_the_level_is_moved_by_keys_and_by_hand(opened: Opened) -> None:
    page = ready(visit(opened, "kind=level"))
    slider = page.locator(".level input")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("-4", "4")
    page.keyboard.press("ArrowUp")
    assert slider.input_value() == "0.5", "wherever the focus is"
    slider.focus()
    for key, db in (("ArrowRight", "1"), ("ArrowDown", "0.5"), ("End", "4"), ("Home", "-4"), ("PageUp", "1")):
        page.keyboard.press(key)
        assert slider.input_value() == db, key
    assert events(page, "level", 6)[-1]["value"] == 1
    slider.evaluate(
        "s => { s.value = 2.5; s.dispatchEvent(new Event('input')); s.dispatchEvent(new Event('change')); }"
    )
    assert events(page, "level", 7)[-1]["value"] == 2.5
    page.close()


@pytest.mark.parametrize(("kind", "label"), [("options", "good"), ("choice", "X is B"), ("level", ""), ("sliders", "")])
def test_what_is_not_saved_yet_is_shown_after_a_reload(opened: Opened, kind: str, label: str) -> None:
    """Or the page would show one rating, and the server save another."""
    page = ready(visit(opened, f"kind={kind}"))
    page.evaluate("window.WebSocket.prototype.send = function () {}")
    page.locator("button.sound").nth(1).click()
    if label:
        page.locator("fieldset:enabled").get_by_label(label).check()
    page.keyboard.press("PageUp")
    page.reload()
    ready(page)
    if label:
        assert page.locator("fieldset").get_by_label(label).first.is_checked()
    else:
        assert page.locator("input[type=range]").first.input_value() == {"level": "4", "sliders": "60"}[kind]
    if kind == "sliders":
        assert page.locator("output").all_inner_texts() == ["60", "–", "–"]
    page.close()


@pytest.mark.parametrize("kept", ["[null, 5]", "{}", "nothing", '[{"kind": "rate"}]'])
def test_what_is_not_ours_in_the_storage_is_left_aside(opened: Opened, kept: str) -> None:
    page = ready(visit(opened, kept=kept))
    page.keyboard.press("1")
    events(page, "play")
    page.close()


def test_events_survive_a_server_that_does_not_answer(opened: Opened) -> None:
    page = ready(visit(opened))
    page.locator("button.sound").nth(1).click()
    events(page, "play")
    page.context.set_offline(True)
    page.evaluate("window.WebSocket.prototype.send = function () {}")  # an answer that never comes
    page.keyboard.press("PageUp")
    page.wait_for_function("(localStorage.getItem('codecbench trial sliders') ?? '').includes('rate')")
    page.get_by_text("unsaved").wait_for()
    page.context.set_offline(False)
    page.reload()
    ready(page)
    assert events(page, "rate")[0]["value"] == 60
    assert not page.get_by_text("unsaved").is_visible()
    page.close()


def test_sound_that_does_not_come_is_told_and_can_be_tried_again(opened: Opened) -> None:
    page = visit(opened, "broken=nothing")
    page.get_by_role("button", name="retry").wait_for()
    assert page.locator("button.sound:enabled").count() == 0
    assert "404" in events(page, "error")[0]["value"]
    page.close()


def test_the_context_is_closed_with_the_page(opened: Opened) -> None:
    page = ready(visit(opened))
    page.evaluate(
        """() => {
            window.made = [];
            window.AudioContext = class extends AudioContext { constructor(o) { super(o); made.push(this); } };
        }"""
    )
    page.locator("button.sound").nth(1).click()
    events(page, "play")
    assert page.evaluate("[made.length, made[0].state, made[0].sampleRate]") == [1, "running", 48_000]
    page.get_by_role("button", name="leave").click()
    page.wait_for_function("made[0].state === 'closed'")
    page.close()


def test_the_script_is_one_module() -> None:
    from listening_test import player

    assert set(player.MODULES) == {path.name for path in player.HERE.glob("*.js")}
    assert player.script().count("export default") == 1
    assert not re.search(r"^import ", player.script(), re.MULTILINE)
    assert Path(player.HERE / "player.css").is_file()
