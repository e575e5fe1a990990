"""The finished cells of a run, as they finish."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from bench.storage import Place, is_remote, put, read_bytes
from bench.store import writing
from bench.untrusted import parse_json

PUT_S = 2.0
"""How often the journal of a run at a URL is written."""


class Journal:
    """The finished cells of a run, appended as they finish: ``key -> row``, the last line of a key counts.

    One JSON object a line. A process that is killed leaves at most one torn line at the end, which is cut off.
    """

    def __init__(self, path: Place) -> None:
        self.path = path
        self.rows: dict[str, Mapping[str, Any]]
        self.rows, whole = _read_journal(path)
        if is_remote(path):
            self._text = bytearray(_content(path)[:whole])
            self._put_at = time.monotonic()
            return
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
            self._file.truncate(whole)

    @staticmethod
    def read(path: Place) -> dict[str, Mapping[str, Any]]:
        """The finished cells in the journal at ``path``, without opening it for writing."""
        return _read_journal(path)[0]

    def append(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Add finished rows; they are in the file when this returns."""
        lines = [json.dumps({"key": key, "row": row}, ensure_ascii=False) + "\n" for key, row in rows.items()]
        if is_remote(self.path):
            self._text += "".join(lines).encode()
            if time.monotonic() > self._put_at + PUT_S:
                self._put()
        else:
            with writing(self.path):
                self._file.write("".join(lines).encode())
                self._file.flush()
        self.rows.update(rows)

    def _put(self) -> None:
        assert is_remote(self.path)
        put(self.path, bytes(self._text))
        self._put_at = time.monotonic()

    def close(self) -> None:
        if is_remote(self.path):
            self._put()
            return
        with writing(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def _content(path: Place) -> bytes:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return b""


def _read_journal(path: Place) -> tuple[dict[str, Mapping[str, Any]], int]:
    """The rows by key, and the length of the file without a torn last line."""
    rows: dict[str, Mapping[str, Any]] = {}
    whole = 0
    for line in _content(path).splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        whole += len(line)
        try:
            entry = parse_json(line)
            rows[entry["key"]] = entry["row"]
        except (ValueError, KeyError, TypeError):
            continue  # a damaged line costs its own cells, which are measured again
    return rows, whole
