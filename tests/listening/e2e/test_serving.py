"""The command that serves a test: what it logs, what it refuses."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from bench.errors import ConfigError
from listening_test.cli import app
from listening_test.model import load_test
from listening_test.screens import settings
from listening_test.session import Sessions
from tests.listening.browser import free_port
from tests.listening.conftest import tiny_test
from tests.listening.e2e.steps import SLOW_MS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """Folder and port of a test that ``codecbench listen serve`` serves; its output is ``log`` beside the folder."""
    folder, port = tmp_path_factory.mktemp("test"), free_port()
    tiny_test(folder, trials=1)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(serve(folder, port), stdout=log, stderr=log, cwd=ROOT)
    try:
        for _ in range(240):
            assert process.poll() is None, (folder / "log").read_text()
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/_stcore/health"):
                break
            time.sleep(0.25)
        yield folder, port
    finally:
        process.terminate()
        process.wait(20)


def serve(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "bench.cli", "listen", "serve", str(folder), "--port", str(port)]


def websocket(port: int, origin: str) -> int:
    """Status of the answer to a page of ``origin`` that opens the app's websocket."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Origin": origin,
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    connection.request("GET", "/_stcore/stream", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_log_holds_no_address_and_no_invitation(chromium: Any, command: tuple[Path, int]) -> None:
    folder, port = command
    sessions = Sessions(load_test(folder), folder)
    [token] = sessions.invite(1)
    sessions.dispose()
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{port}/?p={token}")
    page.get_by_role("button", name="Start", exact=True).wait_for(timeout=SLOW_MS)
    page.close()
    log = (folder / "log").read_text()
    address = f"http://127.0.0.1:{port}"
    assert log.splitlines() == [
        f"{folder} at {address}; experimenter: {address}/experimenter",
        f"links for listeners, in another terminal: codecbench listen invite {folder} -n 20 --base {address}",
    ]


def test_a_page_of_another_site_opens_no_session(command: tuple[Path, int]) -> None:
    _, port = command
    assert websocket(port, "https://evil.example") == 403
    assert websocket(port, f"http://127.0.0.1:{port}") == 101


def test_a_port_that_is_taken_is_told(command: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, port = command
    for name in (settings.TEST, settings.DATABASE, settings.BASE):
        monkeypatch.setenv(name, "")  # the command sets them
    second = CliRunner().invoke(app, ["serve", str(folder), "--port", str(port)])
    assert isinstance(second.exception, ConfigError)
    assert f"port {port}" in str(second.exception)
    assert "--port" in str(second.exception)


def test_no_page_sends_megabytes(command: tuple[Path, int]) -> None:
    """Fifty pages that hold back the end of 20 MB each would take the memory of all."""
    import websockets
    from websockets.sync.client import connect

    _, port = command
    for size, code in ((2 << 20, 1009), (500_000, 1002)):  # the smaller one is read, and is no message of Streamlit
        with connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as one:
            with suppress(websockets.ConnectionClosed):
                one.send(b"\xff" * size)
                while True:
                    one.recv(20)
            assert one.close_code == code
