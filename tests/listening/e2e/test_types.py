"""The other types of tests on the same pages, and a questionnaire with answers that try to be more than text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from listening_test.model import TestType
from listening_test.session import Sessions
from tests.listening.browser import server
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import APP, SLOW_MS, Served, consent, device, environment, level, sounds_ready, submit

pytestmark = pytest.mark.slow

EVIL = "<script>document.title='owned'</script> & \"quotes\" ' 🎧 $x$ :red[y] " + "é" * 9_900
QUESTIONS = (
    {"id": "who", "text": {"en": "Who <b>are</b> you & why?", "de": "Wer?"}, "kind": "text", "required": True},
    {"id": "age", "text": "Age", "kind": "number"},
    {"id": "years", "text": "Experience", "kind": "choice", "options": ["none", "<5 years", "more"], "required": True},
    {"id": "after", "text": "How was it?", "kind": "text", "when": "after"},
)
ANSWERS: dict[TestType, tuple[str, str]] = {
    "acr": ("Good", "fieldset:enabled"),
    "dcr": ("Slightly annoying", "fieldset:enabled"),
    "abx": ("X is B", "fieldset"),
    "ab": ("A sounds better", "fieldset"),
}


@pytest.mark.parametrize("type_", ANSWERS)
def test_a_test_of_another_type(chromium: Any, tmp_path: Path, type_: TestType) -> None:
    rules = {"headphone_check": "none", "trials_before_break": 1}
    test = tiny_test(tmp_path, type_, trials=2, systems=1, rules=rules, questionnaire=QUESTIONS)
    sessions = Sessions(test, tmp_path)
    page = chromium.new_page()
    label, part = ANSWERS[type_]
    with server(APP, tmp_path / "log", environment(tmp_path)) as address:
        page.goto(Served(address, tmp_path, test, sessions).link())
        consent(page)
        page.get_by_role("button", name="Go on", exact=True).click(timeout=SLOW_MS)
        page.get_by_text("Please answer every question marked with *.").wait_for(timeout=SLOW_MS)
        page.get_by_label("Who <b>are</b> you & why?").fill(EVIL)
        page.get_by_label("Age").fill("42")
        page.locator("label").filter(has_text="<5 years").click()
        page.get_by_role("button", name="Go on", exact=True).click()
        device(page)
        level(page, 2.5)
        for title in ("Training 1 of 1", "Trial 1 of 2", "Trial 2 of 2"):
            page.get_by_role("heading", name=title).wait_for(timeout=SLOW_MS)
            page.wait_for_timeout(700)  # until then the player of the page before may stand
            sounds_ready(page)
            for button in page.locator("button.sound").all():
                button.click()
            page.locator(part).get_by_label(label).check()
            submit(page)
            if title == "Trial 1 of 2":
                page.get_by_text("You have done 1 trials, 1 are left.").wait_for(timeout=SLOW_MS)
                page.get_by_role("button", name="Go on with the test").click()
        page.get_by_label("How was it?").wait_for(timeout=SLOW_MS)
        page.get_by_role("button", name="Go on", exact=True).click()
        page.get_by_role("heading", name="Thank you!").wait_for(timeout=SLOW_MS)
        page.get_by_role("textbox").fill(EVIL)
        page.get_by_role("button", name="Send").click()
        page.get_by_text("Thank you, this is saved.").wait_for(timeout=SLOW_MS)
        assert page.title() == "Listening test"
        page.close()
    answers = {row["kind"]: row["values"] for row in sessions.answer_rows()}
    assert answers["questionnaire_before"] == {"who": EVIL, "age": 42, "years": "<5 years"}
    assert answers["comment"] == {"text": EVIL}
    assert answers["level"] == {"gain_db": 2.5}
    rows = sessions.export_rows()
    assert len(rows) == 3
    assert {row["score"] for row in rows} <= {"acr": {4}, "dcr": {3}}.get(type_, {0, 1})
    sessions.dispose()
