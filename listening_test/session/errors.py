"""What a listener's session refuses.

SessionError
├── TokenError     an invitation that opens nothing; one message for unknown, withdrawn and closed
│   └── TooManyGuesses
├── LeaseLost      the same session was opened in another tab, which goes on instead
├── NotComplete    a trial that cannot be submitted yet, with its problems
├── WrongStep      a call that does not belong to where the listener is
├── BadAnswer      an answer or event with a value that cannot be
└── UnknownSlot    no such sound, or not any more
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import CodecbenchError
from listening_test.mushra import Problem


class SessionError(CodecbenchError):
    """Base of what a session refuses. ``key`` names the text that the listener reads, in every language."""

    key: str = "error"


class TokenError(SessionError):
    """An invitation that opens nothing. It says the same for every reason, so that guessing teaches nothing."""

    key = "token"

    def __init__(
        self, message: str = "This link does not open a listening test. Please ask who invited you for another."
    ) -> None:
        super().__init__(message)


class TooManyGuesses(TokenError):
    """Too many wrong tokens from one client within a minute."""

    key = "too_many_guesses"

    def __init__(self) -> None:
        super().__init__("Too many links were tried. Please wait a minute and open yours again.")


class LeaseLost(SessionError):
    """The session goes on in another tab."""

    key = "lease_lost"

    def __init__(self) -> None:
        super().__init__("The test was opened in another tab or window. Please go on there, or open it here again.")


class NotComplete(SessionError):
    """A trial that cannot be submitted yet. ``problems`` holds all of them; their slots are those of the trial."""

    key = "not_complete"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("The trial is not complete: " + ", ".join(problem.key for problem in problems))


class WrongStep(SessionError):
    """A call that does not belong to the step where the listener is; reload the step and go on from there."""

    key = "wrong_step"


class BadAnswer(SessionError):
    """An answer or event with a value that cannot be. Nothing of the call was saved.

    Keys: ``consent_needed``, ``level_range``, ``level_in_item``, ``too_long``, else ``bad_answer``.
    """

    def __init__(self, message: str, key: str = "bad_answer") -> None:
        super().__init__(message)
        self.key = key


class UnknownSlot(SessionError):
    """No sound or trial of that id in a session that goes on."""

    key = "unknown_slot"
