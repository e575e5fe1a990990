"""People who want in, or want to know: forged states of pages, guessed passwords, ids of others, strange events."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from listening_test.player.route import PREFIX
from listening_test.screens import settings
from listening_test.session import Sessions
from listening_test.session.passwords import hash_password
from tests.fuzz.mutations import HOSTILE_VALUES
from tests.listening.browser import free_port, started
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import APP, environment
from tests.listening.e2e.wire import events, page
from tests.listening.listeners import set_up

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery staple"


class House:
    """A server with a password, and two listeners at a trial."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions = Sessions(tiny_test(folder, trials=1), folder)
        self.tokens = self.sessions.invite(2)
        self.slots, self.trials = [], []
        for token in self.tokens:
            visit = self.sessions.open(token, "set-up")
            set_up(visit)
            self.trials.append(visit.trial.id)
            self.slots.append(visit.trial.slots)
        self.port = free_port()
        self.log = folder / "log"
        env = environment(folder, **{settings.PASSWORD_HASH: hash_password(PASSWORD)})
        self.process = started(APP, self.log, env, self.port)
        self.address = f"http://127.0.0.1:{self.port}"

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.process.terminate()
    made.process.wait(20)
    made.sessions.dispose()


def get(house: House, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Status and body; the path goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    connection.putrequest(method, path)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize(
    "path",
    ["../test.json", "..%2ftest.json", "%2e%2e/%2e%2e/etc/passwd", "..%5ctest.json", "%00", "'%20OR%201=1",
     "%E2%80%AE", "a" * 5000, "*", "%25", "x;y"],
)  # fmt: skip
def test_no_path_leads_from_the_sounds_to_files(house: House, path: str) -> None:
    status, body = get(house, f"{PREFIX}/{path}")
    assert status in (400, 404)
    assert len(body) < 100


def test_shut_routes_of_the_real_server(house: House) -> None:
    for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/script-health-check"):
        assert get(house, path) == (404, b"")
    assert get(house, "/_stcore/upload_file/x/y", "PUT")[0] == 404
    assert get(house, "/", "POST")[0] == 405
    assert get(house, "/_stcore/health") == (200, b"ok")


def test_no_state_that_a_page_sends_makes_an_experimenter(house: House) -> None:
    forged = {"experimenter": True, "visit": True, "token": "x", "files": "x", "$$ID-x-experimenter": True}
    for values in (forged, dict.fromkeys(forged, b"true"), dict.fromkeys(forged, "1")):
        with page(house.address) as one:
            one.run(name="experimenter", widgets=values)
            shown = one.run(name="experimenter", widgets=values)
            assert "Password" in shown or "Something went wrong" in shown
            assert "Invitations" not in shown
            assert "Download" not in shown


def test_many_connections_have_five_guesses_together(house: House) -> None:
    said: list[str] = []

    def guess(password: str) -> None:
        with page(house.address) as one:
            one.run(name="experimenter")
            sent = {one.widgets["text_input"]: password, one.widgets["button"]: True}
            said.append(one.run(name="experimenter", widgets=sent))

    threads = [threading.Thread(target=guess, args=(f"guess {number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(said) == 16
    assert house.log.read_text().count("a wrong password") == 5
    assert sum("Too many wrong passwords" in one for one in said) == 11
    guess(PASSWORD)
    assert "Too many wrong passwords" in said[-1]
    assert "Invitations" not in said[-1]


def test_a_listener_can_neither_rate_nor_read_for_another(house: House) -> None:
    other = {"id": "x-1", "kind": "rate", "at_ms": 1, "slot": house.slots[1][0], "value": 1}
    with page(house.address) as one:
        query = f"p={house.tokens[0]}"
        shown = one.run(query)
        assert house.slots[0][0] in shown
        assert not any(slot in shown for slot in house.slots[1])
        player = one.widgets["bidi_component"]
        own = {**other, "id": "x-2", "slot": house.slots[0][0], "value": 42}
        forged = {**other, "id": "x-3", "trial": house.trials[1], "session": 2, "listener": "x"}
        one.run(query, widgets={player: events(other, forged, own)})
    rated = [(row["kind"], row["value"]) for row in house.sessions.event_rows() if row["kind"] == "rate"]
    assert rated == [("rate", 42)]


def test_no_event_breaks_the_page(house: House) -> None:
    rng, before = random.Random(3), len(house.log.read_text())
    values = [value for value in HOSTILE_VALUES if value != 10**400]
    good = {"id": "g", "kind": "rate", "at_ms": 1, "slot": house.slots[1][0], "value": 50}
    with page(house.address) as one:
        query = f"p={house.tokens[1]}"
        one.run(query)
        player = one.widgets["bidi_component"]
        for number in range(30):
            sent = []
            for index in range(10):
                event = {**good, "id": f"g-{number}-{index}", rng.choice(list(good)): rng.choice(values)}
                sent.append(rng.choice([event, event, event, rng.choice(values)]))
            one.run(query, widgets={player: events(*sent)})
        for state in (b"{}", b'{"log": 7}', b'{"log": {"events": 1e999}}', b'{"log": {"events": {"a": [1]}}}'):
            one.run(query, widgets={player: state})
        shown = one.run(query, widgets={player: events({**good, "id": "last", "value": 77})})
    assert house.slots[1][0] in shown
    assert "a page failed" not in house.log.read_text()[before:]
    assert 77 in [row["value"] for row in house.sessions.event_rows() if row["kind"] == "rate"]
    json.dumps(house.sessions.event_rows(), allow_nan=False)
    with page(house.address) as one:  # what Streamlit itself cannot read ends the page that sent it, and no other
        one.run(query)
        for state in (b"[" * 100_000, b"nul", b"1e999"):
            assert "Something went wrong" in one.run(query, widgets={one.widgets["bidi_component"]: state})
    with page(house.address) as one:
        assert house.slots[1][0] in one.run(query)


def test_a_link_of_megabytes_opens_nothing_and_is_forgotten(house: House) -> None:
    before = house.memory_mb()
    for size in (200, 10_000, 500_000, 3_000_000):
        for _ in range(4):
            with page(house.address) as one:
                assert "This link does not work" in one.run("p=" + "x" * size)
    assert house.memory_mb() < before + 150
    with page(house.address) as one:  # what begins with a token is none
        assert "This link does not work" in one.run(f"p={house.tokens[0]}{'x' * 100_000}")


def test_a_session_of_a_page_is_no_one_elses(house: House) -> None:
    """Streamlit goes on with a session whose id a browser names; a guessed id begins another one."""
    from websockets.sync.client import connect

    from tests.listening.e2e.wire import STREAM, Page

    for guess in ("", "0", "00000000-0000-4000-8000-000000000000", "../x"):
        protocols = ["streamlit", "xsrf", guess or "x"]
        stream = house.address.replace("http", "ws", 1) + STREAM
        with connect(stream, subprotocols=[one.replace("/", "") for one in protocols]) as socket:
            assert "Invitations" not in Page(socket).run(name="experimenter")
