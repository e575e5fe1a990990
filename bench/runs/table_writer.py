"""Parquet tables that are written a few rows at a time, whole or not at all."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.storage import Place, is_remote, put
from bench.store import writing

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 500
"""Rows that are in memory as Python values at once."""

GROUP_ROWS = 5_000
"""Rows of a row group, which is in memory as Arrow's arrays until it is written."""


class TableWriter:
    """Rows to a Parquet file with exactly ``columns`` (name -> pandas type)."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._columns = dict(columns)
        empty = pd.DataFrame(columns=list(columns)).astype(self._columns)
        self._schema = pa.Schema.from_pandas(empty, preserve_index=False)
        self._file = pq.ParquetWriter(path, self._schema)
        self._rows: list[Mapping[str, Any]] = []
        self._tables: list[pa.Table] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """The next row; what is missing in it is empty."""
        self._rows.append(row)
        if len(self._rows) >= CHUNK_ROWS:
            self._convert()
        if len(self._tables) * CHUNK_ROWS >= GROUP_ROWS:
            self._write_group()

    def _convert(self) -> None:
        import pandas as pd
        import pyarrow as pa

        frame = pd.DataFrame(self._rows, columns=list(self._columns)).astype(self._columns)
        self._tables.append(pa.Table.from_pandas(frame, self._schema, preserve_index=False))
        self._rows = []

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._tables:
            self._file.write_table(pa.concat_tables(self._tables), row_group_size=GROUP_ROWS)
            self._tables = []

    def close(self) -> None:
        """Write what is left and the end of the file."""
        if self._rows:
            self._convert()
        self._write_group()
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that will be deleted, quietly: on a full disk, its end cannot be written either."""
        with suppress(OSError):
            self._file.close()
        self._file.is_open = False  # else it tries again when it is collected, and says so on the terminal


@contextmanager
def table_writer(path: Place, columns: Mapping[str, str]) -> Iterator[TableWriter]:
    """A writer whose file takes the place of ``path`` at the end of the context, and vanishes after an error."""
    with tempfile.TemporaryDirectory() if is_remote(path) else _here(path) as folder, writing(path):
        temporary = Path(folder) / f".{path.name}.{secrets.token_hex(4)}.part"
        try:
            writer = TableWriter(temporary, columns)
            try:
                yield writer
                writer.close()
            finally:
                writer.abandon()
            if is_remote(path):
                put(path, temporary.read_bytes())
            else:
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _here(path: Path) -> Iterator[Path]:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    yield path.parent
