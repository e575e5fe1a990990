"""The journal of a run: what any number of drivers have finished, in one folder, without locks.

Each start of a driver appends to a file of its own, a *segment*, and reads those of all others; a segment is a text of
JSON, one object a line::

    {"invocation": {...}}           first: what was started, with which versions, on which machine
    {"claim": "speech/s1"}          work on this clip was handed out
    {"key": "d5...", "row": {...}}  a finished cell
    {"ending": {"ended": ...}}      every cell of this driver stands above; what is known of its work only then

A claim is advice: a driver prefers what nobody has claimed, and does in the end what is claimed and not finished, since
whoever claimed it may be dead. No clock is compared with another: the names of segments begin with a counter.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from bench.journal.key_index import KeyIndex
from bench.journal.mirror import Mirror
from bench.journal.segments import new_name, parsed, segment_names, whole_lines
from bench.storage import Place, is_remote
from bench.store import writing

Row = Mapping[str, Any]

FAILED, OFFSET_BITS = 1, 41
"""A place is ``segment << 41 | offset << 1 | failed``."""

OPEN_FILES = 64
"""Segments that are open at once for reading rows."""

SYNC_S = 1.0
"""How often a driver makes sure that what it has written is on the disk, and can be seen through NFS."""


class Records(Mapping[str, Row]):
    """The rows in a journal by key, of all segments. They stay on disk; 16 bytes a row are kept in memory.

    Of several rows of one key, one that has not failed counts, then that of the segment with the last name, then the
    last in it. The last line of a segment without its end is not read yet: it may be being written. A damaged line
    costs its own cells only, which are measured again.
    """

    def __init__(self, folder: Place) -> None:
        self._mirror: Mirror | None = None
        if is_remote(folder):
            self._mirror = Mirror(folder)
            self._folder = self._mirror.folder
        else:
            self._folder = folder
        self._index = KeyIndex()
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._read: dict[str, int] = {}
        self._ended: set[str] = set()
        self._open: dict[int, int] = {}
        self._invocations: dict[str, Row] = {}
        self._claims: Counter[str] = Counter()
        self.refresh(at_once=True)

    def refresh(self, *, at_once: bool = False) -> bool:
        """Read what others have added since the last time; whether another driver has finished its work since then.

        At a URL, a second must have passed since the last time, unless it is to be ``at_once``.
        """
        if self._mirror:
            self._mirror.pull(at_once)
        before = len(self._ended)
        for name in sorted(segment_names(self._folder)):
            if name not in self._ended and not self._is_own(name):
                self._take_in(name)
        return len(self._ended) > before

    def _is_own(self, name: str) -> bool:
        return False

    @property
    def invocations(self) -> list[Row]:
        """How each segment began, in their order."""
        return [self._invocations[name] for name in sorted(self._invocations)]

    def claims(self, clip: str) -> int:
        """How often other drivers, which may be dead, have handed out work on a clip."""
        return self._claims[clip]

    def without_failed(self) -> Mapping[str, Row]:
        """These rows without those that have failed until this moment; what is added from then on is there."""
        return _WithoutFailed(self, dict(self._read))

    def __getitem__(self, key: str) -> Row:
        place = self._index.get(key)
        row = None if place is None else self._row(place, key)
        if row is None:
            raise KeyError(key)
        return row

    def __contains__(self, key: object) -> bool:
        return self._index.get(str(key)) is not None

    def __iter__(self) -> Iterator[str]:
        for number, name in enumerate(self._names):
            for offset, line in whole_lines(self._folder / name, 0):
                entry = parsed(line)
                key = entry.get("key")
                if isinstance(key, str) and self._is_at(key, number, offset):
                    yield key

    def __len__(self) -> int:
        return len(self._index)

    def close(self) -> None:
        """Nothing can be read any more."""
        for file in self._open.values():
            os.close(file)
        self._open = {}
        if self._mirror:
            self._mirror.close()

    def _is_at(self, key: str, number: int, offset: int) -> bool:
        place = self._index.get(key)
        return place is not None and place | FAILED == number << OFFSET_BITS | offset << 1 | FAILED

    def _take_in(self, name: str) -> None:
        """Read what was added to a segment."""
        if name not in self._numbers:
            self._add(name)
        for offset, line in whole_lines(self._folder / name, self._read[name]):
            self._read[name] = offset + len(line)
            entry = parsed(line)
            if isinstance(entry.get("key"), str) and isinstance(entry.get("row"), dict):
                self._put(entry["key"], entry["row"], name, offset)
            elif isinstance(entry.get("invocation"), dict):
                self._invocations[name] = entry["invocation"]
            elif "claim" in entry:
                self._claim_of_another(str(entry["claim"]))
            elif isinstance(entry.get("ending"), dict):
                self._ended.add(name)
                self._add_to_invocation(name, entry["ending"])

    def _add_to_invocation(self, name: str, ending: Row) -> None:
        if name in self._invocations:  # its line may be damaged
            self._invocations[name] = {**self._invocations[name], **ending}

    def _claim_of_another(self, clip: str) -> None:
        self._claims[clip] += 1

    def _add(self, name: str) -> None:
        self._numbers[name] = len(self._names)
        self._names.append(name)
        self._read[name] = 0

    def _put(self, key: str, row: Row, name: str, offset: int) -> None:
        place = self._numbers[name] << OFFSET_BITS | offset << 1 | (row.get("status") == "failed")
        there = self._index.get(key)
        if there is None or self._rank(place) > self._rank(there):
            self._index.put(key, place)

    def _rank(self, place: int) -> tuple[bool, str, int]:
        return not place & FAILED, self._names[place >> OFFSET_BITS], place

    def _row(self, place: int, key: str) -> Row | None:
        line = self._line(place >> OFFSET_BITS, (place & ((1 << OFFSET_BITS) - 1)) >> 1)
        entry = parsed(line)
        return entry["row"] if entry.get("key") == key and isinstance(entry.get("row"), dict) else None

    def _line(self, number: int, offset: int) -> bytes:
        if number not in self._open:
            if len(self._open) >= OPEN_FILES:
                os.close(self._open.pop(next(iter(self._open))))
            self._open[number] = os.open(self._folder / self._names[number], os.O_RDONLY)
        data, size = b"", 2048
        while b"\n" not in data:
            more = os.pread(self._open[number], size, offset + len(data))
            if not more:
                break
            data, size = data + more, 2 * size
        return data.partition(b"\n")[0]


class Journal(Records):
    """The journal of a run in ``folder``, and a segment of this process, which begins with ``invocation``."""

    def __init__(self, folder: Place, invocation: Row | None = None) -> None:
        self._own = ""
        self._mine: set[str] = set()
        self._collided = False
        self._torn = False  # whether the last line may lack its end: the disk was full, or somebody has interrupted
        super().__init__(folder)
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._own = new_name(segment_names(self._folder))
            self._add(self._own)
            self._file = (self._folder / self._own).open("xb", buffering=0)
        self._synced = time.monotonic()
        if invocation is not None:
            try:
                self._write([{"invocation": invocation}])
            except BaseException:
                self._file.close()
                raise
            self._invocations[self._own] = invocation

    def _is_own(self, name: str) -> bool:
        return name == self._own

    def append(self, rows: Mapping[str, Row]) -> None:
        """Add finished rows; they are in the file when this returns, at a URL a second later."""
        offsets = self._write([{"key": key, "row": row} for key, row in rows.items()])
        for (key, row), offset in zip(rows.items(), offsets, strict=True):
            self._put(key, row, self._own, offset)

    def claim(self, clip: str) -> None:
        """Let other drivers know that work on a clip is handed out here."""
        self._mine.add(clip)
        self._write([{"claim": clip}])

    def collides(self) -> bool:
        """Whether another driver has claimed the same since this was asked last: both walk the same way."""
        found, self._collided = self._collided, False
        return found

    def _claim_of_another(self, clip: str) -> None:
        super()._claim_of_another(clip)
        self._collided |= clip in self._mine

    def end(self, ending: Row) -> None:
        """Let other drivers know that all rows of this one stand above; ``ending`` is added to its invocation."""
        self._write([{"ending": ending}])
        self._add_to_invocation(self._own, ending)
        self._sync()

    def _write(self, entries: list[dict[str, Any]]) -> list[int]:
        """Append a line for each entry; returns where they begin."""
        lines = [json.dumps(entry, ensure_ascii=False).encode() + b"\n" for entry in entries]
        data = b"".join(lines)
        with writing(self._folder / self._own):
            if self._torn:
                self._file.write(b"\n")
            start = self._file.tell()
            self._torn, left = True, data
            while left:
                left = left[self._file.write(left) :]
            self._torn = False
        if self._mirror:
            self._mirror.push(self._own, data)
        elif time.monotonic() >= self._synced + SYNC_S:
            self._sync()
        return [*accumulate(map(len, lines[:-1]), initial=start)]

    def _sync(self) -> None:
        if self._mirror:
            self._mirror.flush(self._own)
            return
        with writing(self._folder / self._own):
            os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        try:
            self._sync()
        finally:
            self._file.close()
            super().close()


class _WithoutFailed(Mapping[str, Row]):
    """See :meth:`Records.without_failed`; ``until`` is how far each segment was read at that moment."""

    def __init__(self, records: Records, until: Mapping[str, int]) -> None:
        self._records, self._until = records, until

    def __contains__(self, key: object) -> bool:
        return self._counts(self._records._index.get(str(key)))

    def __getitem__(self, key: str) -> Row:
        if key not in self:
            raise KeyError(key)
        return self._records[key]

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._records if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _counts(self, place: int | None) -> bool:
        if place is None or not place & FAILED:
            return place is not None
        name = self._records._names[place >> OFFSET_BITS]
        return (place & ((1 << OFFSET_BITS) - 1)) >> 1 >= self._until.get(name, 0)
