"""What of the web server is open: pages, their parts, their websocket and sounds; read only, and to our own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from listening_test.screens import settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SHUT = ("/_stcore/agent", "/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/upload_file")
"""Routes of Streamlit that no page of ours needs: how many people listen is nobody's business, nothing is uploaded,
and pages are for people."""
METHODS = ("GET", "HEAD")


class Doors:
    """ASGI middleware that answers for what is shut, and turns away websockets of other sites' pages.

    Streamlit looks at the origin of a websocket, too; but for a strange one it asks a server on the internet for this
    machine's address first, and everybody waits meanwhile.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (status := _refused(scope)):
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        elif scope["type"] == "websocket" and not _is_ours(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)


def _refused(scope: Scope) -> int:
    """The status of an answer that refuses the request, 0 where it is let in."""
    if any(scope["path"] == one or scope["path"].startswith(f"{one}/") for one in SHUT):
        return 404
    return 0 if scope["method"] in METHODS else 405


def _is_ours(scope: Scope) -> bool:
    """Whether the page that opens a websocket came from here; programs send no origin."""
    given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if "origin" not in given:
        return True
    ours = {given.get("host", ""), urlsplit(settings.setting(settings.BASE)).netloc} - {""}
    try:
        return urlsplit(given["origin"]).netloc in ours
    except ValueError:
        return False
