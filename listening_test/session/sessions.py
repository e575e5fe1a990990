"""One test with its store: invitations, visits, sounds, progress and export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from bench.errors import ConfigError, StoreError
from bench.store import digest
from listening_test.model import DATABASE, Test, pair, stimulus_path
from listening_test.mushra import CHOICES
from listening_test.ratings import invitations, reading, writing
from listening_test.ratings.database import Database
from listening_test.ratings.migrating import upgrade
from listening_test.ratings.rows import Logged
from listening_test.ratings.schema import now
from listening_test.session import export
from listening_test.session.checking import SERVER
from listening_test.session.errors import TokenError, TooManyGuesses, UnknownSlot
from listening_test.session.order import draw, least_filled
from listening_test.session.shapes import Progress
from listening_test.session.tokens import Guesses, hashed, new_pseudonym, new_token
from listening_test.session.visit import Visit
from listening_test.session.wav import Shape, shape_of, slot_wav


class Sessions:
    """One test and its store; one object serves all threads of a process, several processes share a store.

    Args:
        test: what ``load_test`` gives.
        folder: the test's folder, with its stimuli; SQLite lies there, too.
        url: of a PostgreSQL database, ``postgresql://user@host/name``; empty for SQLite.

    Raises:
        ConfigError: a URL of no database that is supported.
        StoreError: the store cannot be opened, belongs to another state of the test or to a later version, stimuli
            are missing, or the test has no trial that counts.
    """

    def __init__(self, test: Test, folder: Path, url: str = "") -> None:
        self.test, self._folder = test, folder
        self._trials = {trial.id: trial for trial in test.trials}
        _require_playable(test, folder)
        self._database = Database(url or URL.create("sqlite", database=str(folder / DATABASE)))
        upgrade(self._database)
        self._id = self._register()
        self._guesses = Guesses()
        self._shapes: dict[str, Shape] = {}

    def invite(self, count: int, note: str = "", *, simulated: bool = False) -> list[str]:
        """Tokens of ``count`` new invitations, 192 random bits each. Only their hashes are kept: show them now.

        ``note`` is for the experimenter and erased with the person; it is no place for names.
        """
        if not 1 <= count <= 10_000 or "\0" in note:
            raise ConfigError(
                f"invitations: expected 1 to 10000 at a time and a note without zero bytes, got {count} and {note!r}."
            )
        tokens = [new_token() for _ in range(count)]
        people = [(new_pseudonym(), hashed(token)) for token in tokens]
        self._database.write(lambda connection: invitations.add(connection, self._id, people, note, simulated))
        return tokens

    def open(self, token: str, tab: str, client: str = "") -> Visit:
        """The visit behind ``token``; this tab holds the session, a tab that held it before is told so.

        Call it once for each tab, not at every run of the page. A finished session opens, too, at ``thanks``: its
        listener may still withdraw. ``tab``: any text that is this tab's alone. ``client``: what to count wrong
        tokens by, such as an address; it stays in memory and is never stored.

        Raises:
            TokenError: unknown, withdrawn or closed, all with the same words.
            TooManyGuesses: twenty wrong tokens of this client within a minute.
        """
        if self._guesses.blocked(client):
            raise TooManyGuesses
        try:
            return self._database.write(lambda connection: self._open(connection, hashed(token), hashed(tab)))
        except TokenError:
            self._guesses.wrong(client)
            raise

    def audio(self, slot: str) -> bytes:
        """The WAV file behind a slot: of one size within a trial, and of different bytes for equal sounds.

        Raises:
            UnknownSlot: no such slot, withdrawn, or the test is closed.
        """
        found = None
        if slot.isascii() and slot.isprintable():
            found = self._database.read(lambda connection: reading.sound_of(connection, self._id, slot))
        if found is None:
            raise UnknownSlot("there is no such sound.")
        trial = self._trials[found[0]]
        if trial.id not in self._shapes:
            self._shapes[trial.id] = shape_of(self._folder, trial)
        return slot_wav(self._folder, trial.stimulus(found[1]), self._shapes[trial.id], slot)

    def progress(self) -> list[Progress]:
        """All invitations in the order they were made."""
        rows = self._database.read(lambda connection: reading.overview(connection, self._id))
        return [
            Progress(
                listener=row.listener or "",
                status=row.status,
                note=row.note,
                simulated=row.simulated,
                block=row.block,
                training_done=int(row.training_done or 0),
                trials_done=int(row.trials_done or 0),
                trials=int(row.trials or 0),
                created=row.created,
                started=row.started or "",
                last_seen=row.seen or "",
                finished=row.finished or "",
            )
            for row in rows
        ]

    @property
    def closed(self) -> bool:
        """Whether the test takes no more answers."""
        return self._database.read(lambda connection: invitations.closed(connection, self._id))

    def close(self) -> None:
        """Take no more answers: every link says the same as an unknown one."""
        self._database.write(lambda connection: invitations.set_closed(connection, self._id, now()))

    def reopen(self) -> None:
        """Take answers again."""
        self._database.write(lambda connection: invitations.set_closed(connection, self._id, None))

    def erase(self, listener: str) -> None:
        """Withdraw a person on their wish, by pseudonym; ``withdraw`` of a visit does the same.

        Raises:
            StoreError: nobody has that pseudonym.
        """
        self._database.write(lambda connection: self._erase(connection, listener))
        self._database.forget_erased()

    def export_rows(self) -> list[dict[str, Any]]:
        """Every rating of every submitted trial, training too, as RATING_COLUMNS; none excluded.

        ABX and AB give one row a trial: ``condition`` is the stimulus under test, ``against`` the other.
        """
        return self._database.read(lambda connection: export.rating_rows(connection, self.test, self._id))

    def event_rows(self) -> list[dict[str, Any]]:
        """The event log with conditions in place of slots, in the order saved."""
        return self._database.read(lambda connection: export.event_rows(connection, self.test, self._id))

    def answer_rows(self) -> list[dict[str, Any]]:
        """Answers of questionnaires and set-up: ``listener``, ``kind``, ``at``, ``values``."""
        return self._database.read(lambda connection: reading.all_answers(connection, self._id))

    def dispose(self) -> None:
        """Give the connections back; the test itself stays as it is."""
        self._database.dispose()

    def _register(self) -> int:
        test = asdict(self.test)
        fingerprint = digest({name: test[name] for name in ("rules", "trials", "seed", "blocks")})
        name = self.test.name
        found, theirs = self._database.write(lambda connection: invitations.register(connection, name, fingerprint))
        if theirs != fingerprint:
            self.dispose()
            raise StoreError(
                f"{self._database.place}: holds answers to another state of the test {name!r}: trials, rules or seed "
                "changed since. Give the changed test another name, or put the old test.json back."
            )
        return found

    def _open(self, connection: Connection, token_hash: str, lease: str) -> Visit:
        row = invitations.by_token(connection, self._id, token_hash)
        if row is None or invitations.closed(connection, self._id):
            raise TokenError
        if row.status == "invited":
            invitations.lock_test(connection, self._id)
            block = least_filled(self.test, invitations.blocks(connection, self._id), row.number)
            invitations.start(connection, row.id, block)
            writing.add_pages(connection, row.id, draw(self.test, row.number, block))
        invitations.claim(connection, row.id, lease)
        writing.log(connection, row.id, [Logged(SERVER + new_token(), "open", 0.0)])
        return Visit(self.test, self._database, row.id, row.listener, lease)

    def _erase(self, connection: Connection, listener: str) -> None:
        row = invitations.by_listener(connection, self._id, listener)
        if row is None:
            raise StoreError(
                f"{self.test.name}: expected the pseudonym of a listener, got {listener!r}. `codecbench listen status` "
                "lists them."
            )
        invitations.erase(connection, row.id)


def _require_playable(test: Test, folder: Path) -> None:
    if not test.counted:
        raise StoreError(f"{folder}: the test has no trial that counts. Build it again: codecbench listen build")
    if test.rules.type in CHOICES:
        for trial in test.trials:
            pair(trial)
    wanted = {stimulus_path(folder, one.sha256) for trial in test.trials for one in trial.sounds}
    missing = sorted(path.name for path in wanted if not path.exists())
    if missing:
        raise StoreError(
            f"{folder}: {len(missing)} of {len(wanted)} stimuli are missing, the first is {missing[0]}. "
            "Build the test again: codecbench listen build"
        )
