"""What may come in, what it does, where a listener is, and what stands behind a slot: the pure parts of a session."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bench.audio import Audio
from bench.errors import ConfigError, StoreError
from listening_test.model import OPEN_REFERENCE, Stimulus, Test, Trial, pair
from listening_test.ratings.rows import Logged, Page, Rating, Slot
from listening_test.session.checking import EACH, check_answer, checked_events, size_of
from listening_test.session.errors import BadAnswer, TokenError, TooManyGuesses, UnknownSlot, WrongStep
from listening_test.session.links import check_base, link
from listening_test.session.order import draw, least_filled, letters
from listening_test.session.recording import effects
from listening_test.session.shapes import Event, Step
from listening_test.session.steps import break_due, current_step
from listening_test.session.wav import wav
from tests.listening.conftest import tiny_test

GOOD = Event("e1", "rate", 5.0, "page", "slot", 50.0, {"from": 40})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ""}, "an event: expected an id of 1 to 100 printable ASCII characters, got ''."),
        ({"id": "x" * 101}, f"an event: expected an id of 1 to 100 printable ASCII characters, got '{'x' * 101}'."),
        ({"id": "server:1"}, "an event: expected an id of 1 to 100 printable ASCII characters, got 'server:1'."),
        ({"kind": "Rate"}, "event e1: expected a kind in lower-case letters, got 'Rate'."),
        ({"kind": "a" * 33}, f"event e1: expected a kind in lower-case letters, got '{'a' * 33}'."),
        ({"ms": float("inf")}, "event e1: expected finite numbers, got ms inf, value 50.0."),
        ({"value": True}, "event e1: expected finite numbers, got ms 5.0, value True."),
        ({"value": 2**53 + 1}, f"event e1: expected finite numbers, got ms 5.0, value {2**53 + 1}."),
        ({"trial": ""}, "event e1: a slot needs its trial beside it."),
        ({"slot": ""}, "event e1: rate needs a slot."),
        ({"slot": "", "kind": "choose"}, "event e1: choose needs a slot."),
        ({"detail": {"a": {1}}}, "event e1: expected values that JSON can hold."),
        ({"detail": {"a": "x" * 20_000}}, "event e1: expected at most 20000 characters, got 20009."),
    ],
)
def test_an_event_that_cannot_be_is_told(changes: Mapping[str, Any], message: str) -> None:
    with pytest.raises(BadAnswer) as told:
        checked_events([GOOD, Event(**({name: getattr(GOOD, name) for name in Event.__slots__} | changes))])
    assert str(told.value) == message
    assert told.value.key == ("too_long" if "at most" in message else "bad_answer")


def test_the_widest_event_is_kept_and_a_second_of_its_id_is_not() -> None:
    widest = Event("x" * 100, "a" * 32, -(2.0**53), "page", "slot", 2**53, {"a": "x" * 19_991})
    assert checked_events([widest, GOOD, Event("e1", "play", 1.0)]) == [widest, GOOD]
    assert size_of([widest, GOOD]) == 2 * EACH + 20_000 + len('{"from": 40}')


@pytest.mark.parametrize("gain", [None, 4, -4.0, 0])
def test_a_gain_in_range_is_an_answer(gain: float | None) -> None:
    check_answer("level", {"gain_db": gain}, 4)
    check_answer("device", {"gain_db": 99}, 4)


@pytest.mark.parametrize(
    ("kind", "values", "message", "key"),
    [
        ("consent", {}, "the test starts only after consent: expected agreed to be true.", "consent_needed"),
        ("consent", {"agreed": 1}, "the test starts only after consent: expected agreed to be true.", "consent_needed"),
        ("level", {"gain_db": 4.01}, "level: expected a gain within +-4 dB, got 4.01.", "level_range"),
        ("level", {"gain_db": True}, "level: expected a gain within +-4 dB, got True.", "level_range"),
        ("x", {"a": "y" * 100_000}, "the answer 'x': expected at most 100000 characters, got 100009.", "too_long"),
        ("x", {"a": object()}, "the answer 'x': expected values that JSON can hold.", "bad_answer"),
    ],
)
def test_an_answer_that_cannot_be_is_told(kind: str, values: Mapping[str, Any], message: str, key: str) -> None:
    with pytest.raises(BadAnswer) as told:
        check_answer(kind, values, 4)
    assert (str(told.value), told.value.key) == (message, key)


def test_every_refused_link_says_what_to_do() -> None:
    assert str(TokenError()) == "This link does not open a listening test. Please ask who invited you for another."
    assert str(TooManyGuesses()) == "Too many links were tried. Please wait a minute and open yours again."


def test_a_link_leads_to_the_app() -> None:
    assert link("abc", "https://lab.example.org/XX/") == "https://lab.example.org/XX/?p=abc"
    assert link("abc", "https://lab.example.org/XX") == "https://lab.example.org/XX/?p=abc"
    assert link("abc", "http://host:8501") == "http://host:8501/?p=abc"
    for good in ("", "http://host:8501", "https://lab.example.org/listen"):
        check_base(good)
    for bad in ("lab.example.org", "ftp://lab.example.org", "https:///listen", "//lab.example.org"):
        with pytest.raises(ConfigError, match=r"^--base .*: expected an address of the web such as https://") as told:
            check_base(bad)
        assert str(told.value).endswith(f", got {bad!r}.")


def trial(*roles: Any) -> Trial:
    stimuli = tuple(Stimulus(f"c{index}", role, str(index)) for index, role in enumerate(roles))
    return Trial("t", "clip", "set", "speech", Stimulus("reference", "reference", "r"), stimuli, 1.0)


def test_the_condition_under_test_is_the_second_unless_that_is_the_hidden_reference() -> None:
    assert pair(trial("system")) == (OPEN_REFERENCE, 0)
    assert pair(trial("system", "system")) == (0, 1)
    assert pair(trial("hidden_reference", "system")) == (0, 1)
    assert pair(trial("system", "hidden_reference")) == (1, 0)
    assert pair(trial("hidden_reference", "hidden_reference")) == (0, 1)
    for wrong in (trial(), trial("system", "system", "system")):
        with pytest.raises(StoreError) as told:
            pair(wrong)
        assert str(told.value) == (
            f"trial t: expected one or two stimuli in a test of pairs, got {len(wrong.stimuli)}. "
            "Build the test again: codecbench listen build"
        )


def test_slots_have_letters() -> None:
    assert letters("mushra", 3) == ("A", "B", "C")
    assert letters("ab", 2) == ("A", "B")
    assert letters("abx", 3) == ("A", "B", "X")


@pytest.mark.parametrize(
    ("type_", "kinds"),
    [
        ("mushra", ["reference", *["rated"] * 5]),
        ("dcr", ["reference", *["rated"] * 2]),
        ("acr", ["rated"] * 2),
        ("ab", ["rated"] * 2),
        ("abx", ["rated", "rated", "x"]),
    ],
)
def test_a_page_has_the_slots_of_its_type(type_: Any, kinds: list[str], tmp_path: Path) -> None:
    test = tiny_test(tmp_path, type_)
    pages = draw(test, 3, 0)
    assert [page.position for page, _ in pages] == [1, 2, 3, 4]
    assert [page.training for page, _ in pages] == [True, False, False, False]
    assert pages[0][0].trial == "trial0"
    assert {page.trial for page, _ in pages} == {"trial0", "trial1", "trial2", "trial3"}
    everything = [slot.id for _, slots in pages for slot in slots] + [page.id for page, _ in pages]
    assert len(set(everything)) == len(everything)
    assert {len(one) for one in everything} == {24}
    for _, slots in pages:
        assert [slot.kind for slot in slots] == kinds
        assert [slot.position for slot in slots] == list(
            range(0 if "reference" in kinds else 1, len(kinds) + ("reference" not in kinds))
        )
        stimuli = [slot.stimulus for slot in slots if slot.kind == "rated"]
        assert len(set(stimuli)) == len(stimuli)
        assert all(slot.stimulus in stimuli for slot in slots if slot.kind == "x")
        assert all(slot.stimulus == OPEN_REFERENCE for slot in slots if slot.kind == "reference")


def test_an_order_follows_from_the_seed_and_the_number(tmp_path: Path) -> None:
    test = tiny_test(tmp_path, trials=6)

    def order(number: int) -> list[tuple[str, list[int]]]:
        return [(page.trial, [slot.stimulus for slot in slots]) for page, slots in draw(test, number, 0)]

    assert order(1) == order(1) != order(2)
    assert [page.training for page, _ in draw(test, 1, block=5)] == [True]


def test_the_emptiest_block_is_next(tmp_path: Path) -> None:
    from dataclasses import replace

    test = tiny_test(tmp_path, trials=6)
    blocked = replace(test, trials=tuple(replace(one, block=index % 3) for index, one in enumerate(test.trials)))
    assert least_filled(blocked, {0: 2, 1: 1, 2: 2}, 9) == 1
    assert least_filled(blocked, {0: 1, 1: 1}, 9) == 2
    assert {least_filled(blocked, {1: 1}, number) for number in range(30)} == {0, 2}
    assert least_filled(blocked, {}, 4) == least_filled(blocked, {}, 4)


PAGES = {"page": Page("page", "t", 1, False, opened="now"), "old": Page("old", "t", 2, False, "now", "later")}
SLOTS = {
    name: [
        Slot(f"{name}-r", OPEN_REFERENCE, "reference", 0),
        Slot(f"{name}-0", 0, "rated", 1),
        Slot(f"{name}-1", 1, "rated", 2),
    ]
    for name in PAGES
}


def of(kind: str, slot: str = "", value: float | None = None, page: str = "page", type_: Any = "mushra") -> Any:
    event = Event("e", kind, 2.0, page, f"{page}-{slot}" if slot else "", value, {"a": 1})
    return effects(type_, {"t": trial("hidden_reference", "system")}, [event, event], PAGES, SLOTS)


def test_events_become_lines_plays_and_ratings() -> None:
    found = of("play", "r")
    assert found.lines == [Logged("e", "play", 2.0, "page", "page-r", None, {"a": 1})] * 2
    assert (found.plays, found.ratings, found.late) == ({"page-r": 2}, {}, 0)
    assert of("switch", "1").plays == {"page-1": 2}
    assert of("stop", "1").plays == {}
    rated = of("rate", "1", 70)
    assert rated.ratings == {("t", 1): (Rating(1, "page-1", 70.0), 2)}
    late = of("rate", "1", 70, page="old")
    assert (late.ratings, late.late, len(late.lines)) == ({}, 2, 2)
    nowhere = effects("mushra", {}, [Event("e", "blur", 1.0)], {}, {})
    assert nowhere.lines == [Logged("e", "blur", 1.0, None, None, None, {})]


def test_a_choice_is_a_rating_of_the_condition_under_test() -> None:
    assert of("choose", "1", type_="ab").ratings == {("t", 1): (Rating(1, "page-1", 1.0), 2)}
    assert of("choose", "0", type_="ab").ratings == {("t", 1): (Rating(1, "page-0", 0.0), 2)}
    slots = {"page": [*SLOTS["page"][1:], Slot("page-x", 0, "x", 3)]}
    for chosen, right in (("page-0", 1.0), ("page-1", 0.0)):
        event = Event("e", "choose", 2.0, "page", chosen)
        found = effects("abx", {"t": trial("hidden_reference", "system")}, [event], PAGES, slots)
        assert found.ratings == {("t", 1): (Rating(1, chosen, right), 1)}
    with pytest.raises(BadAnswer, match=r"^event e: choose does not go with this slot of a test of type abx\.$"):
        effects("abx", {"t": trial("system")}, [Event("e", "choose", 2.0, "page", "page-x")], PAGES, slots)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"kind": "rate", "slot": "r", "value": 5},
            BadAnswer,
            "event e: rate does not go with this slot of a test of type mushra.",
        ),
        (
            {"kind": "choose", "slot": "1"},
            BadAnswer,
            "event e: choose does not go with this slot of a test of type mushra.",
        ),
        ({"kind": "rate", "slot": "1"}, BadAnswer, "event e: expected from 0 to 100, got None."),
        (
            {"kind": "rate", "slot": "1", "value": 2.5, "type_": "acr"},
            BadAnswer,
            "event e: expected a whole number from 1 to 5, got 2.5.",
        ),
        ({"kind": "play", "slot": "9"}, UnknownSlot, "event e: its trial has no such slot."),
        ({"kind": "play", "page": "gone"}, UnknownSlot, "event e: this session has no such trial."),
    ],
)
def test_an_event_that_does_not_fit_is_told(given: Mapping[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as told:
        of(**given)
    assert str(told.value) == message


def test_an_event_of_a_trial_that_was_not_shown_is_told() -> None:
    with pytest.raises(WrongStep, match=r"^event e: the turn of its trial has not come\.$"):
        effects("mushra", {}, [Event("e", "blur", 1.0, "p")], {"p": Page("p", "t", 1, False)}, {"p": []})


def test_steps_follow_what_is_saved(tmp_path: Path) -> None:
    questions = ({"id": "age"}, {"id": "sex", "when": "before"}, {"id": "hard", "when": "after"})
    test: Test = tiny_test(tmp_path, questionnaire=questions, rules={"trials_before_break": 1, "level_range_db": 3})
    answered: list[str] = []

    def pages(done: int) -> list[Page]:
        return [Page(f"p{n}", f"trial{n}", n + 1, n == 0, "now", "now" if n < done else None) for n in range(3)]

    seen = []
    for done in range(4):
        while True:
            step = current_step(test, "L-1", answered, pages(done))
            seen.append(step)
            if step.kind in ("training", "trial", "thanks"):
                break
            answered.append(f"break_{step.payload['done']}" if step.kind == "break" else step.kind)
    assert seen == [
        Step("consent"),
        Step("questionnaire_before", payload={"items": list(questions[:2])}),
        Step("device"),
        Step("level", payload={"range_db": 3}),
        Step("headphones", payload={"check": test.rules.headphone_check}),
        Step("training", 1, 1, {"trial": "p0"}),
        Step("trial", 1, 2, {"trial": "p1"}),
        Step("break", 1, 2, {"done": 1, "left": 1}),
        Step("trial", 2, 2, {"trial": "p2"}),
        Step("questionnaire_after", payload={"items": [questions[2]]}),
        Step("thanks", payload={"listener": "L-1"}),
    ]
    assert "headphones" not in {
        current_step(
            tiny_test(tmp_path, rules={"headphone_check": "none"}), "L", ["consent", "device", "level"], pages(0)
        ).kind
    }


def test_breaks_come_after_so_many_trials(tmp_path: Path) -> None:
    test = tiny_test(tmp_path, rules={"trials_before_break": 2})
    assert [done for done in range(6) if break_due(test, done)] == [2, 4]
    never = tiny_test(tmp_path, rules={"trials_before_break": 0})
    assert not any(break_due(never, done) for done in range(6))


def test_the_file_of_a_slot_is_24_bit_audio_with_bytes_of_its_own() -> None:
    samples = np.array([[-1.0, 1.0, 0.25], [-2.0, 2.0, 0.5]], np.float32)
    data = wav(Audio(samples, 48_000), b"odd")
    heard, rate = soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)
    assert rate == 48_000
    np.testing.assert_allclose(heard.T, [[-1, 1 - 2**-23, 0.25], [-1, 1 - 2**-23, 0.5]], atol=0, rtol=1e-12)
    assert soundfile.info(io.BytesIO(data)).subtype == "PCM_24"
    assert struct.unpack("<4sI4s", data[:12]) == (b"RIFF", len(data) - 8, b"WAVE")
    assert struct.unpack("<4sIHHIIHH", data[12:36]) == (b"fmt ", 16, 1, 2, 48_000, 48_000 * 6, 6, 24)
    assert struct.unpack("<4sI4s", data[36:48]) == (b"JUNK", 3, b"odd\0")
    assert struct.unpack("<4sI", data[48:56]) == (b"data", 18)
    assert len(data) == 56 + 18
