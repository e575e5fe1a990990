"""One listener in one tab: where they are, what they do, what they submit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from listening_test.session.shapes import BlindTrial, Event, Recorded, Step, Submitted


class Visit:
    """One listener in one tab; made by ``Sessions.open``. Keep it for the life of the tab, in any thread.

    Every call reads or writes the store, so a reload, another day or another server process see the same. Every call
    raises LeaseLost where another tab opened the session since, and TokenError where the person withdrew or the test
    was closed.
    """

    listener: str
    """The pseudonym."""

    @property
    def step(self) -> Step:
        """Where the listener is."""
        raise NotImplementedError

    @property
    def trial(self) -> BlindTrial:
        """The trial of the step, with all that was saved of it.

        Raises:
            WrongStep: the step is no trial.
        """
        raise NotImplementedError

    @property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """What was answered so far, by kind."""
        raise NotImplementedError

    def record(self, events: Iterable[Event]) -> Recorded:
        """Save events, all or none; ``rate`` and ``choose`` also become the rating.

        Events of a submitted trial are logged and change no rating.

        Raises:
            BadAnswer: a score off the scale, a rating of the open reference, an id or kind that is no word.
            UnknownSlot: a trial or slot that is not of this session.
            WrongStep: consent was not given, or the trial's turn has not come.
        """
        raise NotImplementedError

    def answer(self, kind: str, values: Mapping[str, Any]) -> None:
        """Save the answer to a step that has no trial; the step is done with it.

        ``kind``: that of the current step, of one done before (it is replaced), or at any time after consent
        ``language`` or ``comment``. ``consent`` needs ``{"agreed": True}``; ``level`` may hold ``gain_db``.

        Raises:
            BadAnswer: consent not given, a gain out of range or within an item, more than 100 000 characters.
            WrongStep: the turn of ``kind`` has not come.
        """
        raise NotImplementedError

    def submit(self, trial: str) -> Submitted:
        """Submit the trial of that id; a second time changes nothing.

        Raises:
            NotComplete: not all heard and rated, no 100 where one is needed, no answer.
            UnknownSlot: no such trial in this session.
            WrongStep: its turn has not come.
        """
        raise NotImplementedError

    def withdraw(self) -> None:
        """Erase all that was saved of this person; an empty tombstone stays, and the link opens nothing any more."""
        raise NotImplementedError
