"""One listener in one tab: where they are, what they do, what they submit."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection

from listening_test.model import Test
from listening_test.mushra import CHOICES, problems_of_choice, problems_of_scores
from listening_test.ratings import invitations, reading, writing
from listening_test.ratings.database import Database
from listening_test.ratings.rows import Logged, Page, Slot
from listening_test.session.checking import EACH, MAX_LOG, SERVER, check_answer, checked_events, size_of
from listening_test.session.errors import BadAnswer, LeaseLost, NotComplete, TokenError, UnknownSlot, WrongStep
from listening_test.session.listening import SHOWN, SUBMIT
from listening_test.session.order import letters
from listening_test.session.recording import effects
from listening_test.session.shapes import BlindTrial, Event, Recorded, Step, Submitted
from listening_test.session.steps import ANY_TIME, break_kind, current_step

T = TypeVar("T")


class Visit:
    """One listener in one tab; made by ``Sessions.open``. Keep it for the life of the tab, in any thread.

    Every call reads or writes the store, so a reload, another day or another server process see the same. Every call
    raises LeaseLost where another tab opened the session since, and TokenError where the person withdrew or the test
    was closed.
    """

    def __init__(self, test: Test, database: Database, session_id: int, listener: str, lease: str) -> None:
        self.listener = listener
        """The pseudonym."""
        self._test, self._database = test, database
        self._trials = {trial.id: trial for trial in test.trials}
        self._id, self._lease = session_id, lease
        self._shown = ""
        self._logged: int | None = None  # characters; counted once, for a long log takes a while

    @property
    def step(self) -> Step:
        """Where the listener is."""
        return self._read(self._step)

    @property
    def trial(self) -> BlindTrial:
        """The trial of the step, with all that was saved of it.

        Raises:
            WrongStep: the step is no trial.
        """
        trial = self._read(self._blind)
        if self._shown != trial.id:
            self._write(lambda connection: self._show(connection, trial.id))
            self._shown = trial.id
        return trial

    @property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """What was answered so far, by kind."""
        return self._read(lambda connection: reading.answers_of(connection, self._id))

    def record(self, events: Iterable[Event]) -> Recorded:
        """Save events, all or none; ``rate`` and ``choose`` also become the rating.

        Events of a submitted trial are logged and change no rating.

        Raises:
            BadAnswer: a score off the scale, a rating of the open reference, an id or kind that is no word, or more
                than ``MAX_LOG`` characters in a session.
            UnknownSlot: a trial or slot that is not of this session.
            WrongStep: consent was not given, or the trial's turn has not come.
        """
        batch = checked_events(events)
        return self._write(lambda connection: self._record(connection, batch))

    def answer(self, kind: str, values: Mapping[str, Any]) -> None:
        """Save the answer to a step that has no trial; the step is done with it.

        ``kind``: that of the current step, of one done before (it is replaced), ``language`` at any time or the others
        of ``ANY_TIME`` after consent. ``consent`` needs ``{"agreed": True}``; ``level`` may hold ``gain_db``.

        Raises:
            BadAnswer: consent not given, a gain out of range or within an item, more than 100 000 characters.
            WrongStep: the turn of ``kind`` has not come.
        """
        check_answer(kind, values, self._test.rules.level_range_db)
        self._write(lambda connection: self._answer(connection, kind, values))

    def submit(self, trial: str) -> Submitted:
        """Submit the trial of that id; a second time changes nothing.

        Raises:
            NotComplete: not all heard and rated, no 100 where one is needed, no answer.
            UnknownSlot: no such trial in this session.
            WrongStep: its turn has not come.
        """
        return self._write(lambda connection: self._submit(connection, trial))

    def withdraw(self) -> None:
        """Erase all that was saved of this person; an empty tombstone stays, and the link opens nothing any more.

        It works from an older tab and after the test was closed, too.
        """
        self._database.write(lambda connection: invitations.erase(connection, self._id))
        self._database.forget_erased()

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self._database.read(lambda connection: self._held(connection, invitations.holds, work))

    def _write(self, work: Callable[[Connection], T]) -> T:
        return self._database.write(lambda connection: self._held(connection, invitations.hold, work))

    def _held(
        self, connection: Connection, holds: Callable[[Connection, int, str], bool], work: Callable[[Connection], T]
    ) -> T:
        """``work``, where this tab still has the session."""
        if not holds(connection, self._id, self._lease):
            raise LeaseLost if invitations.goes_on(connection, self._id) else TokenError
        return work(connection)

    def _step(self, connection: Connection) -> Step:
        answered = reading.answers_of(connection, self._id)
        return current_step(self._test, self.listener, answered, reading.pages_of(connection, self._id))

    def _blind(self, connection: Connection) -> BlindTrial:
        answered, pages = reading.answers_of(connection, self._id), reading.pages_of(connection, self._id)
        step = current_step(self._test, self.listener, answered, pages)
        if step.kind not in ("training", "trial"):
            raise WrongStep(f"expected the listener at a trial, not at {step.kind}.")
        page = next(page for page in pages if page.id == step.payload["trial"])
        slots = reading.slots_of(connection, page.id)
        ratings = reading.ratings_of(connection, self._id, page.trial)
        type_ = self._test.rules.type
        shown = tuple(slot.id for slot in slots if slot.kind != "reference")
        return BlindTrial(
            id=page.id,
            type=type_,
            training=page.training,
            number=step.number,
            total=step.total,
            reference=next((slot.id for slot in slots if slot.kind == "reference"), ""),
            slots=shown,
            letters=letters(type_, len(shown)),
            seconds=self._trials[page.trial].seconds,
            scores={} if type_ in CHOICES else {rating.slot: rating.score for rating in ratings},
            plays={slot.id: slot.plays for slot in slots},
            choice=ratings[0].slot if ratings and type_ in CHOICES else "",
            question=self._test.rules.question,
        )

    def _page(self, connection: Connection, page_id: str) -> Page:
        found = reading.pages_named(connection, self._id, {page_id})
        if page_id not in found:
            raise UnknownSlot("this session has no such trial.")
        return found[page_id]

    def _show(self, connection: Connection, page_id: str) -> None:
        writing.open_page(connection, page_id)
        self._note(connection, SHOWN, page_id)

    def _note(self, connection: Connection, kind: str, page: str | None = None, detail: Any = None) -> None:
        line = Logged(SERVER + secrets.token_urlsafe(12), kind, 0.0, page, detail=detail)
        writing.log(connection, self._id, [line])

    def _record(self, connection: Connection, batch: list[Event]) -> Recorded:
        known = writing.known_events(connection, self._id, [event.id for event in batch])
        fresh = [event for event in batch if event.id not in known]
        if any(not event.trial for event in fresh) and "consent" not in reading.answers_of(connection, self._id):
            raise WrongStep("nothing is recorded before consent.")
        logged = self._require_room(connection, fresh)
        pages = reading.pages_named(connection, self._id, {event.trial for event in fresh})
        slots = {page: reading.slots_of(connection, page) for page in pages}
        found = effects(self._test.rules.type, self._trials, fresh, pages, slots)
        writing.log(connection, self._id, found.lines)
        writing.add_plays(connection, found.plays)
        for (trial, _), (rating, changes) in found.ratings.items():
            writing.save_rating(connection, self._id, trial, rating, changes)
        self._logged = logged
        return Recorded(len(fresh), len(known), found.late)

    def _require_room(self, connection: Connection, fresh: list[Event]) -> int:
        """Characters of the log with ``fresh``."""
        if self._logged is None:
            self._logged = writing.size_of_log(connection, self._id, EACH)
        logged = self._logged + size_of(fresh)
        if fresh and logged > MAX_LOG:
            raise BadAnswer(f"the events of this session take {logged} characters, more than {MAX_LOG}.")
        return logged

    def _answer(self, connection: Connection, kind: str, values: Mapping[str, Any]) -> None:
        step = self._step(connection)
        answered = reading.answers_of(connection, self._id)
        if kind in ("training", "trial", "thanks") or not (kind in (step.kind, *answered) or _any_time(kind, answered)):
            raise WrongStep(f"the turn of {kind[:40]!r} has not come: the listener is at {step.kind}.")
        if kind == "level" and step.kind in ("training", "trial"):
            self._refuse_within_item(reading.slots_of(connection, step.payload["trial"]))
        stored = break_kind(step.payload["done"]) if kind == "break" else kind
        writing.save_answer(connection, self._id, stored, values)
        self._note(connection, f"answer_{stored}", detail=values)
        self._finish(connection)

    def _refuse_within_item(self, slots: list[Slot]) -> None:
        if any(slot.plays for slot in slots):  # BS.1534-3, listening level: no adjustment within one item
            raise BadAnswer("level: not within an item; set it before the next one is played.", "level_in_item")

    def _submit(self, connection: Connection, page_id: str) -> Submitted:
        page = self._page(connection, page_id)
        if page.submitted is not None:
            return Submitted(page_id, again=True)
        if page.opened is None:
            raise WrongStep("the turn of this trial has not come.")
        self._require_complete(connection, page)
        writing.submit_page(connection, page_id)
        self._note(connection, SUBMIT, page_id)
        self._finish(connection)
        return Submitted(page_id, again=False)

    def _require_complete(self, connection: Connection, page: Page) -> None:
        rules = self._test.rules
        slots = reading.slots_of(connection, page.id)
        ratings = reading.ratings_of(connection, self._id, page.trial)
        heard = {slot.id for slot in slots if slot.plays}
        if rules.type in CHOICES:
            problems = problems_of_choice([slot.id for slot in slots], heard, ratings[0].slot if ratings else "")
        else:
            rated = [slot.id for slot in slots if slot.kind == "rated"]
            reference = next((slot.id for slot in slots if slot.kind == "reference"), "")
            scores = {rating.slot: rating.score for rating in ratings}
            problems = problems_of_scores(rules.type, rated, heard, scores, rules.needs_a_hundred, reference)
        if problems:
            raise NotComplete(problems)

    def _finish(self, connection: Connection) -> None:
        if self._step(connection).kind == "thanks":
            invitations.finish(connection, self._id)


def _any_time(kind: str, answered: Mapping[str, Any]) -> bool:
    return kind in ANY_TIME and (kind == "language" or "consent" in answered)
