"""Two replicas behind nginx with the configuration of ``deploy/``, and databases that go away and come back."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from listening_test.model import DATABASE
from listening_test.screens import settings
from listening_test.session import Sessions
from tests.listening.browser import free_port, server, started
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import (
    APP,
    NOTHING_UNSAVED,
    SLOW_MS,
    Served,
    at_trial,
    environment,
    rate,
    set_up,
    sounds_ready,
    submit,
    watched,
)
from tests.listening.servers import Nginx, PostgreSQL

pytestmark = pytest.mark.slow

SCORES = [11, 32, 43, 54, 100]


@dataclass
class Site:
    """Two replicas behind nginx."""

    served: Served
    replicas: dict[str, subprocess.Popen[bytes]]  # by port
    nginx: Nginx


@pytest.fixture
def site(postgresql: str, tmp_path: Path) -> Iterator[Site]:
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS site CASCADE")
        connection.execute("CREATE SCHEMA site")
    url = f"{postgresql}?options=-csearch_path%3Dsite"
    ports = (free_port(), free_port())
    (tmp_path / "nginx").mkdir()
    told = {"server_tokens off;": "server_tokens off; add_header X-Replica $upstream_addr;"}
    proxy = Nginx(tmp_path / "nginx", ports, told)
    test = tiny_test(tmp_path, trials=2)
    sessions = Sessions(test, tmp_path, url)
    env = environment(tmp_path, **{settings.DATABASE: url})
    replicas = [started(APP, tmp_path / f"log{port}", env, port) for port in ports]
    try:
        with proxy as nginx:
            served = Served(nginx.address, tmp_path, test, sessions)
            yield Site(served, dict(zip(map(str, ports), replicas, strict=True)), nginx)
    finally:
        for replica in replicas:
            replica.kill()
            replica.wait(20)
        sessions.dispose()


def test_a_listener_goes_on_when_their_replica_is_killed(chromium: Any, site: Site) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site.served.link())
    got = watched(page)
    set_up(page, got)
    [replica] = {headers["x-replica"].rpartition(":")[2] for _, headers, _ in got.sounds()}
    [cookie] = [one for one in context.cookies() if one["name"] == "codecbench_replica"]
    assert cookie["httpOnly"]
    rate(page, SCORES[:2])
    page.wait_for_function(NOTHING_UNSAVED, timeout=SLOW_MS)
    site.replicas[replica].send_signal(signal.SIGKILL)
    site.replicas[replica].wait(10)
    rate(page, SCORES)
    page.wait_for_function(NOTHING_UNSAVED, timeout=2 * SLOW_MS)
    assert page.locator("output").all_inner_texts() == [str(score) for score in SCORES]
    sounds_ready(page)
    submit(page)
    for number in (1, 2):
        at_trial(page, number, 2)
        rate(page, SCORES)
        submit(page)
    page.get_by_text("Thank you").first.wait_for(timeout=SLOW_MS)
    rows = site.served.sessions.export_rows()
    assert sorted(row["score"] for row in rows) == sorted(SCORES * 3)
    [person] = site.served.sessions.progress()
    assert person.status == "finished"
    page.goto(site.served.link())  # a second person, with one replica
    page.get_by_role("button", name="Start", exact=True).wait_for(timeout=SLOW_MS)
    assert len([one for one in context.cookies() if one["name"] == "codecbench_replica"]) == 1
    context.close()


def test_a_database_that_is_restarted_in_mid_trial_loses_no_rating(chromium: Any, tmp_path: Path) -> None:
    database = PostgreSQL()
    database.start()
    test = tiny_test(tmp_path, trials=1)
    sessions = Sessions(test, tmp_path, database.url)
    env = environment(tmp_path, **{settings.DATABASE: database.url})
    try:
        with server(APP, tmp_path / "log", env) as address:
            page = chromium.new_page()
            page.goto(Served(address, tmp_path, test, sessions).link())
            set_up(page, watched(page))
            rate(page, SCORES[:2])
            page.wait_for_function(NOTHING_UNSAVED, timeout=SLOW_MS)
            database.stop()
            rate(page, [11, 33])
            page.wait_for_timeout(12_000)  # a heartbeat, too
            assert page.locator("output").all_inner_texts()[:2] == ["11", "33"]
            rate(page, [11, 34, 43])
            database.start()
            page.wait_for_function(NOTHING_UNSAVED, timeout=2 * SLOW_MS)
            assert page.locator("output").all_inner_texts()[:3] == ["11", "34", "43"]
            assert page.get_by_text("Something went wrong").count() == 0
            values = [row["value"] for row in sessions.event_rows() if row["kind"] == "rate"]
            assert {11.0, 32.0, 33.0, 34.0, 43.0} <= set(values)
            sounds_ready(page)
            rate(page, SCORES)
            submit(page)
            at_trial(page, 1, 1)
            page.close()
        assert sorted(row["score"] for row in sessions.export_rows()) == SCORES
    finally:
        sessions.dispose()
        database.remove()


def test_a_file_that_is_locked_for_seconds_loses_no_rating(chromium: Any, tmp_path: Path) -> None:
    test = tiny_test(tmp_path, trials=1)
    sessions = Sessions(test, tmp_path)
    with server(APP, tmp_path / "log", environment(tmp_path)) as address:
        page = chromium.new_page()
        page.goto(Served(address, tmp_path, test, sessions).link())
        set_up(page, watched(page))
        other = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        rate(page, SCORES)
        page.wait_for_timeout(5000)
        assert not page.evaluate(NOTHING_UNSAVED)
        other.execute("ROLLBACK")
        other.close()
        page.wait_for_function(NOTHING_UNSAVED, timeout=SLOW_MS)
        submit(page)
        at_trial(page, 1, 1)
        page.close()
    assert sorted(row["score"] for row in sessions.export_rows()) == SCORES
    sessions.dispose()
