"""Rules, times, passwords and guesses, as pure functions."""

from __future__ import annotations

import pytest

from bench.errors import ConfigError
from listening_test.mushra import (
    Problem,
    acceptable,
    correct_abx,
    preferred,
    problems_of_choice,
    problems_of_scores,
)
from listening_test.session.listening import PAUSE_S, active_seconds, listened_seconds
from listening_test.session.passwords import hash_password, right_password
from listening_test.session.tokens import MAX_CLIENTS, Guesses, hashed, new_pseudonym, new_token

ALL = {"a": 100.0, "b": 0.0}


@pytest.mark.parametrize(
    ("heard", "scores", "problems"),
    [
        ("ab", ALL, []),
        ("a", ALL, [Problem("not_heard", ("b",))]),
        ("ab", {"b": 100.0}, [Problem("not_rated", ("a",))]),
        ("ab", {"a": 99.9, "b": 0.0}, [Problem("needs_a_hundred")]),
        ("ab", {"a": 101.0, "b": 100.0}, [Problem("out_of_range", ("a",))]),
        ("", {}, [Problem("not_heard", ("a", "b")), Problem("not_rated", ("a", "b"))]),
    ],
)
def test_what_keeps_a_mushra_trial_open(heard: str, scores: dict[str, float], problems: list[Problem]) -> None:
    assert problems_of_scores("mushra", "ab", heard, scores, needs_a_hundred=True, reference="r") == problems


def test_other_types_ask_for_what_they_need() -> None:
    assert problems_of_scores("acr", "ab", "ab", {"a": 3, "b": 3}, needs_a_hundred=True) == []
    assert problems_of_scores("dcr", "a", "a", {"a": 3}, True, "r") == [Problem("not_heard", ("r",))]
    assert problems_of_scores("dcr", "a", "a", {"a": 3}, needs_a_hundred=False) == []
    assert problems_of_choice("abx", "ab", "") == [Problem("not_heard", ("x",)), Problem("no_answer")]
    assert problems_of_choice("ab", "ab", "a") == []


def test_scales() -> None:
    assert [score for score in (-1, 0, 50.5, 100, 100.1, float("nan")) if acceptable("mushra", score)] == [0, 50.5, 100]
    assert [score for score in (0, 1, 2.5, 5, 6, float("inf")) if acceptable("acr", score)] == [1, 5]


def test_a_choice_is_one_or_zero() -> None:
    assert (correct_abx(3, hidden=3), correct_abx(3, hidden=4)) == (1.0, 0.0)
    assert (preferred(3, condition=3), preferred(4, condition=3)) == (1.0, 0.0)


def test_listening_time_is_that_of_the_slot_that_sounds() -> None:
    events = [
        ("play", "a", 1000.0), ("rate", "a", 3000.0), ("switch", "b", 4000.0), ("loop", None, 4500.0),
        ("stop", None, 5000.0), ("rate", "b", 9000.0), ("play", "a", 10_000.0), ("stop", None, 10_500.0),
    ]  # fmt: skip
    assert listened_seconds(events) == {"a": 3.5, "b": 1.0}


def test_a_reload_or_a_night_adds_no_listening() -> None:
    reload_ = [("play", "a", 50_000.0), ("seek", None, 51_000.0), ("shown", None, 0.0), ("play", "b", 10.0)]
    assert listened_seconds(reload_) == {"a": 1.0}
    assert listened_seconds([("play", "a", 0.0), ("stop", None, 1e8)]) == {"a": PAUSE_S}
    assert listened_seconds([("play", "a", 5000.0), ("stop", None, 10.0)]) == {"a": 0.0}
    times = ["2026-01-01T20:00:00.000+00:00", "2026-01-01T20:00:07.500+00:00", "2026-01-02T09:00:00.000+00:00"]
    assert active_seconds(times) == 7.5 + PAUSE_S
    assert active_seconds(times[:1]) == 0


def test_passwords_are_kept_as_argon2() -> None:
    stored = hash_password("correct horse & 🔋")
    assert stored.startswith("$argon2id$")
    assert stored != hash_password("correct horse & 🔋")
    assert right_password(stored, "correct horse & 🔋")
    assert not right_password(stored, "correct horse")
    with pytest.raises(ConfigError, match="Argon2"):
        right_password("correct horse", "correct horse")


def test_tokens_and_pseudonyms_are_random() -> None:
    assert len({new_token() for _ in range(100)}) == len({new_pseudonym() for _ in range(100)}) == 100
    assert hashed("a") != hashed("b")
    assert len(hashed("\ud800🎧")) == 64


def test_guesses_are_forgotten_after_a_minute() -> None:
    time = [0.0]
    guesses = Guesses(limit=2, seconds=60, clock=lambda: time[0])
    guesses.wrong("x")
    time[0] = 30
    guesses.wrong("x")
    assert guesses.blocked("x")
    assert not guesses.blocked("y")
    time[0] = 60
    assert not guesses.blocked("x")


def test_the_memory_for_guesses_is_bounded() -> None:
    time = [0.0]
    guesses = Guesses(clock=lambda: time[0])
    for client in range(MAX_CLIENTS):
        guesses.wrong(str(client))
    time[0] = 100
    guesses.wrong("last")
    assert len(guesses._wrong) == 1
