"""Any order of saving, submitting, reloading and another tab gives the state that a plain dictionary gives."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from listening_test.session import Event, LeaseLost, NotComplete, Sessions, Visit
from tests.listening.conftest import tiny_test
from tests.listening.listeners import do_trial, set_up


class OneListener(RuleBasedStateMachine):
    """A listener with two tabs at their second trial, against a model of scores, plays and the tab that holds it."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.test = tiny_test(self.folder, trials=2)
        self.sessions = Sessions(self.test, self.folder)
        [self.token] = self.sessions.invite(1)
        self.tabs = {"one": self.sessions.open(self.token, "one")}
        self.holder = "one"
        set_up(self.tabs["one"])
        do_trial(self.tabs["one"])
        self.trial = self.tabs["one"].trial
        self.scores: dict[str, float] = {}
        self.plays: dict[str, int] = dict.fromkeys((self.trial.reference, *self.trial.slots), 0)
        self.sent: list[Event] = []
        self.submitted = False

    @rule(tab=st.sampled_from(["one", "two"]), slot=st.integers(0, 4), score=st.sampled_from([0, 37.5, 100]))
    def move(self, tab: str, slot: int, score: float) -> None:
        event = self._event("rate", self.trial.slots[slot], score)
        if self._held(tab, event) and not self.submitted:
            self.scores[event.slot] = score

    @rule(tab=st.sampled_from(["one", "two"]), slot=st.integers(0, 5), kind=st.sampled_from(["play", "switch"]))
    def hear(self, tab: str, slot: int, kind: str) -> None:
        event = self._event(kind, [*self.trial.slots, self.trial.reference][slot])
        if self._held(tab, event):
            self.plays[event.slot] += 1

    @rule()
    def hear_and_rate_all(self) -> None:
        for slot in self.trial.slots:
            self.hear(self.holder, self.trial.slots.index(slot), "play")
            self.move(self.holder, self.trial.slots.index(slot), 100)

    @rule()
    def send_everything_again(self) -> None:
        assert self.tabs[self.holder].record(self.sent).saved == 0

    @rule()
    def submit(self) -> None:
        complete = all(self.plays[slot] and slot in self.scores for slot in self.trial.slots)
        possible = self.submitted or (complete and 100 in self.scores.values())
        if possible:
            assert self.tabs[self.holder].submit(self.trial.id).again == self.submitted
        else:
            with pytest.raises(NotComplete):
                self.tabs[self.holder].submit(self.trial.id)
        self.submitted = possible

    @rule(tab=st.sampled_from(["one", "two"]))
    def open_in(self, tab: str) -> None:
        self.tabs[tab] = self.sessions.open(self.token, tab)
        self.holder = tab

    @rule()
    def restart_the_server(self) -> None:
        self.sessions.dispose()
        self.sessions = Sessions(self.test, self.folder)
        self.tabs = {self.holder: self.sessions.open(self.token, self.holder)}

    @invariant()
    def what_is_saved_is_what_was_done(self) -> None:
        visit: Visit = self.tabs[self.holder]
        if self.submitted:
            assert visit.step.number == 2
            rows = [row for row in self.sessions.export_rows() if row["order"] == 2]
            assert {self.trial.slots[row["position"] - 1]: row["score"] for row in rows} == self.scores
            return
        trial = visit.trial
        assert (trial.id, trial.slots) == (self.trial.id, self.trial.slots)
        assert (trial.scores, trial.plays) == (self.scores, self.plays)
        assert sum(row["kind"] in ("rate", "play", "switch") for row in self.sessions.event_rows()) == 11 + len(
            self.sent
        )

    def _event(self, kind: str, slot: str, value: float | None = None) -> Event:
        return Event(f"m{len(self.sent)}", kind, float(len(self.sent)), self.trial.id, slot, value)

    def _held(self, tab: str, event: Event) -> bool:
        """Send ``event`` from ``tab``; whether that tab holds the session."""
        if tab not in self.tabs:
            return False
        if tab != self.holder:
            with pytest.raises(LeaseLost):
                self.tabs[tab].record([event])
            return False
        self.tabs[tab].record([event])
        self.sent.append(event)
        return True

    def teardown(self) -> None:
        if hasattr(self, "sessions"):
            self.sessions.dispose()
            shutil.rmtree(self.folder)


TestOneListener = OneListener.TestCase
TestOneListener.settings = settings(max_examples=6, stateful_step_count=15, deadline=None)
