"""What goes wrong while somebody listens: servers die, links are wrong, two tabs are open, people leave."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from listening_test.session import Sessions
from tests.listening.browser import free_port, started
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import (
    APP,
    NOTHING_UNSAVED,
    SLOW_MS,
    Served,
    at_trial,
    consent,
    environment,
    rate,
    set_up,
    sounds_ready,
    submit,
    watched,
)

pytestmark = pytest.mark.slow


def test_a_server_that_is_killed_loses_no_rating(chromium: Any, tmp_path: Path) -> None:
    test = tiny_test(tmp_path, trials=2)
    sessions, port, log = Sessions(test, tmp_path), free_port(), tmp_path / "log"
    served = Served(f"http://127.0.0.1:{port}", tmp_path, test, sessions)
    process = started(APP, log, environment(tmp_path), port)
    page = chromium.new_page()
    try:
        page.goto(served.link())
        set_up(page, watched(page))
        rate(page, [11, 22])
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        page.keyboard.press("PageUp")  # what is heard goes on, and so do ratings
        rate(page, [11, 32, 43])
        process = started(APP, log, environment(tmp_path), port)
        page.wait_for_function(NOTHING_UNSAVED, timeout=2 * SLOW_MS)
        values = [(row["kind"], row["value"]) for row in sessions.event_rows() if row["kind"] == "rate"]
        assert [value for _, value in values][-1] == 43
        assert {11.0, 22.0, 32.0, 43.0} <= {value for _, value in values}
        assert page.locator("output").all_inner_texts()[:3] == ["11", "32", "43"]
        sounds_ready(page)
        rate(page, [11, 32, 43, 54, 100])
        submit(page)
        at_trial(page, 1, 2)
        scores = sorted(row["score"] for row in sessions.export_rows())
        assert scores == [11, 32, 43, 54, 100]
    finally:
        page.close()
        process.kill()
        process.wait(10)
        sessions.dispose()


def test_links_that_open_nothing_all_say_the_same(chromium: Any, served: Served) -> None:
    page = chromium.new_page()
    page.goto(served.link())
    consent(page)
    page.get_by_role("heading", name="What do you listen with?").wait_for(timeout=SLOW_MS)
    [running] = [row.listener for row in served.sessions.progress() if row.status == "running"]
    withdrawn = page.url
    page.get_by_role("button", name="Stop and withdraw").click()
    page.get_by_role("button", name="Erase everything about me").click()
    page.get_by_role("heading", name="You have withdrawn").wait_for(timeout=SLOW_MS)
    assert running not in {row.listener for row in served.sessions.progress()}
    said = []
    closed = served.link()
    served.sessions.close()
    page.goto(closed)
    page.get_by_role("heading", name="This link does not work").wait_for(timeout=SLOW_MS)
    said.append(page.locator("[data-testid=stMain]").inner_text())
    served.sessions.reopen()
    for link in (withdrawn, f"{served.address}/?p=wrong", f"{served.address}/", f"{served.address}/?p=%00'\"<b>"):
        page.goto(link)
        page.get_by_role("heading", name="This link does not work").wait_for(timeout=SLOW_MS)
        said.append(page.locator("[data-testid=stMain]").inner_text())
    assert len(set(said)) == 1
    page.close()


def test_the_older_of_two_tabs_is_told_and_can_take_the_test_back(chromium: Any, served: Served) -> None:
    context = chromium.new_context()
    old, new = context.new_page(), context.new_page()
    link = served.link()
    old.goto(link)
    set_up(old, watched(old))
    rate(old, [10, 20])
    new.goto(link)
    sounds_ready(new)
    old.get_by_role("heading", name="The test is open somewhere else").wait_for(timeout=SLOW_MS)
    assert old.locator("button.sound").count() == 0
    assert new.locator("output").all_inner_texts()[:2] == ["10", "20"]
    rate(new, [10, 25])
    new.wait_for_timeout(500)
    old.get_by_role("button", name="Go on here").click()
    sounds_ready(old)
    assert old.locator("output").all_inner_texts()[:2] == ["10", "25"]
    new.get_by_role("heading", name="The test is open somewhere else").wait_for(timeout=SLOW_MS)
    old.get_by_role("button", name="Stop and withdraw").click()
    old.get_by_role("button", name="Erase everything about me").click()
    old.get_by_role("heading", name="You have withdrawn").wait_for(timeout=SLOW_MS)
    old.wait_for_function(NOTHING_UNSAVED)
    old.close()
    new.close()
    context.close()


def test_keys_alone_do_everything(chromium: Any, served: Served) -> None:
    page = chromium.new_page()
    page.goto(served.link())

    def go(name: str) -> None:
        """Tab until the control of that name has the focus."""
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                """() => {
                    let one = document.activeElement;
                    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
                    return one.getAttribute('aria-label') || one.closest('label')?.innerText || one.innerText || '';
                }"""
            )
            if focused.startswith(name):
                return
        raise AssertionError(f"Tab never came to {name}")

    page.get_by_role("button", name="Start").wait_for(timeout=SLOW_MS)
    go("I have read this")
    page.keyboard.press("Space")
    go("Start")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What do you listen with?").wait_for(timeout=SLOW_MS)
    go("Headphones")
    page.keyboard.press("Space")
    go("Go on")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Set the volume").wait_for(timeout=SLOW_MS)
    sounds_ready(page)
    go("Keep this volume")
    page.keyboard.press("Enter")
    for _ in range(2):  # one answer for all is wrong twice, and the listener goes on
        for number in (1, 2, 3):
            page.get_by_text(f"Check {number} of 3").wait_for(timeout=SLOW_MS)
            page.wait_for_timeout(500)  # until then the player of the page before may stand
            sounds_ready(page)
            go("On the left")
            page.keyboard.press("Space")
            go("Answer")
            page.keyboard.press("Enter")
    page.get_by_role("heading", name="Training 1 of 1").wait_for(timeout=SLOW_MS)
    while set(page.locator("output").all_inner_texts()) != {"–"}:
        page.wait_for_timeout(20)
    sounds_ready(page)
    go("Sounds of this page")
    for key in ("1", "Home", "2", "PageDown", "3", "ArrowUp", "4", "End", "5", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator("output").all_inner_texts() == ["0", "40", "51", "100", "49"]
    go("Save and go on")
    page.keyboard.press("Enter")
    at_trial(page, 1, 2)
    headphones = [row["values"] for row in served.sessions.answer_rows() if row["kind"] == "headphones"][-1]
    assert (headphones["passed"], headphones["failed_attempts"]) == (False, 2)
    page.close()
