"""The address that sounds are fetched from: an opaque id in, a WAV out, nothing kept by the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

PREFIX = "/codecbench-audio"


def audio_route(find: Callable[[str], bytes | None]) -> Route:
    """``GET /codecbench-audio/{slot}``: what ``find`` gives for the slot, or 404 where it gives None.

    The answer says nothing else: no name, no date, no hash of the content.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from starlette.routing import Route

    async def answer(request: Request) -> Response:
        found = await run_in_threadpool(find, request.path_params["slot"])
        headers = {
            "Cache-Control": "no-store, no-transform",
            "Content-Encoding": "identity",  # compressed, the sizes would tell an anchor
            "X-Content-Type-Options": "nosniff",
        }
        if found is None:
            return Response(status_code=404, headers=headers)
        return Response(found, media_type="audio/wav", headers=headers)

    return Route(PREFIX + "/{slot}", answer, methods=["GET"])


def address(slot: str, base: str = "") -> str:
    """Where the browser finds ``slot``; ``base`` is the path under which the app is served."""
    return f"{base.rstrip('/')}{PREFIX}/{slot}"
