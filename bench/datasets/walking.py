"""What lies below a folder. A folder that cannot be read is an error, not a gap: ``Path.glob`` passes over it."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from bench.errors import DatasetError

Closed = Callable[[OSError], object]
"""Told of each folder that cannot be read."""


def unreadable(error: OSError) -> DatasetError:
    """The error of a folder, or a file, that cannot be read."""
    return DatasetError(f"{error.filename}: cannot be read ({error.strerror}); make it readable.")


def refuse(error: OSError) -> NoReturn:
    """Raise :func:`unreadable`."""
    raise unreadable(error)


def matching(folder: Path, pattern: str, closed: Closed = refuse) -> Iterator[Path]:
    """What :meth:`pathlib.Path.glob` finds, in the order of the names; case matters; ``closed`` is told of gaps.

    A pattern that ends with ``/`` finds folders only. Linked folders are entered, but not by ``**``.
    """
    return _below(folder, PurePosixPath(pattern).parts, pattern.endswith("/"), closed)


def is_there(folder: Path, pattern: str) -> bool:
    """Whether something below ``folder`` matches; DatasetError where that cannot be known."""
    gaps: list[OSError] = []
    if next(matching(folder, pattern, gaps.append), None) is not None:
        return True
    if gaps:
        raise unreadable(gaps[0])
    return False


def _below(folder: Path, parts: Sequence[str], folders: bool, closed: Closed) -> Iterator[Path]:
    if not parts:
        yield folder
        return
    first, *rest = parts
    if first == "**":
        yield from _below(folder, rest, folders, closed)
        for child in _children(folder, "*", True, closed):
            if not child.is_symlink():
                yield from _below(child, parts, folders, closed)
        return
    for child in _children(folder, first, bool(rest) or folders, closed):
        yield from _below(child, rest, folders, closed)


def _children(folder: Path, name: str, folders: bool, closed: Closed) -> list[Path]:
    """The entries of ``folder`` that match ``name``, sorted; none where there is no such folder."""
    try:
        if not any(letter in name for letter in "*?["):
            (folder / name).lstat()
            return [folder / name] if not folders or (folder / name).is_dir() else []
        fits = re.compile(fnmatch.translate(name)).match
        with os.scandir(folder) as entries:
            return sorted(folder / one.name for one in entries if fits(one.name) and (not folders or one.is_dir()))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        closed(error)
        return []
