"""The tables that come with known sets, read so that what is wrong with one is said with its name and line.

Speakers' languages stand in some of them by name.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.datasets.walking import unreadable
from bench.errors import DatasetError
from bench.untrusted import parse_json

LANGUAGES = {
    "american_english": "en", "arabic": "ar", "british_english": "en", "bulgarian": "bg", "chinese": "zh",
    "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "italian": "it",
    "japanese": "ja", "korean": "ko", "latin": "la", "mandarin": "zh", "norwegian": "no", "polish": "pl",
    "portuguese": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv", "tagalog": "tl",
    "turkish": "tr", "ukrainian": "uk", "vietnamese": "vi",
}  # fmt: skip


@contextmanager
def parsing(path: Path, number: int | None = None) -> Iterator[None]:
    """Turns what parsing ``path`` raises, in line ``number``, into a DatasetError."""
    where = f"{path}, line {number}" if number else str(path)
    try:
        yield
    except UnicodeDecodeError as error:
        raise _broken(where, f"no UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise _broken(where, f"no JSON: {error}") from None
    except OSError as error:
        raise unreadable(error) from None
    except (csv.Error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _broken(where, str(error) or type(error).__name__) from None


def lines_of(path: Path) -> list[tuple[int, str]]:
    """The lines of a UTF-8 text that are not blank, with their numbers."""
    with parsing(path):
        lines = path.read_text(encoding="utf-8").splitlines()
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def object_of(path: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    with parsing(path):
        value = parse_json(path.read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise TypeError(f"expected a JSON object, got {type(value).__name__}")
        return value


def rows_of(path: Path, columns: Sequence[str], delimiter: str = ",", quoted: bool = True) -> Iterator[dict[str, str]]:
    """The rows of a table with a head, each with a text for each of ``columns`` at least."""
    with parsing(path), path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
        if absent := [column for column in columns if column not in (reader.fieldnames or ())]:
            raise ValueError(f"expected the columns {', '.join(columns)}, but {', '.join(absent)} is not there")
        for row in reader:
            if short := [column for column in columns if row[column] is None]:
                raise ValueError(f"line {reader.line_num}: nothing for the column {short[0]}")
            yield row


def language_code(name: str) -> str:
    """The code of ISO 639-1 for an English name of a language; a name that is not in the table as it stands.

    >>> language_code("Portuguese"), language_code("klingon")
    ('pt', 'klingon')
    """
    return LANGUAGES.get(name.lower(), name)


def _broken(where: str, problem: str) -> DatasetError:
    return DatasetError(f"{where}: cannot be understood: {problem}. Restore the file as the set's publisher has it.")
