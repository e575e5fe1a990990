"""One test with its store: invitations, visits, sounds, progress and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from listening_test.model import Test
from listening_test.session.shapes import Progress
from listening_test.session.visit import Visit


class Sessions:
    """One test and its store; one object serves all threads of a process, several processes share a store.

    Raises:
        StoreError: the store cannot be opened, belongs to another state of the test or a later version, or stimuli
            are missing.
    """

    def __init__(self, test: Test, folder: Path, url: str = "") -> None:
        raise NotImplementedError

    def invite(self, count: int, note: str = "", *, simulated: bool = False) -> list[str]:
        """Tokens of ``count`` new invitations, 192 random bits each. Only their hashes are kept: show them now."""
        raise NotImplementedError

    def open(self, token: str, tab: str, client: str = "") -> Visit:
        """The visit behind ``token``; this tab holds the session, a tab that held it before is told so.

        Call it once for each tab, not at every run of the page. ``tab``: any text that is this tab's alone.
        ``client``: what to count wrong tokens by, such as an address; it stays in memory and is never stored.

        Raises:
            TokenError: unknown, withdrawn or closed, all with the same words.
            TooManyGuesses: twenty wrong tokens of this client within a minute.
        """
        raise NotImplementedError

    def audio(self, slot: str) -> bytes:
        """The WAV file behind a slot: of one size within a trial, and of different bytes for equal sounds.

        Raises:
            UnknownSlot: no such slot, withdrawn, or the test is closed.
        """
        raise NotImplementedError

    def progress(self) -> list[Progress]:
        """All invitations in the order they were made."""
        raise NotImplementedError

    @property
    def closed(self) -> bool:
        """Whether the test takes no more answers."""
        raise NotImplementedError

    def close(self) -> None:
        """Take no more answers: every link says the same as an unknown one."""
        raise NotImplementedError

    def reopen(self) -> None:
        """Take answers again."""
        raise NotImplementedError

    def erase(self, listener: str) -> None:
        """Withdraw a person on their wish, by pseudonym."""
        raise NotImplementedError

    def export_rows(self) -> list[dict[str, Any]]:
        """Every rating of every submitted trial, training too, as RATING_COLUMNS; none excluded."""
        raise NotImplementedError

    def event_rows(self) -> list[dict[str, Any]]:
        """The event log with conditions in place of slots, in the order saved."""
        raise NotImplementedError

    def answer_rows(self) -> list[dict[str, Any]]:
        """Answers of questionnaires and set-up: ``listener``, ``kind``, ``at``, ``values``."""
        raise NotImplementedError

    def dispose(self) -> None:
        """Give the connections back; the test itself stays as it is."""
        raise NotImplementedError
