"""A folder at a URL, where nothing can be appended, as a folder of growing files on this machine."""

from __future__ import annotations

import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.storage import names_below, put, read_bytes

if TYPE_CHECKING:
    from upath import UPath

PERIOD_S = 1.0
"""Parts are written and the folder is listed at most this often, for each is a request."""

PART_LINES = 1000
"""Lines that wait at most until they are written as a part."""

PART = re.compile(r"(.+)-(\d{6,})\.jsonl")


class Mirror:
    """Files that grow, kept at a URL as numbered parts that never change: ``NAME-000001.jsonl``, ``NAME-000002.jsonl``.

    ``folder`` holds them whole, ``NAME.jsonl``: a temporary copy on this machine.
    """

    def __init__(self, where: UPath) -> None:
        self._where = where
        self._temporary = TemporaryDirectory(prefix="codecbench-journal-")
        self.folder = Path(self._temporary.name)
        self._known: set[str] = set()
        self._pulled = self._pushed = -PERIOD_S
        self._waiting: list[bytes] = []
        self._parts = 0

    def pull(self, at_once: bool) -> None:
        """Fetch the parts that others have written, if it is time for that or to be ``at_once``."""
        if not at_once and time.monotonic() < self._pulled + PERIOD_S:
            return
        new = [name for name in names_below(self._where) if name not in self._known]
        for name in sorted(new, key=_place_in_order):
            self._fetch(name, read_bytes(self._where / name))
            self._known.add(name)
        self._pulled = time.monotonic()

    def _fetch(self, name: str, data: bytes) -> None:
        part = PART.fullmatch(name)
        with (self.folder / (f"{part[1]}.jsonl" if part else name)).open("ab") as whole:
            whole.write(data if data.endswith(b"\n") else data + b"\n")

    def push(self, name: str, data: bytes) -> None:
        """Add ``data``, whole lines, to the file ``name``, which only this process writes; it is written in time."""
        self._waiting.append(data)
        if time.monotonic() >= self._pushed + PERIOD_S or len(self._waiting) >= PART_LINES:
            self.flush(name)

    def flush(self, name: str) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        self._parts += 1
        part = self._where / f"{name.removesuffix('.jsonl')}-{self._parts:06d}.jsonl"
        put(part, b"".join(self._waiting))
        self._known.add(part.name)
        self._waiting, self._pushed = [], time.monotonic()

    def close(self) -> None:
        """Delete the copy."""
        self._temporary.cleanup()


def _place_in_order(name: str) -> tuple[str, int]:
    part = PART.fullmatch(name)
    return (part[1], int(part[2])) if part else (name, 0)
