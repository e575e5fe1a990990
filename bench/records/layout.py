"""Where records lie and what a record holds.

results/
    records/NAME/       a contributed run: added by a pull request, never changed afterwards
    reference/NAME/     a run of codecbench itself
    published/*.csv     tables of papers, each with a JSON file about it
    runs/ tests/ ...    of this machine, not committed

NAME/
    record.json         format, run, plug-ins, and the SHA-256 and size of every other file
    run.json            how the run was made
    clips, encodings, scores, sets      each as .parquet and as .csv
    ratings/TEST        listening tests of this run, each as .parquet and as .csv
"""

from __future__ import annotations

from pathlib import Path

from bench.errors import StoreError
from bench.runs.results import RUN

RECORD, RATINGS = "record.json", "ratings"
RECORDS, REFERENCE, PUBLISHED = "records", "reference", "published"
LOCAL = ("runs", "tests", "datasets")
TABLES = ("clips", "encodings", "scores", "sets")
FORMAT = 1
"""Of records that are written; the schemas of every format are kept, so that old records stay valid."""

MAX_BYTES = 20_000_000
"""Of a record. A repository keeps every byte forever: larger runs belong on a server for data, with a DOI."""


def is_record(folder: Path) -> bool:
    """Whether ``folder`` is one record, or something that is meant to be one."""
    return (folder / RECORD).is_file() or (folder / RUN).is_file()


def is_results(folder: Path) -> bool:
    """Whether ``folder`` is a ``results`` folder, so that records and tables are in folders of it."""
    return any((folder / name).is_dir() for name in (RECORDS, REFERENCE, PUBLISHED, *LOCAL))


def records_below(folder: Path) -> list[Path]:
    """The records in ``folder``: itself, or those of a ``results`` folder, or its subfolders.

    Raises:
        StoreError: no such folder.
    """
    if not folder.is_dir():
        raise StoreError(f"{folder}: expected a record or a folder of records, but there is no such folder.")
    if is_record(folder):
        return [folder]
    roots = [folder / name for name in (RECORDS, REFERENCE)] if is_results(folder) else [folder]
    roots = [root for root in roots if root.is_dir()]
    return [one for root in roots for one in sorted(root.iterdir()) if one.is_dir()]


def published_below(folder: Path) -> list[Path]:
    """The published tables in ``folder``, or in the ``published`` of a ``results`` folder."""
    return [] if is_record(folder) else sorted((folder / PUBLISHED if is_results(folder) else folder).glob("*.csv"))


def files_of(folder: Path) -> list[str]:
    """Every file in a record but ``record.json``, relative to it."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != RECORD)


def belongs(name: str) -> bool:
    """Whether a record may hold a file of that name."""
    stem, _, suffix = name.rpartition(".")
    if suffix not in ("parquet", "csv"):
        return name == RUN
    return stem in TABLES or (stem.startswith(f"{RATINGS}/") and stem.count("/") == 1)
