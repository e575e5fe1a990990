"""The file of a backup: a ZIP that holds a test and all that was saved of it, with a checksum for each part.

backup.json             format, versions, name of the test, counts of rows, SHA-256 of every other part
test.json
tables/NAME.jsonl       one row a line, as listening_test.ratings.whole gives them
stimuli/SHA256.wav      where they are included
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from bench.errors import StoreError
from bench.untrusted import parse_json
from listening_test.model import STIMULI, TEST
from listening_test.ratings.whole import TABLES

FORMAT = 1
CONTENTS = "backup.json"
CHUNK = 1 << 20
WHOLE = 1 << 28
"""Bytes of a part that is held in memory; a minute of stereo at 48 kHz has 17 MB."""
LINE = 1 << 22
"""Bytes of a row."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive says of itself.

    Attributes:
        test: name of the test.
        made: when the backup was made, UTC, ISO 8601.
        codecbench: the version that made it.
        schema: revision of the tables.
        rows: table to number of rows.
        stimuli: SHA-256 of every sound of the test.
        included: whether the sounds are in the archive; else the folder has to hold them already.
        sha256: name of a part to its checksum; a sound's is its name.
    """

    test: str
    made: str
    codecbench: str
    schema: str
    rows: Mapping[str, int]
    stimuli: tuple[str, ...]
    included: bool
    sha256: Mapping[str, str]


class Writer:
    """Parts of an archive that is being written; ``rows`` and ``sha256`` are of those so far."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.rows: dict[str, int] = {}
        self.sha256: dict[str, str] = {}

    def table(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add the rows of a table."""
        self.rows[name] = 0

        def lines() -> Iterator[bytes]:
            for row in rows:
                self.rows[name] += 1
                yield json.dumps(row).encode() + b"\n"

        self.sha256[_table(name)] = self._part(_table(name), lines(), zipfile.ZIP_DEFLATED)

    def test(self, path: Path) -> None:
        """Add ``test.json``."""
        self.sha256[TEST] = self._part(TEST, [path.read_bytes()], zipfile.ZIP_DEFLATED)

    def stimulus(self, path: Path) -> None:
        """Add a sound.

        Raises:
            StoreError: it is not what its name says.
        """
        with path.open("rb") as file:
            found = self._part(f"{STIMULI}/{path.name}", iter(lambda: file.read(CHUNK), b""), zipfile.ZIP_STORED)
        if found != path.stem:
            raise StoreError(
                f"{path}: expected a sound of the SHA-256 in its name, got {found}. Restore the file first."
            )

    def contents(self, contents: Contents) -> None:
        """Add ``backup.json``, the last part."""
        text = json.dumps({"format": FORMAT, **asdict(contents)}, indent=2)
        self._archive.writestr(CONTENTS, text, zipfile.ZIP_DEFLATED)

    def _part(self, name: str, chunks: Iterable[bytes], compression: int) -> str:
        info = zipfile.ZipInfo(name)
        info.compress_type = compression
        hashed = hashlib.sha256()
        with self._archive.open(info, "w", force_zip64=True) as part:
            for chunk in chunks:
                hashed.update(chunk)
                part.write(chunk)
        return hashed.hexdigest()


class Reader:
    """The parts of an archive whose checksums are right."""

    def __init__(self, archive: zipfile.ZipFile, contents: Contents) -> None:
        self._archive, self.contents = archive, contents

    def table(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of a table; ValueError where a line is none."""
        with self._archive.open(_table(name)) as lines:
            for line in iter(lambda: lines.readline(LINE), b""):
                row = parse_json(line)
                if not isinstance(row, dict):
                    raise ValueError(f"table {name}: expected a row, got {type(row).__name__}")
                yield row

    def test(self) -> bytes:
        """``test.json``."""
        return _read(self._archive, TEST)

    def stimulus(self, sha256: str) -> bytes:
        """A sound."""
        return _read(self._archive, f"{STIMULI}/{sha256}.wav")


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """The archive at ``path``, after every part was compared with its checksum.

    Raises:
        StoreError: it is no backup, is damaged or incomplete, or is of a later format.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            contents = _contents(_read(archive, CONTENTS))
            for name, expected in _expected(contents).items():
                with archive.open(name) as part:
                    if _digest(part) != expected:
                        raise _Damaged(f"{name} is not what it was")
            yield Reader(archive, contents)
    except OSError as error:
        raise StoreError(
            f"{path}: expected a backup, but the file cannot be read ({error.strerror}). Give the file that "
            "`codecbench listen backup` wrote."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, _Damaged) as error:  # or encrypted
        raise StoreError(f"{path}: expected a whole backup of a listening test: {error}. Use another copy.") from None


class _Damaged(Exception):
    """What is wrong with an archive."""


def _contents(text: bytes) -> Contents:
    try:
        data = parse_json(text)
        if data.pop("format") != FORMAT:
            raise _Damaged(f"its format is not {FORMAT}")
        contents = Contents(**{**data, "stimuli": tuple(data["stimuli"])})
    except (ValueError, TypeError, AttributeError):
        raise _Damaged(f"{CONTENTS} is not what it was") from None
    if not _is_whole(contents):
        raise _Damaged(f"{CONTENTS} names other tables or sounds")
    return contents


def _is_whole(contents: Contents) -> bool:
    texts = (contents.test, contents.made, contents.codecbench, contents.schema, *contents.stimuli)
    if not all(isinstance(one, str) for one in texts) or not isinstance(contents.included, bool):
        return False
    if not isinstance(contents.rows, dict) or not isinstance(contents.sha256, dict):
        return False
    return set(contents.rows) == {table.name for table in TABLES} and all(map(_SHA256.fullmatch, contents.stimuli))


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name).file_size
    if size > WHOLE:
        raise _Damaged(f"{name} has {size} bytes, more than {WHOLE}")
    return archive.read(name)


def _expected(contents: Contents) -> dict[str, str]:
    """The checksums of all parts; a KeyError where one has none."""
    names = [TEST, *(_table(table) for table in contents.rows)]
    sounds = {f"{STIMULI}/{sha256}.wav": sha256 for sha256 in contents.stimuli if contents.included}
    return {**{name: contents.sha256[name] for name in names}, **sounds}


def _digest(part: IO[bytes]) -> str:
    hashed = hashlib.sha256()
    while chunk := part.read(CHUNK):
        hashed.update(chunk)
    return hashed.hexdigest()


def _table(name: str) -> str:
    return f"tables/{name}.jsonl"
