"""How long was listened, from the event log."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from listening_test.session.shapes import HEARD

PAUSE_S = 300.0
"""A longer silence between two events counts as this much: somebody left, or came back on another day."""

SHOWN = "shown"
"""Kind of the event that the server logs when a trial comes to a tab: whatever sounded before is over."""

SUBMIT = "submit"
"""Kind of the event that the server logs when a trial is submitted."""

ENDS = ("stop", "pause", SHOWN)


_OF_PAGE = re.compile(r"([0-9a-f]{16})-\d+")
"""Ids of the player: the page of the browser, and a number."""


def page_of(event: str) -> str:
    """The page of a browser that made the id ``event``, each with a clock of its own; empty where it does not say."""
    found = _OF_PAGE.fullmatch(event)
    return found[1] if found else ""


def listened_seconds(events: Iterable[tuple[str, str | None, float]]) -> dict[str, float]:
    """Seconds that each slot sounded.

    Args:
        events: kind, slot and client milliseconds of one trial's events in the order saved.
    """
    seconds: dict[str, float] = defaultdict(float)
    sounding, before = "", 0.0
    for kind, slot, ms in events:
        if sounding and kind != SHOWN:
            seconds[sounding] += min(max(ms - before, 0.0) / 1000, PAUSE_S)
        if kind in HEARD:
            sounding = slot or ""
        elif kind in ENDS:
            sounding = ""
        before = ms
    return dict(seconds)


def active_seconds(times: Sequence[str]) -> float:
    """Seconds from the first to the last of ``times`` (ISO 8601, in order), long pauses cut to PAUSE_S."""
    moments = [datetime.fromisoformat(time) for time in times]
    gaps = ((later - earlier).total_seconds() for earlier, later in pairwise(moments))
    return sum(min(max(gap, 0.0), PAUSE_S) for gap in gaps)
