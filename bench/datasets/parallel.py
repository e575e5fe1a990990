"""Several files at once: their sizes, and their content. A host that does not answer is asked once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from bench.datasets.download import Patience, Unreachable, download, remote_size
from bench.datasets.known.base import Archive
from bench.datasets.partial import bytes_there
from bench.datasets.records import threaded

GRACE_S = 2.0  # for the downloads to note that they were stopped
SIZE_TIMEOUT_S = 10.0


class Watch(Protocol):
    """Told, from several threads, how far each file is: ``doing`` is what is done with it, such as ``downloading``."""

    def __call__(self, name: str, doing: str, done: int, total: int | None) -> None: ...


class Skipped(Unreachable):
    """A file that was not asked for, since its host had not answered."""


class _StoppedError(Exception):
    """The user stopped it."""


class _Hosts:
    """Which hosts did not answer."""

    def __init__(self) -> None:
        self._silent: set[str] = set()

    @contextmanager
    def asking(self, url: str) -> Iterator[None]:
        """Raises Skipped for a host that was silent before, and notes one that is silent now."""
        host = host_of(url)
        if host in self._silent:
            raise Skipped(f"{host} did not answer")
        try:
            yield
        except Unreachable:
            self._silent.add(host)
            raise


def host_of(url: str) -> str:
    """The server, with its port where one is named."""
    return urlsplit(url).netloc


def sizes(wanted: Sequence[Archive], place: Callable[[Archive], Path], patience: Patience, watch: Watch) -> list[int]:
    """The bytes of each file, 0 where neither the set nor its server says; what is there in whole is not asked for."""
    hosts = _Hosts()
    patience = replace(patience, timeout_s=min(SIZE_TIMEOUT_S, patience.timeout_s))

    def size(one: Archive) -> int:
        there = bytes_there(place(one))
        if one.size_bytes or place(one).exists():
            return max(there, one.size_bytes or 0)
        doing = f"asking {host_of(one.url)} for the size of"
        try:
            with hosts.asking(one.url):
                watch(one.name, doing, 0, None)
                return max(there, remote_size(one.url, patience) or 0)
        except Unreachable:
            return there
        finally:
            watch(one.name, doing, 1, 1)

    return list(threaded(size, wanted))


@contextmanager
def downloads(
    wanted: Sequence[Archive], place: Callable[[Archive], Path], parallel: int, patience: Patience, watch: Watch
) -> Iterator[dict[str, Future[str]]]:
    """The checksums of the files, as they come. The threads are daemons: a silent server must not delay Ctrl-C."""
    waiting = deque(wanted)
    coming: dict[str, Future[str]] = {one.name: Future() for one in wanted}
    stopped = threading.Event()
    hosts = _Hosts()

    def fetch(one: Archive) -> str:
        doing = f"waiting for {host_of(one.url)} to send"

        def tell(done: int, total: int | None) -> None:
            if stopped.is_set():
                raise _StoppedError
            watch(one.name, doing, 1, 1)
            watch(one.name, "downloading", done, total)

        with hosts.asking(one.url):
            watch(one.name, doing, 0, None)
            return download(one.url, place(one), one.checksum, one.size_bytes, patience=patience, progress=tell)

    def work() -> None:
        while waiting and not stopped.is_set():
            try:
                one = waiting.popleft()
            except IndexError:
                return
            try:
                coming[one.name].set_result(fetch(one))
            except BaseException as error:  # noqa: BLE001  # raised again where the result is asked for
                coming[one.name].set_exception(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(parallel, len(wanted)))]
    for thread in threads:
        thread.start()
    try:
        yield coming
    finally:
        stopped.set()
        for thread in threads:
            thread.join(GRACE_S / len(threads))
