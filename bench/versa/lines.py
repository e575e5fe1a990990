"""The files of VERSA: one JSON object a line, and Kaldi's lists of audio files.

A cell of a run is named ``CONDITION/CLIP``: no condition has a slash in its name. A list ends a key at the first white
space, so white space in the name of a clip is written as in a URL (``%20``), and ``%`` as ``%25``.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.errors import StoreError

KEY = "key"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that could be read: its number, its key, and everything else in it; a name may be there twice."""

    number: int
    key: str
    entries: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Lines:
    """A file: its readable lines, and the numbers of those that are no JSON object with a key."""

    lines: list[Line]
    unreadable: list[int]


def read(path: Path) -> Lines:
    """The lines of ``path``: JSON, or what Python prints of a dictionary, which VERSA reads too.

    ``NaN`` and ``Infinity``, which VERSA writes and JSON does not have, are read.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        texts = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StoreError(f"{path}: expected the JSON lines of VERSA, but it cannot be read ({reason}).") from None
    found, unreadable = [], []
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        pairs = _pairs(text)
        keys = {str(value) for name, value in pairs if name == KEY}
        if len(keys) == 1:
            found.append(Line(number, keys.pop(), [(name, value) for name, value in pairs if name != KEY]))
        else:
            unreadable.append(number)
    return Lines(found, unreadable)


def _pairs(text: str) -> Sequence[tuple[str, Any]]:
    """Names and values of a line, a name given twice twice; nothing where it is no object."""
    try:
        whole = json.loads(text, object_pairs_hook=tuple)  # only an object gives a tuple
    except (ValueError, RecursionError):
        whole = _printed_by_python(text)
    return whole if isinstance(whole, tuple) else ()


def _printed_by_python(text: str) -> tuple[tuple[str, Any], ...]:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        if not isinstance(tree, ast.Dict) or None in tree.keys:
            return ()
        return tuple(
            (str(ast.literal_eval(name)), _literal(value))  # type: ignore[arg-type]  # None was refused above
            for name, value in zip(tree.keys, tree.values, strict=True)
        )
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):  # all of them for hostile text
        return ()


def _literal(value: ast.expr) -> Any:
    text = ast.unparse(value)
    return float(text) if text in ("nan", "inf", "-inf") else ast.literal_eval(value)


def line(key: str, values: Mapping[str, float]) -> str:
    """A line as VERSA writes it, but always JSON: values that are not finite are left out."""
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    return json.dumps({KEY: key, **finite}, ensure_ascii=False, allow_nan=False) + "\n"


def listing(files: Iterable[tuple[str, Path]]) -> str:
    """A list of audio files: a key, a space and a path a line."""
    return "".join(f"{key} {path}\n" for key, path in files)


def key_of(condition: str, clip: str) -> str:
    """The key of a cell."""
    return f"{condition}/{clip_key(clip)}"


def clip_key(clip: str) -> str:
    """A clip's part of the key: without white space."""
    return re.sub(r"[\s%]", lambda found: quote(found[0]), clip)
