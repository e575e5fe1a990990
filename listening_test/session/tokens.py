"""Tokens of invitations, and how often a client may guess one."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

TOKEN_BYTES = 24  # 192 random bits: at a million guesses a second, 10^44 years for a table of a million tokens
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # of pseudonyms; none is taken for another
LONGEST = 100
"""Characters of what may be a token: ours have 32, and a page remembers what it was opened with."""
MAX_CLIENTS = 10_000


def new_token() -> str:
    """A random token fit for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(text: str) -> str:
    """SHA-256, as stored.

    No slow hash: that protects words people choose, which can be tried one after the other. A token is 192 random
    bits, so whoever reads the hashes gains nothing from a fast one.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def new_pseudonym() -> str:
    """A random name, such as ``L-7KQ2MZ4B``: it says neither who nor in which order people were invited."""
    return "L-" + "".join(secrets.choice(LETTERS) for _ in range(8))


class Guesses:
    """Counts wrong guesses of each client in the last ``seconds``, in memory; at ``limit`` a client has to wait."""

    def __init__(self, limit: int = 20, seconds: float = 60, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._wrong: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def blocked(self, client: str) -> bool:
        """Whether ``client`` has to wait."""
        with self._lock:
            return len(self._recent(client)) >= self._limit

    def wrong(self, client: str) -> None:
        """Count a wrong guess."""
        with self._lock:
            recent = self._recent(client)
            recent.append(self._clock())
            self._wrong.pop(client, None)  # the last to guess stands last
            self._wrong[client] = recent
            if len(self._wrong) > MAX_CLIENTS:
                recent_ones = {name: times for name in list(self._wrong) if (times := self._recent(name))}
                self._wrong = dict(list(recent_ones.items())[-MAX_CLIENTS // 2 :])

    def _recent(self, client: str) -> deque[float]:
        times = self._wrong.get(client, deque())
        while times and times[0] <= self._clock() - self._seconds:
            times.popleft()
        return times
