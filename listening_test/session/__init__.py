"""A listener's session: use cases without any web framework.

``Sessions`` is one test with its store; ``Visit`` is one listener in one tab.
"""

from listening_test.session.errors import (
    BadAnswer,
    LeaseLost,
    NotComplete,
    SessionError,
    TokenError,
    TooManyGuesses,
    UnknownSlot,
    WrongStep,
)
from listening_test.session.sessions import Sessions
from listening_test.session.shapes import BlindTrial, Event, Progress, Recorded, Step, StepKind, Submitted
from listening_test.session.visit import Visit

__all__ = [
    "BadAnswer",
    "BlindTrial",
    "Event",
    "LeaseLost",
    "NotComplete",
    "Progress",
    "Recorded",
    "SessionError",
    "Sessions",
    "Step",
    "StepKind",
    "Submitted",
    "TokenError",
    "TooManyGuesses",
    "UnknownSlot",
    "Visit",
    "WrongStep",
]
