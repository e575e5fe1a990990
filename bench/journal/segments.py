"""Segments of a journal: their names, and the lines in them."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.untrusted import parse_json


def segment_names(folder: Path) -> list[str]:
    """The segments in ``folder``, which may not be there."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        return [entry.name for entry in found if entry.name.endswith(".jsonl") and entry.is_file()]


def new_name(names: list[str]) -> str:
    """Such as ``000003-host-4711-r1f0c9a52.jsonl``: it comes after all of ``names``."""
    numbers = [int(found[0]) for name in names if (found := re.match(r"\d+", name))]
    host = re.sub(r"[^A-Za-z0-9]+", "_", os.uname().nodename)
    return f"{max(numbers, default=0) + 1:06d}-{host}-{os.getpid()}-r{secrets.token_hex(4)}.jsonl"


def whole_lines(path: Path, start: int) -> Iterator[tuple[int, bytes]]:
    """The lines from ``start`` on that have an end, each with the place where it begins."""
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield start, line
            start += len(line)


def parsed(line: bytes) -> dict[str, Any]:
    """The object in a line; an empty one where it is damaged."""
    try:
        entry = parse_json(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
