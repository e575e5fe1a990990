"""Payloads that are too large, clients that are slow or many, guesses from forged addresses: listeners go on."""

from __future__ import annotations

import asyncio
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest

from listening_test.player.route import PREFIX
from listening_test.session import Sessions
from tests.listening.browser import free_port, started
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import APP, environment
from tests.listening.listeners import set_up
from tests.listening.servers import Nginx

pytestmark = pytest.mark.slow

STREAM = "/_stcore/stream"
MEGABYTE = 1 << 20


class Attacked:
    """One replica, by itself and behind nginx, with a listener at a trial."""

    def __init__(self, folder: Path) -> None:
        self.sessions = Sessions(tiny_test(folder, trials=1), folder)
        [self.token] = self.sessions.invite(1)
        visit = self.sessions.open(self.token, "set-up")
        set_up(visit)
        self.slot = visit.trial.reference
        self.port = free_port()
        self.process = started(APP, folder / "log", environment(folder), self.port)
        self.direct = f"http://127.0.0.1:{self.port}"

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    made = Attacked(tmp_path_factory.mktemp("attacked"))
    yield made
    made.process.terminate()
    made.process.wait(20)
    made.sessions.dispose()


@pytest.fixture(scope="module")
def proxied(attacked: Attacked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of nginx; its rates are made small, or a test of them would be an attack on the machine."""
    slow = {"zone=sounds:10m rate=50r/s": "zone=sounds:10m rate=5r/s", "zone=sounds burst=1000": "zone=sounds burst=20"}
    patience = {"client_header_timeout 10s": "client_header_timeout 2s"}
    folder = tmp_path_factory.mktemp("nginx")
    with Nginx(folder, (attacked.port, attacked.port), slow | patience) as nginx:
        yield nginx.address


def status(request: str | urllib.request.Request, timeout: float = 10) -> int:
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            answer.read()
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def page_of(address: str, token: str, headers: dict[str, str] | None = None, timeout: float = 20) -> str:
    """What a page without a screen shows: the kinds of its elements, and its texts."""
    import websockets
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    async def opened() -> str:
        stream = address.replace("http", "ws", 1) + STREAM
        async with websockets.connect(
            stream, subprotocols=["streamlit"], max_size=None, additional_headers=headers, open_timeout=timeout
        ) as one:
            message = BackMsg()
            message.rerun_script.query_string = f"p={token}"
            await one.send(message.SerializeToString())
            shown = ""
            while True:
                answer = ForwardMsg()
                answer.ParseFromString(await asyncio.wait_for(one.recv(), timeout))
                shown += str(answer.delta)
                if answer.WhichOneof("type") == "script_finished" and "markdown" in shown:
                    return shown

    return asyncio.run(opened())


def test_what_is_too_large_is_refused_and_keeps_no_memory(attacked: Attacked, proxied: str) -> None:
    import websockets

    before = attacked.memory_mb()

    async def send(address: str, size: int) -> int:
        stream = address.replace("http", "ws", 1) + STREAM
        async with websockets.connect(stream, subprotocols=["streamlit"], max_size=None) as one:
            with suppress(websockets.ConnectionClosed):
                await one.send(b"\0" * size)
            with suppress(websockets.ConnectionClosed):
                while True:
                    await asyncio.wait_for(one.recv(), 10)
            return int(one.close_code or 0)

    for address in (attacked.direct, proxied):
        for _ in range(5):
            assert asyncio.run(send(address, 20 * MEGABYTE)) == 1009
    large = urllib.request.Request(proxied, data=b"\0" * MEGABYTE, method="POST")
    assert status(large) == 413
    assert status(f"{proxied}/?p={'x' * 100_000}") in (400, 414)
    assert status(f"{attacked.direct}{PREFIX}/{'x' * 10_000}") == 404
    assert attacked.memory_mb() < before + 100
    assert "codecbench_player" in page_of(proxied, attacked.token)


def test_slow_clients_keep_nobody_waiting(attacked: Attacked, proxied: str) -> None:
    """A hundred that never finish a request, and fifty that never read the sound they asked for."""
    for address in (attacked.direct, proxied):
        host, port = "127.0.0.1", int(address.rpartition(":")[2])
        with ExitStack() as held:
            for index in range(150):
                one = held.enter_context(socket.create_connection((host, port)))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                rest = "X-Slow: " if index % 3 else "\r\n"
                one.sendall(f"GET {PREFIX}/{attacked.slot} HTTP/1.1\r\nHost: {host}:{port}\r\n{rest}".encode())
            start = time.monotonic()
            assert "codecbench_player" in page_of(address, attacked.token)
            assert time.monotonic() - start < 10


def test_nginx_ends_a_request_that_is_never_finished(proxied: str) -> None:
    with socket.create_connection(("127.0.0.1", int(proxied.rpartition(":")[2]))) as one:
        one.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        one.settimeout(20)
        answer = one.recv(1000)
    assert answer == b"" or b" 408 " in answer


def test_sounds_are_served_at_a_bounded_rate(attacked: Attacked, proxied: str) -> None:
    time.sleep(5)
    answers = [status(f"{proxied}{PREFIX}/{attacked.slot}") for _ in range(80)]
    assert answers[:20] == [200] * 20
    assert 429 in answers
    time.sleep(1)
    assert status(f"{proxied}{PREFIX}/{attacked.slot}") == 200


def test_a_guesser_cannot_claim_another_address(attacked: Attacked, proxied: str) -> None:
    for number in range(21):
        claimed = {"X-Forwarded-For": f"10.0.0.{number}"}
        shown = page_of(proxied, f"guess{number}", claimed)
    assert "Too many links" in shown
    assert "Too many links" in page_of(proxied, attacked.token, {"X-Forwarded-For": "10.9.9.9"})
