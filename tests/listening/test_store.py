"""The store itself: migrations, processes that are killed, many writers, erasing, databases that cannot be used."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bench.errors import ConfigError, StoreError
from listening_test.model import DATABASE, load_test
from listening_test.ratings.database import Database
from listening_test.ratings.grouping import GroupCommit
from listening_test.ratings.migrating import MIGRATIONS, current, upgrade
from listening_test.ratings.schema import metadata
from listening_test.session import Event, Sessions
from tests.listening.conftest import tiny_test
from tests.listening.listeners import event, joined

ROOT = Path(__file__).parent.parent.parent
REVISIONS = [script.revision for script in reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))]


def url_of(folder: Path, database_url: str) -> str:
    return database_url or f"sqlite:///{folder / DATABASE}"


def test_the_migrations_make_the_tables_of_the_schema(tmp_path: Path, database_url: str) -> None:
    database = Database(url_of(tmp_path, database_url))
    upgrade(database)
    assert database.read(current) == REVISIONS[-1]
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.dispose()


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_an_old_schema_is_brought_up_and_keeps_its_rows(tmp_path: Path, database_url: str, revision: str) -> None:
    database = Database(url_of(tmp_path, database_url))
    upgrade(database, revision)
    assert database.read(current) == revision
    row = "INSERT INTO tests (name, fingerprint, created) VALUES ('old', 'f', '2020')"
    database.write(lambda connection: connection.execute(text(row)))
    upgrade(database)
    assert database.read(current) == REVISIONS[-1]
    assert database.read(lambda connection: connection.execute(text("SELECT name FROM tests")).scalar()) == "old"
    database.dispose()


def test_a_later_schema_is_refused(tmp_path: Path, database_url: str) -> None:
    database = Database(url_of(tmp_path, database_url))
    upgrade(database)
    later = text("UPDATE alembic_version SET version_num = '9999'")
    database.write(lambda connection: connection.execute(later))
    with pytest.raises(StoreError, match="schema 9999, which this version of codecbench does not know"):
        upgrade(database)
    database.dispose()


def test_several_servers_may_open_an_empty_database_at_once(tmp_path: Path, database_url: str) -> None:
    test = tiny_test(tmp_path, systems=1)
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda _: Sessions(test, tmp_path, database_url), range(6)))
    assert {len(sessions.invite(1)) for sessions in opened} == {1}
    assert len(opened[0].progress()) == 6
    for sessions in opened:
        sessions.dispose()


def test_the_log_cannot_be_changed(tmp_path: Path, database_url: str) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path, database_url)
    joined(sessions)
    with pytest.raises((DBAPIError, StoreError), match="append-only"):
        sessions._database.write(lambda connection: connection.execute(text("UPDATE events SET value = 1")))
    sessions.dispose()


WRITER = """
import sys
from contextlib import contextmanager
from pathlib import Path
from listening_test.model import load_test
from listening_test.session import Event, Sessions
folder, url, token = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
visit = Sessions(load_test(folder), folder, url).open(token, "writer")
trial = visit.trial
for number in range(1_000_000):
    visit.record([Event(f"w{number}", "rate", number, trial.id, trial.slots[number % 5], number % 101)])
    print(number, flush=True)
"""


def test_a_writer_that_is_killed_loses_nothing_that_was_acknowledged(tmp_path: Path, database_url: str) -> None:
    tiny_test(tmp_path)
    sessions = Sessions(load_test(tmp_path), tmp_path, database_url)
    [token] = sessions.invite(1)
    visit = sessions.open(token, "tab")
    while visit.step.kind != "training":
        visit.answer(visit.step.kind, {"agreed": True})
    sessions.dispose()
    arguments = [sys.executable, "-c", WRITER, str(tmp_path), database_url, token]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(40)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    assert process.returncode == -signal.SIGKILL
    sessions = Sessions(load_test(tmp_path), tmp_path, database_url)
    log = [row for row in sessions.event_rows() if row["kind"] == "rate"]
    assert [row["client_ms"] for row in log] == list(range(len(log)))
    assert len(log) >= len(acknowledged) >= 40
    trial = sessions.open(token, "tab").trial
    last = {int(row["client_ms"]) % 5: row["value"] for row in log}
    assert trial.scores == {trial.slots[index]: value for index, value in last.items()}, "log and ratings agree"
    sessions.dispose()


def save_concurrently(servers: list[Sessions], listeners: int, moves: int, pause_s: float = 0) -> list[float]:
    """Seconds of each save of ``listeners`` threads that save ``moves`` slider moves each, with pauses between."""
    visits = [joined(servers[number % len(servers)]) for number in range(listeners)]
    trials = [visit.trial for visit in visits]

    def listen(index: int) -> list[float]:
        took = []
        for move in range(moves):
            start = time.perf_counter()
            slot = trials[index].slots[move % 5]
            visits[index].record([event("rate", trials[index], slot, (index + move) % 101)])
            took.append(time.perf_counter() - start)
            time.sleep(pause_s)
        return took

    with ThreadPoolExecutor(listeners) as pool:
        times = [took for each in pool.map(listen, range(listeners)) for took in each]
    for index, visit in enumerate(visits):
        assert visit.trial.scores == {
            slot: (index + max(move for move in range(moves) if move % 5 == place)) % 101
            for place, slot in enumerate(trials[index].slots[:moves])
        }
    return times


def test_many_listeners_save_at_once_and_nothing_is_lost(tmp_path: Path, database_url: str) -> None:
    test = tiny_test(tmp_path)
    servers = [Sessions(test, tmp_path, database_url) for _ in range(3)]
    save_concurrently(servers, listeners=12, moves=6)
    assert sum(row["kind"] == "rate" for row in servers[0].event_rows()) == 12 * 6
    for sessions in servers:
        sessions.dispose()


@pytest.mark.slow
def test_a_hundred_listeners_save_within_a_second(tmp_path: Path, database_url: str) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path, database_url)
    times = sorted(save_concurrently([sessions], listeners=100, moves=20, pause_s=0.5))
    print(f"median {times[len(times) // 2]:.3f} s, 95 % {times[len(times) * 95 // 100]:.3f} s, most {times[-1]:.3f} s")
    assert times[len(times) * 95 // 100] < 1.0
    sessions.dispose()


def test_what_was_withdrawn_is_not_left_in_the_files(tmp_path: Path) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path)
    visit = joined(sessions)
    secret = "a very particular sentence of this listener "
    visit.record([Event("s", "blur", 1.0, detail={"text": secret * 200})])
    visit.answer("comment", {"text": secret * 200})
    assert any(secret.encode() in path.read_bytes() for path in tmp_path.glob(f"{DATABASE}*"))
    visit.withdraw()
    assert not any(secret.encode() in path.read_bytes() for path in tmp_path.glob(f"{DATABASE}*"))
    assert not any(visit.listener.encode() in path.read_bytes() for path in tmp_path.glob(f"{DATABASE}*"))
    sessions.dispose()


def test_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    Sessions(tiny_test(tmp_path), tmp_path).dispose()
    assert stat.S_IMODE((tmp_path / DATABASE).stat().st_mode) == 0o600


def test_a_database_that_cannot_be_used_is_named_without_its_password(tmp_path: Path) -> None:
    test = tiny_test(tmp_path)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        Sessions(test, tmp_path, "postgresql://me:secret@127.0.0.1:1/none")
    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)
    for url in ("mysql://host/name", "no url at all", "sqlite://"):
        with pytest.raises(ConfigError, match="--database"):
            Sessions(test, tmp_path, url)
    (tmp_path / DATABASE).write_bytes(b"this is no database, it is a text\n" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Sessions(test, tmp_path)


def test_a_failure_in_the_middle_changes_nothing(tmp_path: Path, database_url: str) -> None:
    sessions = Sessions(tiny_test(tmp_path), tmp_path, database_url)
    sessions.invite(1, "before")

    def fail(connection: Connection) -> None:
        connection.execute(text("UPDATE sessions SET note = 'changed'"))
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        sessions._database.write(fail)
    assert sessions.progress()[0].note == "before"
    sessions.dispose()


def test_a_database_server_that_ended_all_connections_is_reached_again(postgresql: str) -> None:
    database, killer = Database(postgresql), Database(postgresql)
    kill = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    cut: list[int] = []

    def cut_off_once(connection: Connection) -> int:
        if not cut:
            cut.append(killer.write(lambda other: other.execute(kill).scalar_one()))
        return int(connection.execute(text("SELECT 41 + 1")).scalar_one())

    assert database.write(cut_off_once) == 42
    assert cut[0] > 0
    cut.clear()
    assert database.read(cut_off_once) == 42
    for each in (database, killer):
        each.dispose()


def test_a_group_of_writers_shares_one_commit_and_keeps_failures_apart(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / DATABASE}")
    upgrade(database)
    opened: list[int] = []
    first_in, go_on = threading.Event(), threading.Event()

    @contextmanager
    def transaction() -> Iterator[Connection]:
        opened.append(1)
        with database._transaction() as connection:
            yield connection

    writers = GroupCommit(transaction)

    def add(number: int) -> int:
        def work(connection: Connection) -> int:
            if number == 0:
                first_in.set()
                go_on.wait(10)
            row = {"name": f"test {number}"}
            connection.execute(text("INSERT INTO tests (name, fingerprint, created) VALUES (:name, '', '')"), row)
            if number % 3 == 2:
                raise ValueError(f"number {number}")
            return number

        return writers.run(work)

    with ThreadPoolExecutor(10) as pool:
        results = [pool.submit(add, 0)]
        first_in.wait(10)
        results += [pool.submit(add, number) for number in range(1, 10)]
        while len(writers._row) < 9:
            time.sleep(0.001)
        go_on.set()
        outcomes = [str(result.exception() or result.result()) for result in results]
    assert len(opened) == 2, "one commit for the first, one for the nine that waited for it"
    assert outcomes == ["0", "1", "number 2", "3", "4", "number 5", "6", "7", "number 8", "9"]
    names = database.read(lambda connection: connection.execute(text("SELECT name FROM tests")).scalars().all())
    assert set(names) == {f"test {number}" for number in (0, 1, 3, 4, 6, 7, 9)}
    database.dispose()


def test_a_commit_that_fails_is_told_to_the_whole_group() -> None:
    @contextmanager
    def transaction() -> Iterator[Connection]:
        raise OSError("the disk is gone")
        yield

    writers = GroupCommit(transaction)
    for _ in range(2):
        with pytest.raises(OSError, match="the disk is gone"):
            writers.run(lambda _: None)


def test_sqlite_is_set_up_for_many_readers_and_a_power_cut(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / DATABASE}")
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
    found = [database.read(lambda c, name=name: c.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in names]
    assert found == ["wal", 2, 1, 30_000, 1]
    database.dispose()
