"""A folder at a URL, where nothing can be appended, as a folder of growing files on this machine."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from bench.storage import names_below, put, read_all
from bench.store import writing

if TYPE_CHECKING:
    from upath import UPath

PERIOD_S = 1.0
"""Parts are written and the folder is listed at most this often, for each is a request."""

PART_LINES = 1000
"""Lines that wait at most until they are written as a part."""

PARTS_AT_ONCE = 500
"""Parts that are in memory at once."""

PAUSES = 10
"""How much longer than the last one the pause before the next listing is at least: it grows with the parts."""

PART = re.compile(r"(.+)-(\d{6,})\.jsonl")


class Mirror:
    """Files that grow, kept at a URL as numbered parts that never change: ``NAME-000001.jsonl``, ``NAME-000002.jsonl``.

    ``folder`` holds them whole, ``NAME.jsonl``: a temporary copy on this machine.
    """

    def __init__(self, where: UPath) -> None:
        self._where = where
        self.folder = Path(tempfile.mkdtemp(prefix="codecbench-journal-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._known: set[str] = set()
        self._next_pull, self._pushed = 0.0, -PERIOD_S
        self._waiting: list[bytes] = []
        self._parts = 0

    def pull(self, at_once: bool) -> None:
        """Fetch the parts that others have written, if it is time for that or to be ``at_once``."""
        started = time.monotonic()
        if not at_once and started < self._next_pull:
            return
        new = sorted((name for name in names_below(self._where) if self._is_unknown(name)), key=_place_in_order)
        for first in range(0, len(new), PARTS_AT_ONCE):
            some = new[first : first + PARTS_AT_ONCE]
            for name, data in zip(some, read_all(self._where, some), strict=True):
                self._add(name, data)
                self._known.add(name)
        ended = time.monotonic()
        self._next_pull = ended + max(PERIOD_S, PAUSES * (ended - started))

    def _is_unknown(self, name: str) -> bool:
        return name.endswith(".jsonl") and "/" not in name and name not in self._known

    def _add(self, name: str, data: bytes) -> None:
        part = PART.fullmatch(name)
        path = self.folder / (f"{part[1]}.jsonl" if part else name)
        with writing(path), path.open("ab") as whole:
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
        self._remove()


def _place_in_order(name: str) -> tuple[str, int]:
    part = PART.fullmatch(name)
    return (part[1], int(part[2])) if part else (name, 0)
