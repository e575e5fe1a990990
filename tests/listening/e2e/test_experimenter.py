"""The experimenter's pages in a real browser, with text of people that tries to be more than text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from listening_test.session import Sessions
from listening_test.session.passwords import hash_password
from tests.listening.browser import server
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import APP, SLOW_MS, Served, environment
from tests.listening.listeners import do_all

pytestmark = pytest.mark.slow

EVIL = '<img src=x onerror="document.title=\'owned\'"> & "quotes" \' 🎧 ' + "ä" * 9_900


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("quagga")
    test = tiny_test(folder, trials=2)
    sessions = Sessions(test, folder)
    more = {"CODECBENCH_LISTEN_PASSWORD_HASH": hash_password("right & long")}
    with server(APP, folder / "log", environment(folder, **more)) as address:
        yield Served(address, folder, test, sessions)
    sessions.dispose()


def log_in(page: Any, password: str) -> None:
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def test_the_experimenter_follows_a_test(chromium: Any, guarded: Served, tmp_path: Path) -> None:
    sessions = guarded.sessions
    for token in sessions.invite(2, note=EVIL[:200]):
        visit = sessions.open(token, "tab")
        do_all(visit)
        visit.answer("comment", {"text": EVIL})
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(f"{guarded.address}/experimenter")
    page.get_by_label("Password", exact=True).wait_for(timeout=SLOW_MS)
    assert page.get_by_role("tab").count() == 0
    log_in(page, "wrong")
    page.get_by_text("This is not the password.").wait_for(timeout=SLOW_MS)
    log_in(page, "right & long")
    page.get_by_text("Valid so far").wait_for(timeout=SLOW_MS)
    html = page.content()
    assert not [name for name in ("codec0", "anchor35") if name in html]
    assert page.locator("[data-testid=stMetricValue]").all_inner_texts()[:2] == ["2", "2"]

    page.get_by_role("tab", name="Invitations").click()
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Make links").click()
    page.get_by_text("2 new links").wait_for(timeout=SLOW_MS)
    links = page.locator("code").filter(has_text="?p=").inner_text().split()
    assert len(links) == 2
    assert all(link.startswith(f"{guarded.address}/?p=") for link in links)
    sessions.open(links[0].partition("?p=")[2], "tab")

    page.get_by_role("tab", name="Results").click()
    page.get_by_role("button", name="Show results").click()
    page.get_by_text("Box: quartiles with median").wait_for(timeout=SLOW_MS)
    page.screenshot(path=tmp_path / "results.png", full_page=True)

    page.get_by_role("tab", name="Data").click()
    page.get_by_role("button", name="Prepare the files").click()
    with page.expect_download(timeout=SLOW_MS) as download:
        page.get_by_role("button", name="answers.json").click()
    answers = json.loads(Path(download.value.path()).read_text())
    assert [row["values"]["text"] for row in answers if row["kind"] == "comment"] == [EVIL, EVIL]
    with page.expect_download(timeout=SLOW_MS) as download:
        page.get_by_role("button", name="ratings.csv").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 1 + 2 * 3 * 5

    page.locator("label").filter(has_text="No more answers").click()
    page.get_by_role("button", name="Close the test").click()
    page.get_by_text("The test is closed").wait_for(timeout=SLOW_MS)
    assert sessions.closed
    sessions.reopen()
    assert page.title() != "owned"
    page.close()


def test_passwords_are_not_guessed_fast(chromium: Any, tmp_path: Path) -> None:
    """Not in many tabs at once either."""
    tiny_test(tmp_path, trials=1)
    said = re.compile("This is not the password|Too many wrong passwords")
    secret = {"CODECBENCH_LISTEN_PASSWORD_HASH": hash_password("right & long")}
    with server(APP, tmp_path / "log", environment(tmp_path, **secret)) as address:
        pages = [chromium.new_page() for _ in range(7)]
        for page in pages:
            page.goto(f"{address}/experimenter")
            page.get_by_label("Password", exact=True).fill("wrong", timeout=SLOW_MS)
        for page in pages:
            page.get_by_role("button", name="Log in").click(no_wait_after=True)
        heard = [page.get_by_text(said).inner_text(timeout=SLOW_MS) for page in pages]
        assert sorted(text[:8] for text in heard) == ["This is "] * 5 + ["Too many"] * 2
        last = pages[next(index for index, text in enumerate(heard) if text.startswith("This"))]
        log_in(last, "right & long")
        last.get_by_text("Too many wrong passwords").wait_for(timeout=SLOW_MS)
        for page in pages:
            page.close()
