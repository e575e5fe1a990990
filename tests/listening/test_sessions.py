"""Sessions on SQLite and on a real PostgreSQL: nothing is lost, nothing counts twice, nobody is told too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.errors import ConfigError, StoreError
from listening_test.model import RATING_COLUMNS, Test, Trial
from listening_test.session import (
    BadAnswer,
    Event,
    LeaseLost,
    NotComplete,
    Sessions,
    TokenError,
    TooManyGuesses,
    UnknownSlot,
    WrongStep,
)
from tests.listening.conftest import tiny_test
from tests.listening.listeners import do_all, do_trial, event, hear_all, joined, rate_all, set_up

Open = Callable[..., Sessions]
NASTY = [
    "&<script>alert(1)</script>",
    "'; DROP TABLE events; --",
    "\"quoted\" 'text'",
    "🎧é中\u202e",
    "\0\ud800",
    "x" * 10_000,
]


@pytest.fixture
def opened(tmp_path: Path, database_url: str) -> Iterator[Open]:
    """``opened(**changes of tiny_test)``: the sessions of a tiny test; again without changes: a second server."""
    with opening(tmp_path, database_url) as open_:
        yield open_


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Open]:
    """As ``opened``, for rules that no database knows of."""
    with opening(tmp_path, "") as open_:
        yield open_


@contextmanager
def opening(tmp_path: Path, database_url: str) -> Iterator[Open]:
    made: list[Sessions] = []
    known: list[Test] = []

    def open_(**changes: Any) -> Sessions:
        if changes or not known:
            known[:] = [tiny_test(tmp_path, **changes)]
        made.append(Sessions(known[0], tmp_path, database_url))
        return made[-1]

    yield open_
    for sessions in made:
        sessions.dispose()


def test_a_session_from_invitation_to_thanks(opened: Open) -> None:
    sessions = opened(questionnaire=({"id": "age"}, {"id": "hard", "when": "after"}), rules={"trials_before_break": 2})
    [token] = sessions.invite(1, "room 3")
    visit = sessions.open(token, "tab")
    seen = []
    while (step := visit.step).kind != "thanks":
        seen.append((step.kind, step.number, step.total))
        if step.kind in ("training", "trial"):
            do_trial(visit)
        else:
            visit.answer(step.kind, {"agreed": True})
    assert seen == [
        ("consent", 0, 0), ("questionnaire_before", 0, 0), ("device", 0, 0), ("level", 0, 0), ("headphones", 0, 0),
        ("training", 1, 1), ("trial", 1, 3), ("trial", 2, 3), ("break", 2, 3), ("trial", 3, 3),
        ("questionnaire_after", 0, 0),
    ]  # fmt: skip
    [row] = sessions.progress()
    assert (row.status, row.note, row.training_done, row.trials_done, row.trials) == ("finished", "room 3", 1, 3, 3)
    assert row.finished > row.started > row.created


def test_exported_rows_have_the_columns_and_the_scores_given(opened: Open) -> None:
    sessions = opened()
    visit = joined(sessions)
    given = {}
    while visit.step.kind != "thanks":
        trial = do_trial(visit)
        given[trial.number if not trial.training else 0] = trial
    rows = sessions.export_rows()
    assert len(rows) == 4 * 5
    assert all(list(row) == list(RATING_COLUMNS) for row in rows)
    assert {row["listener"] for row in rows} == {visit.listener}
    for row in rows:
        assert row["score"] == 100 - (row["position"] - 1)  # rate_all gives 100, 99, ... in the order shown
        assert (row["plays"], row["excluded"], row["simulated"]) == (1, False, False)
        assert row["training"] == (row["order"] == 1)
    assert Counter(row["role"] for row in rows) == dict.fromkeys(
        ("hidden_reference", "low_anchor", "mid_anchor"), 4
    ) | {"system": 8}
    system = next(row for row in rows if row["condition"] == "codec0@6000" and row["trial"] == "trial2")
    known = {"test": "tiny", "test_type": "mushra", "session": "1", "clip": "clip2", "dataset": "tiny", "against": ""}
    known |= {"category": "speech", "block": 0, "replicate": 0, "codec": "codec0", "bitrate_bps": 6000, "reason": ""}
    assert system.items() >= known.items()
    assert system["stimulus_sha256"] == sessions.test.trials[2].stimuli[3].sha256


def test_a_reload_another_server_and_another_day_see_the_same_trial(opened: Open) -> None:
    sessions = opened()
    [token] = sessions.invite(1)
    visit = sessions.open(token, "tab")
    set_up(visit)
    do_trial(visit)
    trial = visit.trial
    visit.record([event("play", trial, trial.slots[1]), event("rate", trial, trial.slots[1], 42.5)])
    visit.record([event("rate", trial, trial.slots[1], 61), event("rate", trial, trial.slots[0], 7)])
    sessions.dispose()
    again = opened().open(token, "another tab")
    resumed = again.trial
    assert (resumed.id, resumed.reference, resumed.slots) == (trial.id, trial.reference, trial.slots)
    assert resumed.scores == {trial.slots[1]: 61, trial.slots[0]: 7}
    assert resumed.plays[trial.slots[1]] == 1
    assert again.step == visit_step(trial.id)


def visit_step(trial: str) -> Any:
    from listening_test.session import Step

    return Step("trial", 1, 3, {"trial": trial})


def test_events_that_come_twice_are_saved_once(opened: Open) -> None:
    visit = joined(opened())
    trial = visit.trial
    batch = [event("play", trial, trial.slots[0]), event("rate", trial, trial.slots[0], 10)]
    later = event("rate", trial, trial.slots[0], 20)
    first, second = visit.record([*batch, *batch]), visit.record([later])
    repeated = visit.record([*batch, later])
    assert (first.saved, second.saved, repeated.saved, repeated.known) == (2, 1, 0, 3)
    assert visit.trial.scores == {trial.slots[0]: 20}, "an old move that is sent again does not win"
    assert visit.trial.plays[trial.slots[0]] == 1


def test_every_change_is_in_the_log_in_its_order(opened: Open) -> None:
    sessions = opened()
    visit = joined(sessions)
    trial = visit.trial
    visit.record([event("play", trial, trial.slots[2], ms=1000.5)])
    visit.record([event("rate", trial, trial.slots[2], score) for score in (1, 2, 3)])
    visit.record([event("loop", trial), Event("blur-1", "blur", 9.0, detail={"text": "&"})])
    log = sessions.event_rows()
    kinds = [row["kind"] for row in log]
    assert kinds == [
        "open", "answer_consent", "answer_device", "answer_level", "answer_headphones", "shown", "play", "rate", "rate",
        "rate", "loop", "blur",
    ]  # fmt: skip
    assert [row["value"] for row in log if row["kind"] == "rate"] == [1, 2, 3]
    assert {(row["test"], row["listener"], row["session"], row["simulated"]) for row in log} == {
        ("tiny", visit.listener, "1", False)
    }
    assert (log[0]["trial"], log[0]["condition"], log[0]["slot"], log[0]["value"]) == ("", "", "", None)
    played = log[kinds.index("play")]
    assert played["slot"] == "rated"
    assert played["client_ms"] == 1000.5
    assert played["trial"] == "trial0"
    assert played["condition"] in {"hidden_reference", "anchor35", "anchor70", "codec0@6000", "codec1@12000"}
    assert log[-1]["detail"] == {"text": "&"}


def test_a_trial_is_submitted_once_and_only_when_complete(opened: Open) -> None:
    visit = joined(opened())
    trial = visit.trial
    with pytest.raises(NotComplete) as caught:
        visit.submit(trial.id)
    assert [(problem.key, set(problem.slots)) for problem in caught.value.problems] == [
        ("not_heard", set(trial.slots)),
        ("not_rated", set(trial.slots)),
    ]
    hear_all(visit, trial)
    rate_all(visit, trial, best=99)
    with pytest.raises(NotComplete) as caught:
        visit.submit(trial.id)
    assert [problem.key for problem in caught.value.problems] == ["needs_a_hundred"]
    visit.record([event("rate", trial, trial.slots[3], 100)])
    assert not visit.submit(trial.id).again
    assert visit.submit(trial.id).again
    assert visit.step.kind == "trial"


def test_without_the_rule_no_hundred_is_needed(on_sqlite: Open) -> None:
    visit = joined(on_sqlite(rules={"needs_a_hundred": False}))
    hear_all(visit, visit.trial)
    rate_all(visit, visit.trial, best=50)
    visit.submit(visit.trial.id)
    assert visit.step.kind == "trial"


def test_moves_after_the_submission_are_logged_and_change_nothing(opened: Open) -> None:
    sessions = opened()
    visit = joined(sessions)
    trial = do_trial(visit)
    before = sessions.export_rows()
    recorded = visit.record([event("rate", trial, trial.slots[0], 3)])
    assert (recorded.saved, recorded.late) == (1, 1)
    assert sessions.export_rows() == before
    assert sessions.event_rows()[-1]["value"] == 3


@pytest.mark.parametrize("type_", ["acr", "dcr"])
def test_categories_are_rated_one_to_five(on_sqlite: Open, type_: str) -> None:
    sessions = on_sqlite(type=type_)
    visit = joined(sessions)
    trial = visit.trial
    assert bool(trial.reference) == (type_ == "dcr")
    assert len(trial.slots) == 2
    for wrong in (0, 6, 2.5, None):
        with pytest.raises(BadAnswer, match="whole number from 1 to 5"):
            visit.record([event("rate", trial, trial.slots[0], wrong)])
    do_all(visit)
    assert {row["score"] for row in sessions.export_rows()} == {5, 4}


def test_degradation_needs_the_reference_heard(on_sqlite: Open) -> None:
    visit = joined(on_sqlite(type="dcr"))
    trial = visit.trial
    visit.record([event("play", trial, slot) for slot in trial.slots])
    rate_all(visit, trial, 5)
    with pytest.raises(NotComplete) as caught:
        visit.submit(trial.id)
    assert caught.value.problems[0].slots == (trial.reference,)


def test_abx_counts_right_answers(on_sqlite: Open) -> None:
    sessions = on_sqlite(type="abx", trials=12, systems=1)
    visit = joined(sessions)
    right = {}
    while visit.step.kind in ("training", "trial", "break"):
        if visit.step.kind == "break":
            visit.answer("break", {})
            continue
        trial = visit.trial
        assert (trial.letters, trial.reference, len(trial.slots)) == (("A", "B", "X"), "", 3)
        with pytest.raises(BadAnswer):
            visit.record([event("choose", trial, trial.slots[2])])
        with pytest.raises(BadAnswer):
            visit.record([event("rate", trial, trial.slots[0], 1)])
        hear_all(visit, trial)
        with pytest.raises(NotComplete, match="no_answer"):
            visit.submit(trial.id)
        a, _, x = (data_of(sessions.audio(slot)) for slot in trial.slots)
        visit.record([event("choose", trial, trial.slots[1]), event("choose", trial, trial.slots[0])])
        assert visit.trial.choice == trial.slots[0]
        visit.submit(trial.id)
        right[len(right) + 1] = float(a == x)
    rows = sessions.export_rows()
    assert {row["order"]: row["score"] for row in rows} == right
    assert {row["condition"] for row in rows} == {"codec0@6000"}
    assert {row["against"] for row in rows} == {"reference"}
    assert set(right.values()) == {0.0, 1.0}, "X is A in some trials and B in others"
    assert {row["position"] for row in rows} == {1, 2}, "the system is A in some trials and B in others"


def data_of(wav: bytes) -> bytes:
    return wav[wav.index(b"data") :]


def test_preference_is_for_the_condition_under_test(on_sqlite: Open) -> None:
    sessions = on_sqlite(type="ab", trials=8)
    visit = joined(sessions)
    while visit.step.kind in ("training", "trial"):
        do_trial(visit)  # always prefers the first slot
    for row in sessions.export_rows():
        assert row["score"] == (row["position"] == 1)
        assert (row["condition"], row["against"]) == ("codec0@6000", "reference")
    assert {row["score"] for row in sessions.export_rows()} == {0, 1}


def test_a_later_tab_takes_over_and_the_older_is_told(opened: Open) -> None:
    sessions = opened()
    [token] = sessions.invite(1)
    older = sessions.open(token, "one")
    set_up(older)
    trial = older.trial
    newer = sessions.open(token, "two")
    for call in (
        lambda: older.step,
        lambda: older.trial,
        lambda: older.record([event("rate", trial, trial.slots[0], 3)]),
        lambda: older.submit(trial.id),
        lambda: older.answer("comment", {}),
    ):
        with pytest.raises(LeaseLost):
            call()
    newer.record([event("rate", trial, trial.slots[0], 77)])
    assert newer.trial.scores == {trial.slots[0]: 77}
    back = sessions.open(token, "one")
    assert back.trial.scores == {trial.slots[0]: 77}
    assert older.trial.scores == {trial.slots[0]: 77}, "the same tab holds the session again"
    with pytest.raises(LeaseLost):
        _ = newer.step


def test_unknown_withdrawn_and_closed_links_say_the_same(opened: Open) -> None:
    sessions = opened()
    withdrawn, other = sessions.invite(2)
    sessions.open(withdrawn, "tab").withdraw()
    said = set()
    for token in ("", "nonsense", "\0\ud800", withdrawn):
        with pytest.raises(TokenError) as caught:
            sessions.open(token, "tab")
        said.add((type(caught.value), str(caught.value)))
    visit = sessions.open(other, "tab")
    sessions.close()
    assert sessions.closed
    with pytest.raises(TokenError) as caught:
        sessions.open(other, "tab")
    said.add((type(caught.value), str(caught.value)))
    assert len(said) == 1
    with pytest.raises(TokenError):
        _ = visit.step
    sessions.reopen()
    assert visit.step.kind == "consent"


def test_guessing_is_slowed_down_for_the_one_who_guesses(on_sqlite: Open) -> None:
    sessions = on_sqlite()
    [token] = sessions.invite(1)
    for _ in range(20):
        with pytest.raises(TokenError):
            sessions.open("guess", "tab", client="guesser")
    with pytest.raises(TooManyGuesses):
        sessions.open(token, "tab", client="guesser")
    assert sessions.open(token, "tab", client="another").step.kind == "consent"


def test_a_finished_link_shows_thanks_and_can_still_withdraw(opened: Open) -> None:
    sessions = opened()
    [token] = sessions.invite(1)
    do_all(sessions.open(token, "tab"))
    visit = sessions.open(token, "another day")
    assert visit.step.kind == "thanks"
    assert visit.step.payload["listener"] == visit.listener
    visit.withdraw()
    assert (sessions.export_rows(), sessions.event_rows(), sessions.answer_rows()) == ([], [], [])


def test_a_withdrawal_erases_one_person_and_leaves_a_tombstone(opened: Open) -> None:
    sessions = opened()
    stays, goes = joined(sessions), joined(sessions)
    slot = goes.trial.slots[0]
    for visit in (stays, goes):
        do_trial(visit)
    before = [row for row in sessions.export_rows() if row["listener"] == stays.listener]
    goes.withdraw()
    goes.withdraw()
    for call in (lambda: goes.step, lambda: goes.record([Event("a", "blur", 1.0)])):
        with pytest.raises(TokenError):
            call()
    with pytest.raises(UnknownSlot):
        sessions.audio(slot)
    assert sessions.export_rows() == before
    assert {row["listener"] for row in sessions.event_rows()} == {stays.listener}
    assert [(row.status, row.listener, row.trials, row.created) for row in sessions.progress()][1] == (
        "withdrawn", "", 0, "",
    )  # fmt: skip
    sessions.erase(stays.listener)
    assert sessions.export_rows() == []
    with pytest.raises(StoreError, match="pseudonym"):
        sessions.erase("nobody")


def test_nothing_is_recorded_before_consent(on_sqlite: Open) -> None:
    sessions = on_sqlite()
    visit = sessions.open(sessions.invite(1)[0], "tab")
    with pytest.raises(WrongStep):
        visit.record([Event("a", "blur", 1.0)])
    with pytest.raises(BadAnswer) as caught:
        visit.answer("consent", {"agreed": False})
    assert caught.value.key == "consent_needed"
    for early in ("device", "questionnaire_after", "comment", "thanks", "trial", "no such"):
        with pytest.raises(WrongStep):
            visit.answer(early, {})
    with pytest.raises(WrongStep):
        _ = visit.trial
    visit.answer("language", {"language": "de"})
    visit.answer("consent", {"agreed": True})
    assert visit.answers == {"language": {"language": "de"}, "consent": {"agreed": True}}


def test_a_trial_whose_turn_has_not_come_cannot_be_touched(on_sqlite: Open) -> None:
    sessions = on_sqlite()
    visit, other = joined(sessions), joined(sessions)
    trial, theirs = visit.trial, other.trial
    do_trial(visit)
    following = visit.step.payload["trial"]
    with pytest.raises(WrongStep):
        visit.submit(following)
    with pytest.raises(WrongStep):
        visit.record([Event("early", "play", 1.0, following)])
    for foreign in (theirs.id, "nonsense"):
        with pytest.raises(UnknownSlot):
            visit.submit(foreign)
        with pytest.raises(UnknownSlot):
            visit.record([Event("foreign", "play", 1.0, foreign)])
    with pytest.raises(UnknownSlot):
        visit.record([Event("mixed", "rate", 1.0, trial.id, theirs.slots[0], 5)])


def test_a_trial_is_submitted_and_not_answered(on_sqlite: Open) -> None:
    """An answer of that kind would pass for the trial."""
    visit = joined(on_sqlite(trials=1))
    seen = []
    while True:
        step = visit.step
        seen.append(step.kind)
        said = f"the turn of '{step.kind}' has not come: the listener is at {step.kind}."
        with pytest.raises(WrongStep) as told:
            visit.answer(step.kind, {})
        assert str(told.value) == said
        assert visit.step == step
        if step.kind == "thanks":
            break
        do_trial(visit)
    assert seen == ["training", "trial", "thanks"]


def test_a_trial_says_what_a_listener_may_know(on_sqlite: Open) -> None:
    visit = joined(on_sqlite(trials=2, rules={"question": "How good?"}))
    trial = visit.trial
    assert (trial.type, trial.training, trial.number, trial.total) == ("mushra", True, 1, 1)
    assert (trial.letters, trial.seconds, trial.question) == (tuple("ABCDE"), 0.6, "How good?")
    assert (trial.scores, trial.choice) == ({}, "")
    assert trial.plays == dict.fromkeys((trial.reference, *trial.slots), 0)
    do_trial(visit)
    trial = visit.trial
    assert (trial.training, trial.number, trial.total) == (False, 1, 2)
    hear_all(visit, trial)
    rate_all(visit, trial)
    saved = visit.trial
    assert saved.scores == dict(zip(trial.slots, (100, 99, 98, 97, 96), strict=True))
    assert saved.plays == dict.fromkeys((trial.reference, *trial.slots), 1)


def test_listening_is_summed_over_pages_with_clocks_of_their_own_until_the_submission(on_sqlite: Open) -> None:
    sessions = on_sqlite(trials=1)
    visit = joined(sessions)
    do_trial(visit)
    trial, before, after = visit.trial, "0123456789abcdef", "fedcba9876543210"

    def heard(name: str, kind: str, ms: float) -> None:
        visit.record([Event(name, kind, ms, trial.id, trial.slots[0])])

    heard(f"{before}-1", "play", 60_000)
    heard(f"{after}-1", "play", 10)
    heard(f"{before}-2", "stop", 62_000)
    heard(f"{after}-2", "stop", 1_510)
    do_trial(visit)
    heard(f"{before}-3", "play", 70_000)
    heard(f"{before}-4", "stop", 79_000)
    rows = {row["position"]: row for row in sessions.export_rows() if not row["training"]}
    assert [rows[place]["listened_s"] for place in (1, 2)] == [3.5, 0.0]
    assert 0 < rows[1]["trial_s"] < 60
    [row] = sessions.progress()
    sessions.invite(1)
    [_, invited] = sessions.progress()
    assert row.finished >= row.started
    assert (invited.started, invited.finished) == ("", "")


def test_a_bad_event_saves_nothing_of_its_batch(opened: Open) -> None:
    sessions = opened()
    visit = joined(sessions)
    trial = visit.trial
    good = event("rate", trial, trial.slots[0], 50)
    before = len(sessions.event_rows())
    nan = float("nan")
    for bad in (
        event("rate", trial, trial.slots[0], 101),
        event("rate", trial, trial.slots[0], -1),
        event("rate", trial, trial.slots[0], nan),
        event("rate", trial, trial.reference, 100),
        event("rate", trial),
        event("choose", trial, trial.slots[0]),
        event("Play!", trial),
        event("play", trial, ms=nan),
        Event("", "blur", 1.0),
        Event("server:x", "blur", 1.0),
        Event("slot-alone", "play", 1.0, slot=trial.slots[0]),
        Event("big", "blur", 1.0, detail={"text": "x" * 20_001}),
        Event("no-json", "blur", 1.0, detail={"text": {1, 2}}),
    ):
        with pytest.raises(BadAnswer):
            visit.record([good, bad])
    assert visit.trial.scores == {}
    assert len(sessions.event_rows()) == before
    visit.record([good])
    assert visit.trial.scores == {trial.slots[0]: 50}


def test_the_level_stays_in_range_and_never_changes_within_an_item(on_sqlite: Open) -> None:
    sessions = on_sqlite()
    [token] = sessions.invite(1)
    visit = sessions.open(token, "tab")
    visit.answer("consent", {"agreed": True})
    visit.answer("device", {"kind": "headphones"})
    for gain in (4.1, -5, float("nan"), "loud"):
        with pytest.raises(BadAnswer) as caught:
            visit.answer("level", {"gain_db": gain})
        assert caught.value.key == "level_range"
    visit.answer("level", {"gain_db": -4})
    visit.answer("headphones", {"passed": True})
    trial = visit.trial
    visit.answer("level", {"gain_db": 2})
    visit.record([event("play", trial, trial.reference)])
    with pytest.raises(BadAnswer) as caught:
        visit.answer("level", {"gain_db": 0})
    assert caught.value.key == "level_in_item"
    assert visit.answers["level"] == {"gain_db": 2}


def test_any_text_comes_back_as_it_was_written(opened: Open) -> None:
    sessions = opened(questionnaire=({"id": "name"},))
    for text in NASTY:
        text_comes_back(sessions, text)


def text_comes_back(sessions: Sessions, text: str) -> None:
    note = text.replace("\0", "").encode("utf-8", "ignore").decode()
    [token] = sessions.invite(1, note)
    visit = sessions.open(token, text)
    visit.answer("language", {"language": text})
    visit.answer("consent", {"agreed": True, text: text})
    visit.answer("questionnaire_before", {"name": text})
    visit.answer("comment", {"text": text})
    visit.record([Event("t", "blur", 1.0, detail={"text": text})])
    again = sessions.open(token, "tab")
    assert again.answers["questionnaire_before"] == {"name": text}
    assert again.answers["consent"][text] == text
    assert sessions.event_rows()[-2]["detail"] == {"text": text}
    said = {row["kind"]: row["values"] for row in sessions.answer_rows() if row["listener"] == again.listener}
    assert said["comment"] == {"text": text}
    assert sessions.progress()[-1].note == note
    with pytest.raises(TokenError):
        sessions.open(text, text)
    with pytest.raises(UnknownSlot):
        sessions.audio(text)
    with pytest.raises((WrongStep, BadAnswer)):
        again.answer(text, {})


def test_a_note_is_plain_text_and_invitations_are_counted(on_sqlite: Open) -> None:
    sessions = on_sqlite()
    for count, note in ((0, ""), (-1, ""), (10_001, ""), (1, "\0")):
        with pytest.raises(ConfigError, match="invitations"):
            sessions.invite(count, note)
    tokens = sessions.invite(5) + sessions.invite(5, simulated=True)
    assert len(set(tokens)) == 10
    assert all(len(token) == 32 for token in tokens)  # 192 bits, six in a character
    assert [row.simulated for row in sessions.progress()] == [False] * 5 + [True] * 5


def test_tokens_and_tabs_are_not_in_the_store(opened: Open) -> None:
    sessions = opened()
    [token] = sessions.invite(1)
    sessions.open(token, "tab-of-somebody")
    rows = sessions._database.read(lambda c: [str(row) for row in c.exec_driver_sql("SELECT * FROM sessions")])
    assert token not in rows[0]
    assert "tab-of-somebody" not in rows[0]


def test_orders_differ_between_listeners_and_follow_from_the_seed(on_sqlite: Open) -> None:
    sessions = on_sqlite(trials=5)
    for _ in range(3):
        do_all(joined(sessions))
    rows = sessions.export_rows()
    orders, positions = {}, {}
    for row in rows:
        if not row["training"]:
            orders.setdefault(row["session"], {})[row["order"]] = row["trial"]
        positions.setdefault((row["session"], row["trial"]), {})[row["position"]] = row["condition"]
    sequences = {tuple(order[key] for key in sorted(order)) for order in orders.values()}
    assert len(sequences) == 3
    assert all(set(sequence) == {f"trial{number}" for number in range(1, 6)} for sequence in sequences)
    assert len({tuple(sorted(places.items())) for places in positions.values()}) > 12
    assert {row["order"] for row in rows if row["training"]} == {1}


def test_blocks_are_filled_evenly(opened: Open, tmp_path: Path, database_url: str) -> None:
    from dataclasses import replace

    test = tiny_test(tmp_path, trials=6, name="blocks")
    in_blocks = tuple(replace(trial, block=(index + 2) % 3 if index else 0) for index, trial in enumerate(test.trials))
    sessions = Sessions(replace(test, trials=in_blocks, blocks=3), tmp_path, database_url)
    visits = [sessions.open(token, "tab") for token in sessions.invite(9)]
    assert Counter(row.block for row in sessions.progress()) == {0: 3, 1: 3, 2: 3}
    assert {row.trials for row in sessions.progress()} == {2}
    left = sessions.progress()[4].block
    visits[4].withdraw()
    sessions.open(sessions.invite(1)[0], "tab")
    assert sessions.progress()[-1].block == left
    sessions.dispose()


def test_a_changed_test_is_refused_and_another_name_is_another_test(
    opened: Open, tmp_path: Path, database_url: str
) -> None:
    from dataclasses import replace

    first = opened()
    first.invite(1)
    test: Test = first.test
    with pytest.raises(StoreError, match="another state of the test 'tiny'"):
        Sessions(replace(test, seed=8), tmp_path, database_url)
    second = Sessions(replace(test, name="other", seed=8), tmp_path, database_url)
    assert second.progress() == []
    [token] = second.invite(1)
    with pytest.raises(TokenError):
        first.open(token, "tab")
    retitled = Sessions(replace(test, title="Corrected title"), tmp_path, database_url)
    assert len(retitled.progress()) == 1
    for sessions in (second, retitled):
        sessions.dispose()


def test_missing_stimuli_and_wrong_pairs_are_told_at_the_start(tmp_path: Path) -> None:
    from dataclasses import replace

    test = tiny_test(tmp_path)
    trial: Trial = test.trials[1]
    pairs = replace(test, rules=replace(test.rules, type="abx"))
    with pytest.raises(StoreError, match="trial trial0: expected one or two stimuli in a test of pairs, got 5"):
        Sessions(pairs, tmp_path)
    with pytest.raises(StoreError, match="no trial that counts"):
        Sessions(replace(test, trials=test.training), tmp_path)
    (tmp_path / "stimuli" / f"{trial.stimuli[1].sha256}.wav").unlink()
    with pytest.raises(StoreError, match="stimuli are missing"):
        Sessions(test, tmp_path)


def test_no_listener_fills_the_disk(on_sqlite: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listening_test.session.visit.MAX_LOG", 20_000)
    sessions = on_sqlite(trials=1)
    visit = joined(sessions)
    trial = visit.trial
    large = {"text": "x" * 3_000}

    def sent(index: int) -> Event:
        return Event(f"large-{index}", "note", 0.0, trial.id, detail=large)

    for index in range(4):
        visit.record([sent(index)])
    with pytest.raises(BadAnswer, match="more than 20000"):
        visit.record([sent(4), sent(5)])
    assert len([row for row in sessions.event_rows() if row["kind"] == "note"]) == 4
    again = sessions.open(sessions.invite(1)[0], "other person")
    set_up(again)
    again.record([Event("small", "note", 0.0, again.trial.id, detail=large)])
    visit.record([sent(0)])  # what is saved is acknowledged all the same
    with pytest.raises(BadAnswer, match="more than 20000"):
        visit.record([sent(index) for index in range(10, 20)])
