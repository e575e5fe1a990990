"""A web server on the loopback interface that misbehaves as told."""

from __future__ import annotations

import http.server
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Served:
    """One file, and how it is sent."""

    content: bytes
    etag: str | None = '"v1"'
    ranges: bool = True
    content_type: str = "application/octet-stream"
    length: bool = True
    statuses: list[int] = field(default_factory=list)  # answers before the first good one
    drop_after: int | None = None  # bytes sent until the connection is closed ...
    drops: int = 1_000_000  # ... so many times
    stall_after: int | None = None  # bytes sent until nothing more comes ...
    stalls: int = 1_000_000  # ... so many times
    refusals: int = 0  # connections closed without an answer
    piece: int = 16_384
    pause_s: float = 0.0  # between pieces


@dataclass
class Server:
    address: str
    files: dict[str, Served] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)  # method, path, Range
    closing: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, content: bytes, **how: object) -> str:
        """Serve ``content`` as ``name``; its URL."""
        self.files[f"/{name}"] = Served(content, **how)  # type: ignore[arg-type]
        return f"{self.address}/{name}"

    def ranges(self, name: str) -> list[str | None]:
        """The Range headers of the GET requests for ``name``."""
        return [span for method, path, span in self.requests if (method, path) == ("GET", f"/{name}")]


@contextmanager
def running() -> Iterator[Server]:
    """A server in a thread."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(send=False)

        def do_GET(self) -> None:
            self.answer(send=True)

        def answer(self, send: bool) -> None:
            span = self.headers.get("Range")
            served.requests.append((self.command, self.path, span))
            page = served.files.get(self.path)
            if page is None:
                self.send_error(404)
                return
            if send and page.refusals:
                page.refusals -= 1
                self.close_connection = True
                return
            if send and page.statuses:
                self.send_error(page.statuses.pop(0))
                return
            start = self.start_of(page, span)
            if start > len(page.content) or (span and start == len(page.content)):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Type", page.content_type)
            if page.etag:
                self.send_header("ETag", page.etag)
            if page.length:
                self.send_header("Content-Length", str(len(page.content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(page.content) - 1}/{len(page.content)}")
            self.end_headers()
            if send:
                self.send(page, page.content[start:])

        def start_of(self, page: Served, span: str | None) -> int:
            if not span or not page.ranges or self.headers.get("If-Range", page.etag) != page.etag:
                return 0
            match = re.fullmatch(r"bytes=(\d+)-", span)
            assert match, span
            return int(match[1])

        def send(self, page: Served, body: bytes) -> None:
            sent = 0
            for offset in range(0, len(body), page.piece):
                piece = body[offset : offset + page.piece]
                if page.drop_after is not None and sent + len(piece) > page.drop_after and page.drops > 0:
                    page.drops -= 1
                    self.wfile.write(piece[: page.drop_after - sent])
                    return
                if page.stall_after is not None and sent >= page.stall_after and page.stalls > 0:
                    page.stalls -= 1
                    served.closing.wait(20)
                    return
                try:
                    self.wfile.write(piece)
                except OSError:
                    return
                sent += len(piece)
                time.sleep(page.pause_s)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Server(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            served.closing.set()
            server.shutdown()
            thread.join()
