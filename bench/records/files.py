"""The files of a record: which there are, their hashes and sizes, the two JSON files, and texts that are private."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.records.layout import FORMAT, MAX_BYTES, RECORD, TABLES, belongs, files_of
from bench.records.private import private_texts
from bench.records.problems import Problem, named
from bench.records.schemas import formats, json_schema
from bench.runs.results import RUN
from bench.store import sha256_of
from bench.untrusted import parse_json
from bench.wording import key_of

PUBLISH = "`codecbench results publish RUN` makes records; do not edit their files."
_EMPTY_TABLES = ("sets",)


def json_problems(folder: Path, name: str, schema: str, format_: int) -> tuple[dict[str, Any] | None, list[Problem]]:
    """A JSON file of a record and what is wrong with it; None where it cannot be read at all."""
    from jsonschema import Draft202012Validator

    path = folder / name
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, [Problem(str(path), "a file is missing", name, "no such file", PUBLISH)]
    except (OSError, ValueError) as error:
        return None, [Problem(str(path), "it cannot be read", "JSON", " ".join(str(error).split()), PUBLISH)]
    found = Draft202012Validator(json_schema(schema, format_)).iter_errors(data)
    problems = [
        Problem(
            f"{path}, {key_of(error.absolute_path)}", "it does not follow the schema", _expected(error),
            _short(error.instance), f"The schema is bench/records/schema/{schema}-{format_}.json.",
        )
        for error in sorted(found, key=lambda error: key_of(error.absolute_path))
    ]  # fmt: skip
    return (data if isinstance(data, dict) else None), problems


def format_of(folder: Path) -> int:
    """The format that ``record.json`` states; the newest where it states none that is known."""
    try:
        stated = parse_json((folder / RECORD).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return FORMAT
    return stated if stated in formats() else FORMAT


def file_problems(folder: Path, record: Mapping[str, Any] | None, max_bytes: int = MAX_BYTES) -> list[Problem]:
    """Files that are missing, changed, too many or too large."""
    there = files_of(folder)
    problems = [
        Problem(
            str(folder / name), "a file that does not belong into a record", f"{RUN}, tables and ratings", name,
            "Remove it; audio and reports are never published with a record.",
        )
        for name in there
        if not belongs(name)
    ]  # fmt: skip
    problems += [
        Problem(str(path), "a link in place of a file", "a file", "a link", PUBLISH)
        for path in sorted(folder.rglob("*"))
        if path.is_symlink()
    ]
    wanted = [RUN, *(f"{table}.{suffix}" for table in TABLES if table not in _EMPTY_TABLES for suffix in _SUFFIXES)]
    problems += [
        Problem(str(folder), "a file is missing", name, "no such file", PUBLISH) for name in wanted if name not in there
    ]
    size = sum((folder / name).stat().st_size for name in there)
    if size > max_bytes:
        problems.append(
            Problem(
                str(folder), "the record is too large", f"at most {max_bytes / 1e6:g} MB", f"{size / 1e6:.1f} MB",
                "Publish a part of the run (fewer clips or quantities), or put it on a server for data.",
            )
        )  # fmt: skip
    listed = (record or {}).get("files")
    return problems + (_hash_problems(folder, listed, there) if isinstance(listed, dict) else [])


def private_problems(where: Path, texts: Iterable[str]) -> list[Problem]:
    """Paths of a machine and addresses in ``texts``."""
    found = sorted({private for text in texts for private in private_texts(text)})
    if not found:
        return []
    return [
        Problem(
            str(where), "it names places on a machine or addresses", "none", named([repr(one) for one in found]),
            "Publish the run with `codecbench results publish`, which keeps only the last name of a path; a codec "
            "whose options hold a path needs a label.",
        )
    ]  # fmt: skip


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value of JSON, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, str):
        yield value


_SUFFIXES = ("parquet", "csv")


def _hash_problems(folder: Path, listed: Mapping[str, Any], there: list[str]) -> list[Problem]:
    record = str(folder / RECORD)
    problems = [
        Problem(str(folder / name), "its hash is not in record.json", "every file listed", "not listed", PUBLISH)
        for name in there
        if name not in listed and belongs(name)
    ]
    for name, stated in listed.items():
        if name not in there:
            problems.append(Problem(record, "a listed file is missing", name, "no such file", PUBLISH))
            continue
        stated = stated if isinstance(stated, dict) else {}
        if sha256_of(folder / name) != stated.get("sha256"):
            problems.append(
                Problem(
                    str(folder / name), "it is not the file that was published", f"SHA-256 {stated.get('sha256')}",
                    sha256_of(folder / name), PUBLISH,
                )
            )  # fmt: skip
        elif (folder / name).stat().st_size != stated.get("bytes"):
            size = str((folder / name).stat().st_size)
            problems.append(Problem(f"{record}, files.{name}", "wrong size", size, str(stated.get("bytes")), PUBLISH))
    return problems


def _expected(error: Any) -> str:
    wanted = error.validator_value
    if error.validator == "required":
        return "the key " + str(error.message).removesuffix(" is a required property")
    if error.validator == "additionalProperties" and wanted is False:
        return "only known keys"
    if error.validator in ("type", "enum"):
        return " or ".join(map(str, [wanted] if isinstance(wanted, str) else wanted))
    return f"{error.validator} {wanted}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "keys " + (named([str(key) for key in value]) or "none")
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
