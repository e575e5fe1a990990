"""The files of ``deploy/`` agree with each other and with the app. ``e2e/test_deployed.py`` runs nginx with them."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from listening_test.player.route import PREFIX
from listening_test.screens import settings
from tests.listening.browser import free_port
from tests.listening.servers import DEPLOY, Nginx


def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_nginx_names_the_replicas_and_the_routes() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    replicas = [name for name in compose()["services"] if name.startswith("app")]
    assert re.findall(r"server (\w+):8501 ", text) == replicas
    assert len(replicas) == 2
    assert f"location {PREFIX}/ {{" in text


def test_only_nginx_can_be_reached_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert all("outside" not in service["networks"] for name, service in services.items() if name != "nginx")
    assert compose()["networks"]["inside"]["internal"]


def test_every_variable_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    given = re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE)
    assert asked == set(given)
    known = {settings.DATABASE, settings.BASE, settings.PASSWORD_HASH, "FORWARDED_ALLOW_IPS"}
    assert set(compose()["services"]["app1"]["environment"]) == known


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[bytes]]]:
    """The port of nginx, and what came to the replica behind it, which answers 200 to everything."""
    came: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", free_port()))

    def answer() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            with one:
                came.append(one.recv(1 << 16))
                one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    with Nginx(tmp_path_factory.mktemp("nginx"), (port, port)) as nginx:
        yield nginx.port, came
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def sent(behind: tuple[int, list[bytes]], request: bytes) -> tuple[int, list[str]]:
    """The status that a browser gets, and the lines of the request that came through, none where none did."""
    port, came = behind
    came.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        one.sendall(request)
        status = int(one.recv(1000).split(b" ")[1])
    return status, [line.decode("latin-1").lower() for received in came for line in received.split(b"\r\n") if line]


START = b"GET / HTTP/1.1\r\nHost: lab.org\r\nConnection: close\r\n"


def test_what_a_browser_claims_does_not_reach_the_app(behind: tuple[int, list[bytes]]) -> None:
    claims = (
        b"X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nForwarded: for=6.6.6.6\r\n"
    )
    status, lines = sent(behind, START + claims + b"X-Forwarded-Proto: evil\r\n\r\n")
    assert status == 200
    assert not [line for line in lines if "6.6.6.6" in line or "evil" in line]
    assert "x-forwarded-for: 127.0.0.1" in lines
    assert "host: lab.org" in lines


@pytest.mark.parametrize(
    "claim",
    [b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n",
     b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", b"Transfer-Encoding: xchunked\r\n\r\n",
     b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"Content-Length: -1\r\n\r\n", b"Host: other\r\n\r\n"],
)  # fmt: skip
def test_no_request_is_smuggled_in_another(behind: tuple[int, list[bytes]], claim: bytes) -> None:
    status, lines = sent(behind, START + claim)
    assert status in (400, 501)
    assert lines == []


def test_only_a_websocket_changes_the_protocol(behind: tuple[int, list[bytes]]) -> None:
    start = START.replace(b"Connection: close", b"Connection: Upgrade")
    for protocol in (b"h2c", b"TLS/1.0", b"websocket, h2c", b"x"):
        _, lines = sent(behind, start + b"Upgrade: " + protocol + b"\r\n\r\n")
        assert not [line for line in lines if line.startswith("upgrade")]
        assert "connection: upgrade" not in lines
    _, lines = sent(behind, start + b"Upgrade: WebSocket\r\n\r\n")
    assert {"upgrade: websocket", "connection: upgrade"} <= set(lines)
