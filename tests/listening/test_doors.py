"""Which requests come through to Streamlit, without a server around it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from listening_test.screens import settings
from listening_test.screens.doors import SHUT, Doors


def answers(scope: dict[str, Any]) -> list[dict[str, Any]]:
    """What a client is sent; ``{"type": "through"}`` where the app behind the doors is asked."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "through"})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Doors(app)(scope, receive, send))
    return sent


def http(path: str, method: str = "GET") -> int:
    first = answers({"type": "http", "path": path, "method": method, "headers": []})[0]
    return int(first.get("status", 200))


@pytest.mark.parametrize("path", [*SHUT, "/_stcore/upload_file/session/file", "/_stcore/agent/mcp"])
def test_what_no_page_needs_is_shut(path: str) -> None:
    assert http(path) == 404


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/health", "/_stcore/host-config", "/codecbench-audio/x", "/media/x.csv"]
)
def test_what_pages_need_is_open_to_readers(path: str) -> None:
    assert (http(path), http(path, "HEAD")) == (200, 200)
    assert {http(path, method) for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X")} == {405}


@pytest.mark.parametrize(
    ("origin", "comes"),
    [(None, True), ("https://lab.org", True), ("https://listen.lab.org:8443", True), ("https://evil.org", False),
     ("null", False), ("", False), ("https://lab.org.evil.org", False), ("https://lab.org@evil.org", False),
     ("http://[", False)],
)  # fmt: skip
def test_whose_page_may_open_a_websocket(origin: str | None, comes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.BASE, "https://listen.lab.org:8443/under")
    headers = [(b"host", b"lab.org"), *([] if origin is None else [(b"origin", origin.encode())])]
    [message] = answers({"type": "websocket", "path": "/_stcore/stream", "headers": headers})
    assert message["type"] == ("through" if comes else "websocket.close")
