"""What the pages decide, without a browser: tones, events, flags, forecasts, commands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.errors import CodecbenchError, ConfigError
from listening_test.cli import app
from listening_test.screens import serving, settings
from listening_test.screens.events import MOST, as_event, messages, record
from listening_test.screens.experimenter.login import may_come_in
from listening_test.screens.experimenter.progress import listed
from listening_test.screens.experimenter.watching import flags, forecast, people_or_rehearsal
from listening_test.screens.frame import JOINER, plain
from listening_test.screens.headphones import Progress
from listening_test.screens.playing import key_of
from listening_test.screens.tones import ENOUGH, ROUNDS, Tone, rounds, tone_sound
from listening_test.session import Sessions
from listening_test.session.passwords import right_password
from tests.listening.conftest import tiny_test
from tests.listening.listeners import do_all, joined


def test_the_antiphase_tone_alone_vanishes_between_loudspeakers() -> None:
    (first, *_), random = rounds("antiphase", np.random.default_rng(1)), np.random.default_rng(2)
    heard = [tone_sound(tone).samples for tone in first.tones]
    rms = [float(np.sqrt(np.mean(sound**2))) for sound in heard]
    air = [float(np.sqrt(np.mean(sound.mean(axis=0) ** 2))) for sound in heard]
    assert int(np.argmin(rms)) == first.right, "over headphones the quieter one is the quietest"
    assert int(np.argmin(air)) != first.right, "over loudspeakers the one in antiphase is"
    assert 20 * np.log10(max(rms) / min(rms)) == pytest.approx(6, abs=0.01)
    assert [len(rounds(check, random)) for check in ROUNDS] == list(ROUNDS.values())
    assert all(ENOUGH[check] <= ROUNDS[check] for check in ROUNDS)
    assert {one.right for one in rounds("stereo", random)} == {0, 1, 2}


def test_a_tone_begins_and_ends_softly() -> None:
    left, right = tone_sound(Tone(500.0, 1.0, 0.0)).samples
    assert not right.any()
    assert np.abs(left[:10]).max() < 1e-5 > np.abs(left[-10:]).max()
    assert np.abs(left).max() == pytest.approx(0.1, abs=1e-3)


def test_events_keep_all_that_the_player_says() -> None:
    sent = {"id": "a-1", "kind": "listened", "at_ms": 12, "slot": "s", "seconds": 1.5}
    event = as_event(sent, "trial")
    assert (event.id, event.kind, event.ms, event.trial, event.slot, event.value) == (
        "a-1", "listened", 12, "trial", "s", None,
    )  # fmt: skip
    assert event.detail == {"seconds": 1.5}
    assert as_event({"id": "a", "kind": "choose", "value": "slot 1"}, "trial").slot == "slot 1"
    assert as_event({"id": "a", "kind": "choose", "value": 2}, "").kind == "check_choose"
    assert as_event({"id": "a", "kind": "error", "value": "404"}, "trial").detail == {"value": "404"}


@pytest.mark.parametrize("state", [None, {}, {"log": None}, {"log": {"events": [None, 3, {"id": 5}, "x"]}}])
def test_a_state_without_messages(state: Any) -> None:
    assert messages(state) == []


def test_what_cannot_be_saved_keeps_nothing_else_from_it(tmp_path: Path) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path)
    visit = joined(sessions)
    trial = visit.trial
    good = {"id": "g", "kind": "rate", "at_ms": 1, "slot": trial.slots[0], "value": 55}
    bad = [
        {"id": "1", "kind": "rate", "at_ms": 1, "slot": trial.slots[0], "value": 1e9},
        {"id": "2", "kind": "rate", "at_ms": 1, "slot": trial.reference, "value": 5},
        {"id": "3", "kind": "<script>", "at_ms": 1},
        {"id": "4", "kind": "play", "at_ms": "soon", "slot": trial.slots[0]},
        {"id": "5", "kind": "play", "at_ms": 1, "slot": "another's"},
        {"id": "6", "kind": "loop", "at_ms": 1, "x": "y" * 100_000},
        {"id": "7", "kind": "rate", "at_ms": 1, "slot": trial.slots[0], "value": 10**400},
        {"id": "8", "kind": "play", "at_ms": 10**30, "slot": trial.slots[0]},
        {"id": "9", "kind": "play", "at_ms": float("nan"), "slot": trial.slots[0]},
    ]
    record(visit, [*bad, good], trial.id)
    assert visit.trial.scores == {trial.slots[0]: 55}
    sessions.dispose()


def test_listening_time_that_is_told_after_a_reload_is_that_of_the_page_before(tmp_path: Path) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path)
    visit = joined(sessions)
    trial, before, after = visit.trial, "0123456789abcdef", "fedcba9876543210"
    first, second = trial.slots[:2]
    record(visit, [{"id": f"{before}-1", "kind": "play", "at_ms": 61_000, "slot": first}], trial.id)
    record(visit, [{"id": f"{after}-1", "kind": "play", "at_ms": 10, "slot": second}], trial.id)
    record(visit, [{"id": f"{before}-2", "kind": "gone", "at_ms": 63_000}], trial.id)
    record(visit, [{"id": f"{after}-2", "kind": "stop", "at_ms": 510}], trial.id)
    do_all(visit)
    heard = {row["position"]: row["listened_s"] for row in sessions.export_rows() if row["training"]}
    assert (heard[1], heard[2]) == (2.0, 0.5)
    sessions.dispose()


@pytest.mark.parametrize(
    "state", [5, {"log": 5}, {"log": []}, {"log": {"events": 5}}, {"log": {"events": {"id": "a"}}}]
)
def test_what_is_no_message_is_none(state: Any) -> None:
    assert messages(state) == []


def test_messages_are_taken_in_portions() -> None:
    sent = [{"id": str(number)} for number in range(3 * MOST)]
    assert messages({"log": {"events": sent}}) == sent[:MOST]


def test_a_check_follows_from_its_seed_and_answers() -> None:
    progress = Progress("stereo", seed=1)
    for _ in range(3):
        assert progress.result() is None
        progress = progress.answered(progress.question.right)
    assert progress.result() == {
        "check": "stereo", "passed": True, "right": 3, "total": 3, "failed_attempts": 0
    }  # fmt: skip
    progress = Progress("antiphase", seed=2)
    for number in range(12):
        assert (progress.attempt, progress.number, progress.result()) == (number // 6, number % 6, None)
        progress = progress.answered((progress.question.right + (number != 3)) % 3)
    assert (progress.right(0), progress.right(1)) == (1, 0)
    assert progress.result() == {
        "check": "antiphase", "passed": False, "right": 0, "total": 6, "failed_attempts": 2
    }  # fmt: skip
    assert Progress("stereo", 3).question == Progress("stereo", 3).question


@pytest.mark.parametrize(
    ("claims", "welcome"),
    [
        ({"email": "Good@lab.org", "email_verified": True}, True),
        ({"email": "good@lab.org"}, True),
        ({"email": "good@lab.org", "email_verified": "true"}, True),
        ({"email": "good@lab.org", "email_verified": "false"}, False),
        ({"email": "good@lab.org", "email_verified": False}, False),
        ({"email": "bad@lab.org", "email_verified": True}, False),
        ({"email": ""}, False),
        ({"email": ["good@lab.org"]}, False),
        ({}, False),
    ],
)
def test_an_account_needs_a_verified_address_on_the_list(claims: dict[str, Any], welcome: bool) -> None:
    assert may_come_in(claims, " good@LAB.org, other@lab.org,") is welcome
    assert not may_come_in(claims, "")


def test_no_random_id_breaks_the_player() -> None:
    assert "__" not in key_of("a__b-_") != key_of("a_b-_")


def test_text_stays_text_in_markdown() -> None:
    assert plain("a*b* <i> [x](y) :red[z] $1$") == r"a\*b\* <i> \[x\](y) \:red\[z\] \$1\$"
    assert plain("Age: how old & why?") == "Age: how old & why?"
    for text in ("https://a.org", "HTTP://a.org", "www.a.org", "me@a.org"):
        assert plain(text).count(JOINER) == 1, "or the page makes a link of it"


def row(listener: str, trial: str, role: str, score: float, **more: Any) -> dict[str, Any]:
    given = {"listener": listener, "trial": trial, "role": role, "score": score}
    return {"training": False, "test_type": "mushra", "plays": 1, "listened_s": 9.0, **given, **more}


def test_flags() -> None:
    good = [("hidden_reference", 100), ("system", 70), ("mid_anchor", 40), ("low_anchor", 20)]
    rows = [row("careful", trial, role, score) for trial in ("1", "2") for role, score in good]
    rows += [row("line", "1", role, 100 if role == "hidden_reference" else 50) for role, _ in good]
    rows += [row("fast", "1", role, score, listened_s=1.9) for role, score in good]
    rows += [row("deaf", "1", role, score, plays=0) for role, score in good]
    rows += [row("upside", "1", role, 100 - score) for role, score in good]
    rows += [row("careful", "0", role, 50, training=True) for role, _ in good]
    found = {(one.listener, one.what.partition(" ")[0]): (one.trials, one.of) for one in flags(rows)}
    assert found == {
        ("line", "straight"): (1, 1),
        ("fast", "rated"): (1, 1),
        ("deaf", "rated"): (1, 1),
        ("upside", "anchors"): (1, 1),
    }


def test_a_rehearsal_is_shown_until_people_come() -> None:
    assert people_or_rehearsal([("a", True), ("b", False)], lambda one: one[1]) == ([("b", False)], False)
    assert people_or_rehearsal([("a", True)], lambda one: one[1]) == ([("a", True)], True)
    assert people_or_rehearsal([], bool) == ([], False)


def test_forecast() -> None:
    statuses = {"a": "finished", "b": "finished", "c": "running", "d": "invited", "e": "invited", "f": "withdrawn"}
    known = forecast(statuses, ["b", "c"])
    assert (known.finished, known.valid, known.running, known.invited) == (2, 1, 1, 2)
    assert (known.share, known.with_running, known.with_invited) == (0.5, 1.5, 2.5)


@pytest.mark.parametrize("name", ["--database", "--url"])
@pytest.mark.parametrize("command", ["invite", "status", "analyze", "simulate", "power"])
def test_every_command_takes_the_database_by_one_name(tmp_path: Path, command: str, name: str) -> None:
    """``--url`` is another name of it; a URL of no database we know is what each refuses."""
    tiny_test(tmp_path)
    more = ["--listeners", "1"] if command == "simulate" else []
    done = CliRunner().invoke(app, [command, str(tmp_path), *more, name, "nonsense://x/y"])
    assert isinstance(done.exception, CodecbenchError), done.output
    assert "database" in str(done.exception)


@pytest.mark.parametrize("base", ["javascript:alert(1)//", "lab.org/listen", "https://", "file:///x"])
def test_links_lead_to_web_pages_alone(tmp_path: Path, base: str) -> None:
    tiny_test(tmp_path)
    for command in (["invite", str(tmp_path)], ["serve", str(tmp_path)]):
        refused = CliRunner().invoke(app, [*command, "--base", base])
        assert isinstance(refused.exception, ConfigError)
        assert repr(base) in str(refused.exception)


def test_commands(tmp_path: Path) -> None:
    test = tiny_test(tmp_path)
    run = CliRunner().invoke
    made = run(app, ["invite", str(tmp_path), "-n", "2", "--base", "https://lab.org/x/", "--note", "pilot"])
    assert made.exit_code == 0, made.output
    links = made.stdout.split()
    assert len(links) == 2
    assert all(link.startswith("https://lab.org/x/?p=") for link in links)
    assert made.stderr == ""
    local = run(app, ["invite", str(tmp_path)])
    assert len(local.stdout.split()) == 1
    assert "on this machine only" in local.stderr
    sessions = Sessions(test, tmp_path)
    do_all(sessions.open(links[0].partition("?p=")[2], "tab"))
    sessions.dispose()
    shown = run(app, ["status", str(tmp_path)]).stdout
    assert "1 of 3 finished" in shown
    assert "Fewest valid ratings: 1, of " in shown
    assert '"status": "finished"' in run(app, ["status", str(tmp_path), "--json"]).stdout
    hashed = run(app, ["password"], input="long & right\nlong & right\n").stdout.strip()
    assert right_password(hashed, "long & right")


def test_all_threads_of_a_server_share_one_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each store has connections of its own: a hundred listeners who come at once would take all of PostgreSQL's."""
    tiny_test(tmp_path)
    monkeypatch.setenv(settings.TEST, str(tmp_path))
    serving._opened.cache_clear()
    together = Barrier(12)

    def opened(_: int) -> Sessions:
        together.wait()
        return serving.sessions()

    with ThreadPoolExecutor(12) as pool:
        found = set(pool.map(opened, range(12)))
    assert len(found) == 1
    found.pop().dispose()
    serving._opened.cache_clear()


def test_who_was_invited_and_never_came_has_empty_cells(tmp_path: Path) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path)
    joined(sessions)
    sessions.invite(1)
    came, invited = listed(sessions.progress())
    assert (came["block"], came["trials"]) == ("0", "0 of 3")
    assert [name for name, text in invited.items() if text] == ["listener", "status"]
    sessions.dispose()
