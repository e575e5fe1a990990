"""The app as a proxy serves it under a path, which it takes away before the app sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listening_test.app import app as inner

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PATH = "/listen"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Everything under PATH, and the health of the server."""
    if scope["type"] != "lifespan" and scope["path"] != "/_stcore/health":
        path = scope["path"]
        rest = path.removeprefix(PATH) if path.startswith(f"{PATH}/") else "/nothing/of/ours"
        scope = {**scope, "path": rest, "raw_path": rest.encode()}
    await inner(scope, receive, send)
