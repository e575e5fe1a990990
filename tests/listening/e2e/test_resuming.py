"""Pages before the trials, after a reload and under a path: everything goes on, and everything is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from listening_test.session import Sessions
from tests.listening.browser import server
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import NOTHING_UNSAVED, SLOW_MS, Served, consent, device, environment, sounds_ready
from tests.listening.e2e.under_path import PATH

pytestmark = pytest.mark.slow

UNDER_PATH = "tests.listening.e2e.under_path:app"


def test_the_set_up_resumes_after_a_reload_under_a_path(chromium: Any, tmp_path: Path) -> None:
    test = tiny_test(tmp_path, trials=1, title="See https://a.org, www.a.org, me@a.org & *this*")
    sessions = Sessions(test, tmp_path)
    page = chromium.new_page()

    def again(name: str) -> None:
        """Reload, and go on when the sounds are there again."""
        page.wait_for_function(NOTHING_UNSAVED, timeout=SLOW_MS)
        page.reload()
        page.get_by_role("button", name=name).wait_for(timeout=SLOW_MS)
        sounds_ready(page)

    with server(UNDER_PATH, tmp_path / "log", environment(tmp_path)) as address:
        page.goto(Served(f"{address}{PATH}", tmp_path, test, sessions).link())
        heading = page.get_by_role("heading", name="See https")
        heading.wait_for(timeout=SLOW_MS)
        assert page.locator("[data-testid=stMain] a").count() == 0
        consent(page)
        device(page)
        page.get_by_role("button", name="Keep this volume").wait_for(timeout=SLOW_MS)
        sounds_ready(page)
        page.locator(".level input").focus()
        for _ in range(3):
            page.keyboard.press("ArrowUp")
        again("Keep this volume")
        assert page.locator(".level input").input_value() == "1.5"
        page.get_by_role("button", name="Keep this volume").click()
        page.get_by_text("Check 1 of 3").wait_for(timeout=SLOW_MS)
        sounds_ready(page)
        page.get_by_role("button", name="Answer").click()
        page.get_by_role("alert").get_by_text("Please choose an answer").wait_for(timeout=SLOW_MS)
        page.get_by_label("On the right").check()
        page.get_by_role("alert").wait_for(state="hidden", timeout=SLOW_MS)
        page.get_by_role("button", name="Answer").click()
        page.get_by_text("Check 2 of 3").wait_for(timeout=SLOW_MS)
        page.wait_for_timeout(700)  # until then the player of the page before may stand
        sounds_ready(page)
        page.get_by_label("On the left").check()
        again("Answer")
        page.get_by_text("Check 2 of 3").wait_for(timeout=SLOW_MS)
        assert page.get_by_label("On the left").is_checked()
        page.close()
    answers = {row["kind"]: row["values"] for row in sessions.answer_rows()}
    assert answers["level"] == {"gain_db": 1.5}
    assert (answers["headphones_so_far"]["answers"], answers["headphones_so_far"]["choice"]) == ([2], 0)
    sessions.dispose()
