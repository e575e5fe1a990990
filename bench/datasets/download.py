"""One file from the network: resumed where it stopped, checked on the way, moved into place whole."""

from __future__ import annotations

import errno
import http.client
import re
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.datasets.partial import PIECE, Part, Progress, algorithm_of, check, discard, ignore, integer, writing
from bench.errors import DatasetError

NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
BUSY = {408, 425, 429, 500, 502, 503, 504}
"""Answers that another try may change."""

LONGEST_PAUSE_S = 60.0
START = 1024
"""Bytes of a file that are looked at before it is taken for one."""

_PAGE = re.compile(
    rb"(?:\s|<\?xml.*?\?>|<!--.*?-->)*<(?:!doctype\s+html|html|head|script|body)\b", re.IGNORECASE | re.DOTALL
)
HEADERS = {"User-Agent": "codecbench", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for.

    ``timeout_s`` without a byte ends a connection. Of a server that has answered, ``tries`` connections in a row may
    bring nothing more; before the second comes a pause of ``pause_s``, doubled each time. A server that does not
    answer the first time gets no second.
    """

    timeout_s: float = 30.0
    tries: int = 6
    pause_s: float = 1.0


PATIENCE = Patience()


class Unreachable(DatasetError):
    """The server cannot be reached at all: no such name, refused, no way there, or silent."""


class _AgainError(Exception):
    """This connection failed; another may do better, ``pause_s`` seconds later at the earliest."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


def download(
    url: str,
    target: Path,
    checksum: str = "",
    size_bytes: int | None = None,
    patience: Patience = PATIENCE,
    progress: Progress = ignore,
) -> str:
    """Make ``target`` the file behind ``url`` and return its checksum as ``algorithm:hex``.

    What an earlier call left is continued, also after a killed process, unless the server's file changed. A target
    that is there is checked and used. Only one process at a time may work on a target.

    Args:
        checksum: ``algorithm:hex`` of the content; empty: not checked, the result is a sha256.
        size_bytes: of the content; stands in where the server does not say, and for a checksum where there is none.
    Raises:
        Unreachable: no answer at all.
        DatasetError: the server refuses, sends a web page, nothing, or something else than ``checksum``; the disk is
            full; the connection broke too often (then what came is kept).
    """
    algorithm = algorithm_of(checksum)
    if target.exists():
        if not checksum and size_bytes and target.stat().st_size != size_bytes:
            raise DatasetError(
                f"{target}: expected {size_bytes} bytes, got {target.stat().st_size}; this is not the published file. "
                "Delete it to fetch it again, or put the right one there."
            )
        return check(target, checksum, progress)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Part(target, url, algorithm, checked=bool(checksum))
    pieced = _complete(part, size_bytes, patience, progress)
    if checksum and part.checksum != checksum.lower() and pieced:  # a part may have been damaged where it lay
        part.restart()
        _complete(part, size_bytes, patience, progress)
    if checksum and part.checksum != checksum.lower():
        got, size = part.checksum.partition(":")[2], part.size
        discard(target)
        raise DatasetError(
            f"{url}: the content is not what it should be: expected {checksum.replace(':', ' ')}, got {got} "
            f"({size} bytes); nothing was kept. The server's file changed or is damaged, or the checksum is wrong."
        )
    if not checksum:
        _require_size(part, part.size, size_bytes)
    part.finish()
    return part.checksum


def remote_size(url: str, patience: Patience = PATIENCE) -> int | None:
    """Bytes of the file behind ``url`` as the server says without sending it; None where it does not.

    Raises:
        Unreachable: no answer at all.
    """
    request = urllib.request.Request(url, headers=HEADERS, method="HEAD")  # noqa: S310 - from a table of sets
    try:
        with urllib.request.urlopen(request, timeout=patience.timeout_s) as response:  # noqa: S310
            return integer(response.headers.get("Content-Length"))
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(problem := _problem(url, error, patience), Unreachable):
            raise problem from None
        return None  # the download itself says what is wrong


def looks_like_html(start: bytes) -> bool:
    """Whether a file that starts like this is a web page."""
    return _PAGE.match(start.removeprefix(b"\xef\xbb\xbf")) is not None


def _complete(part: Part, size_bytes: int | None, patience: Patience, progress: Progress) -> bool:
    """Connect until the part is whole; whether it took more than one connection, now or earlier."""
    pieced, furthest, fruitless = part.size > 0, part.size, 0
    answered = False
    while not part.whole:
        pause = 0.0
        try:
            _connect(part, size_bytes, patience, progress)
            return pieced
        except _AgainError as error:
            problem, pause, answered = str(error), error.pause_s, True
        except Unreachable as error:
            if not answered:
                raise
            problem = str(error).removeprefix(f"{part.url}: cannot be fetched: ")
        pieced = True
        fruitless = 1 if part.size > furthest else fruitless + 1
        furthest = max(furthest, part.size)
        if fruitless >= patience.tries:
            raise DatasetError(
                f"{part.url}: cannot be fetched: {problem}, {fruitless} times in a row; {part.size} bytes are kept, "
                "and the same command continues there."
            )
        time.sleep(max(pause, min(patience.pause_s * 2 ** (fruitless - 1), LONGEST_PAUSE_S)))
    progress(part.size, part.size)
    return pieced


def _connect(part: Part, size_bytes: int | None, patience: Patience, progress: Progress) -> None:
    """One connection, to the end of the file; what comes before it breaks is in ``part``."""
    request = urllib.request.Request(part.url, headers=HEADERS | part.range())  # noqa: S310 - callers choose the scheme
    try:
        response = urllib.request.urlopen(request, timeout=patience.timeout_s)  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(part, error) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _problem(part.url, error, patience) from None
    with response:
        if not part.take_up(response.headers, size_bytes):
            raise _AgainError("the server's file changed")
        if not part.checked and part.total is not None:
            _require_size(part, part.total, size_bytes)
        _receive(response, part, patience, progress)
    if part.total is not None and part.size < part.total:
        raise _AgainError(f"the connection ended {part.total - part.size} bytes too early")


def _receive(response: Any, part: Part, patience: Patience, progress: Progress) -> None:
    page_sent = "html" in response.headers.get("Content-Type", "")
    page_wanted = urlsplit(part.url).path.endswith((".html", ".htm"))
    with part.opened() as file:
        if part.size == 0:
            start, broke = _start(response, patience)
            if not page_wanted and (looks_like_html(start) or (page_sent and start and b"\0" not in start)):
                discard(part.target)
                raise DatasetError(
                    f"{part.url}: expected a file, got a web page: a login, a licence to agree to, or an error. "
                    "Open the address in a browser to see which."
                )
            part.add(start, file)
            if broke:
                raise broke
            if not start and not part.checked and not part.total:
                discard(part.target)
                raise DatasetError(f"{part.url}: expected a file, got nothing: 0 bytes. Nothing was kept.")
            progress(part.size, part.total)
        while piece := _piece(response, part.size, patience):
            part.add(piece, file)
            progress(part.size, part.total)


def _start(response: Any, patience: Patience) -> tuple[bytes, _AgainError | None]:
    """The first bytes, enough to tell a web page by, and what ended them, if the connection broke there."""
    start = b""
    try:
        while len(start) < START and (piece := _piece(response, len(start), patience)):
            start += piece
    except _AgainError as error:
        return start, error
    return start, None


def _piece(response: Any, done: int, patience: Patience) -> bytes:
    try:
        piece: bytes = response.read1(PIECE)
    except TimeoutError:
        raise _AgainError(f"the server sent nothing for {patience.timeout_s:g} s") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _AgainError(f"the connection broke after {done} bytes ({error})") from None
    return piece


def _problem(url: str, error: Exception, patience: Patience) -> Exception:
    """What a connection that brought no answer means: whether another may, or no server is there."""
    reason = getattr(error, "reason", None) or error
    text = f"{url}: cannot be fetched: {reason}"
    if isinstance(reason, TimeoutError):
        return Unreachable(f"{text} (limit {patience.timeout_s:g} s without an answer).")
    if isinstance(reason, ConnectionRefusedError | socket.gaierror) or getattr(reason, "errno", None) in NO_WAY:
        return Unreachable(f"{text}.")
    if isinstance(reason, ConnectionError | http.client.BadStatusLine | http.client.IncompleteRead):
        return _AgainError(f"the connection broke before the answer ({reason})")
    return DatasetError(f"{text}.")


def _require_size(part: Part, got: int, expected: int | None) -> None:
    """Discard the part and raise DatasetError where it has another size than is stated."""
    if expected is not None and got != expected:
        discard(part.target)
        raise DatasetError(
            f"{part.url}: expected {expected} bytes, got {got}; nothing was kept. The server's file changed or is "
            "damaged, or the stated size is wrong."
        )


def _refusal(part: Part, error: urllib.error.HTTPError) -> Exception:
    """What an answer that is not the file means."""
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.restart()
        return _AgainError("the server's file is shorter than what was there")
    if error.code in BUSY:
        pause = min(integer(error.headers.get("Retry-After")) or 0, LONGEST_PAUSE_S)
        return _AgainError(f"the server says {error.code} {error.reason}", pause)
    login = " It asks for a login or a licence: fetch it with a browser." if error.code in (401, 403, 407) else ""
    gone = (
        " Its publisher may have moved it: `codecbench data info` has the page of a set." if error.code == 404 else ""
    )
    return DatasetError(f"{part.url}: cannot be fetched: the server says {error.code} {error.reason}.{login}{gone}")
