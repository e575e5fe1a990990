"""What the arguments of the command stand for: files of ratings in folders of tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import StoreError

RATINGS = "ratings.parquet"


def rating_files(places: Sequence[Path]) -> list[Path]:
    """The files of ratings in ``places``: files, folders of a test, or folders of such folders. Each once, sorted.

    Raises:
        StoreError: a place that is not there, or a folder without ratings.
    """
    found: dict[Path, Path] = {}
    for place in places:
        files = [place]
        if place.is_dir():
            files = [place / RATINGS] if (place / RATINGS).is_file() else sorted(place.glob(f"*/{RATINGS}"))
        if not files or not all(file.is_file() for file in files):
            raise StoreError(
                f"{place}: expected {RATINGS}, or a folder that holds some, and there is none. "
                "`codecbench listen analyze` writes it into the folder of a test."
            )
        found |= {file.resolve(): file for file in files}
    return sorted(found.values())
