"""The finished cells of a run, as they finish."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.store import writing
from bench.untrusted import parse_json


class Journal:
    """The finished cells of a run, appended as they finish: ``key -> row``, the last line of a key counts.

    One JSON object a line. A process that is killed leaves at most one torn line at the end, which is cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, Mapping[str, Any]]
        self.rows, whole = _read_journal(path)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
            self._file.truncate(whole)

    @staticmethod
    def read(path: Path) -> dict[str, Mapping[str, Any]]:
        """The finished cells in the journal at ``path``, without opening it for writing."""
        return _read_journal(path)[0]

    def append(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Add finished rows; they are in the file when this returns."""
        lines = [json.dumps({"key": key, "row": row}, ensure_ascii=False) + "\n" for key, row in rows.items()]
        with writing(self.path):
            self._file.write("".join(lines).encode())
            self._file.flush()
        self.rows.update(rows)

    def close(self) -> None:
        with writing(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def _read_journal(path: Path) -> tuple[dict[str, Mapping[str, Any]], int]:
    """The rows by key, and the length of the file without a torn last line."""
    rows: dict[str, Mapping[str, Any]] = {}
    whole = 0
    if path.exists():
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                entry = parse_json(line)
                rows[entry["key"]] = entry["row"]
            except (ValueError, KeyError, TypeError):
                continue  # a damaged line costs its own cells, which are measured again
    return rows, whole
