"""Ratings of people, for whatever compares codecs: read from the ``ratings.parquet`` that a listening test leaves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.errors import DatasetError, StoreError
from bench.runs.shape import checked_table
from bench.untrusted import read_parquet

COLUMNS = {
    "test": "string", "test_type": "string", "listener": "string", "simulated": "boolean", "clip": "string",
    "dataset": "string", "category": "string", "replicate": "Int64", "training": "boolean", "condition": "string",
    "role": "string", "against": "string", "codec": "string", "bitrate_bps": "Int64", "actual_bps": "float64",
    "run": "string", "decoded_sha256": "string", "score": "float64", "excluded": "boolean",
}  # fmt: skip
"""What is read, with its types: who rated what, of which run and bitrate, whether it counts, and whether the listener
is simulated."""


def ratings_for_leaderboard(path: str | Path, with_simulated: bool = False) -> pd.DataFrame:
    """The ratings in ``path`` that count: no training, nobody whom the screening left out, none of the open reference.

    Args:
        path: ``ratings.parquet``, or the folder of a test that holds it.
        with_simulated: take ratings of simulated listeners, too; the column ``simulated`` tells them apart.
    Returns:
        COLUMNS, a row for each listener, trial and stimulus.
    Raises:
        StoreError: no such file, or it cannot be read.
        DatasetError: a table of another kind; or simulated listeners are among those who count, unless they are
            asked for.
    """
    path = Path(path)
    file = path / "ratings.parquet" if path.is_dir() else path
    try:
        table = read_parquet(file)
    except FileNotFoundError:
        raise StoreError(
            f"{file}: expected ratings, but there is no such file. `codecbench listen analyze` writes it."
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{file}: expected a table of ratings, got no such table ({error}). `codecbench listen analyze` writes it."
        ) from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise DatasetError(
            f"{file}: expected the columns of ratings.parquet; {', '.join(missing)} missing. "
            "`codecbench listen analyze` writes them all."
        )
    try:
        table = checked_table(table[list(COLUMNS)], COLUMNS)
    except ValueError as error:
        raise DatasetError(
            f"{file}: expected the columns of ratings.parquet, got {error}. `codecbench listen analyze` writes them."
        ) from None
    flags = table[["training", "excluded", "simulated"]]
    if flags.isna().to_numpy().any():
        row = 1 + int(flags.isna().any(axis=1).to_numpy().argmax())
        raise DatasetError(
            f"{file}, row {row}: expected true or false in training, excluded and simulated, got an empty cell."
        )
    if table["role"].isna().any():
        row = 1 + int(table["role"].isna().to_numpy().argmax())
        raise DatasetError(f"{file}, row {row}: expected a role, got an empty cell.")
    counts = ~flags["training"] & ~flags["excluded"] & table["score"].notna() & (table["role"] != "reference")
    found = table.loc[counts.astype(bool), list(COLUMNS)].reset_index(drop=True)
    people = found.drop_duplicates(["test", "listener", "simulated"])["simulated"].astype(bool)
    if people.any() and not with_simulated:
        raise DatasetError(
            f"{file}: {people.sum()} of {len(people)} listeners are simulated, and their ratings say nothing about "
            "codecs. Analyse a test that people took, or ask for simulated listeners explicitly (--with-simulated)."
        )
    return found
