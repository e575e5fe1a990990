"""Small damage to honest files: bytes anywhere, and values where the format has them. Everything comes from a seed."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
from typing import Any

NESTED = "[" * 100_000
HOSTILE_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, 1e-308, float("nan"), float("inf"), "", " ", "\0",
    "\ud800", "a" * 10_000, "../../../etc/passwd", "/dev/zero", "<script>alert(1)</script>", "{{7*7}}", "os:system",
    "é\u202e", "1e999", "0x_", "nan", [], [[]], {}, {"": None}, [None], ["a", 1], {"a": {"b": []}},
)  # fmt: skip
HOSTILE_WORDS = (
    "", "-1", "0", "1e999", "nan", "inf", "-inf", "0x_", "0b_", "2026-99-99", "99999999999999999999", "9" * 5_000,
    "null", "true", "~", "''", '""', '"', "'", "[", "]", "{", "}", "&a", "*a", "<<:", "!!int x", "!!timestamp x",
    "!!binary x",
    "!!python/object/apply:os.system [id]", "? [a]", "---", "...", "\t", "\0", "\ud800", "%", "\\", "../..",
    "/dev/zero", "a" * 10_000, "[" * 3_000, "{a: " * 3_000, "-" * 100, ",", ";", "\n", "\r", "é", "☃", "os:system",
    "1_000", "0o_", "1:60:99",
)  # fmt: skip
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)


def mutated(content: bytes, suffix: str, rng: random.Random) -> bytes:
    """``content`` with one to four faults, of the kind that fits the file's suffix or, at times, in its bytes."""
    kinds = {
        ".json": _in_json, ".jsonl": _in_lines_of_json, ".parquet": _in_table, ".yaml": _in_words, ".csv": _in_words,
        ".txt": _in_words,
    }  # fmt: skip
    damage: Callable[[bytes, random.Random], bytes] = kinds.get(suffix, _in_bytes)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if rng.random() < 0.25:
            damage = _in_bytes
        content = damage(content, rng)
    return content


def _in_bytes(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    if not data:
        return rng.randbytes(rng.randrange(64))
    near = rng.choice((len(data), len(data), 64, 256))  # headers stand at the start
    place = rng.randrange(min(len(data), near))
    size = min(rng.choice((1, 2, 4, 8, 64, 1_000)), len(data) - place)
    match rng.randrange(8):
        case 0:
            data[place] ^= 1 << rng.randrange(8)
        case 1:
            data[place : place + size] = rng.randbytes(size)
        case 2:
            del data[place : place + size]
        case 3:
            data[place:place] = rng.randbytes(size)
        case 4:
            data[place:place] = data[place : place + size] * rng.choice((1, 2, 50))
        case 5:
            del data[rng.randrange(len(data)) :]
        case 6:
            number = rng.choice(NUMBERS)
            data[place : place + 4] = number.to_bytes(4, rng.choice(("little", "big")))
        case _:
            data[place : place + size] = bytes([rng.choice((0, 255))]) * size
    return bytes(data)


def _in_words(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    words = [found.span() for found in re.finditer(r"[\w.@/*+-]+|[^\w\s]", text)]
    lines = text.splitlines(keepends=True)
    if not words or not lines:
        return rng.choice(HOSTILE_WORDS).encode("utf-8", "surrogatepass")
    start, stop = rng.choice(words)
    match rng.randrange(6):
        case 0 | 1 | 2:
            text = text[:start] + rng.choice(HOSTILE_WORDS) + text[stop:]
        case 3:
            text = text[:start] + rng.choice(HOSTILE_WORDS) + text[start:]
        case 4:
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
            text = "".join(lines)
        case _:
            del lines[rng.randrange(len(lines))]
            text = "".join(lines)
    return text.encode("utf-8", "surrogatepass") if "\ud800" in text else text.encode("utf-8", "surrogateescape")


def _in_lines_of_json(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    place = rng.randrange(len(lines))
    if rng.random() < 0.2:
        lines.insert(place, rng.choice(lines))
    else:
        lines[place] = _in_json(lines[place], rng)
    return b"\n".join(lines)


def _in_json(content: bytes, rng: random.Random) -> bytes:
    try:
        whole = {"": json.loads(content)}
    except (ValueError, RecursionError):
        return _in_words(content, rng)
    if rng.random() < 0.03:
        return NESTED.encode()
    place, key = rng.choice(list(_places(whole)))
    match rng.randrange(5):
        case 0 | 1 | 2:
            place[key] = rng.choice(HOSTILE_VALUES)
        case 3:
            del place[key]
        case _:
            place[key] = [place[key]]
    return json.dumps(whole.get("")).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    found = [(value, key) for key, _ in items]
    for _, item in items:
        if isinstance(item, dict | list):
            found += _places(item)
    return found


def _in_table(content: bytes, rng: random.Random) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(content))
        name = rng.choice(table.column_names)
        place = table.column_names.index(name)
        column = table.column(name)
        rows = len(table)
        match rng.randrange(9):
            case 0:
                table = table.drop_columns([name])
            case 1:
                table = table.rename_columns(["other" if one == name else one for one in table.column_names])
            case 2:
                table = table.slice(0, rng.choice((0, 1)))
            case 3:
                table = pa.concat_tables([table, table.slice(rng.randrange(max(1, rows)), 1)])
            case 4:
                table = table.set_column(place, name, pa.nulls(rows, column.type))
            case 5:
                made = [rng.choice(HOSTILE_VALUES) for _ in range(rows)] if rng.random() < 0.2 else None
                value = rng.choice(
                    ("", "\0", "<b>", "../..", 0, -1, 1e308, float("nan"), float("inf"), True, [1], {"a": 1}, b"\xff")
                )
                table = table.set_column(place, name, pa.array(made or [value] * rows))
            case 6:
                table = table.append_column(name, column)
            case 7:
                values = column.to_pylist()
                values[rng.randrange(rows)] = rng.choice(
                    (None, "", "x", -1, 0, 2**40, float("nan"), float("inf"), -1e308)
                )
                table = table.set_column(place, name, pa.array(values, column.type))
            case _:
                table = table.replace_schema_metadata(
                    {b"pandas": rng.choice((b"{}", b"[", b"null", b'{"columns": 1}'))}
                )
        out = io.BytesIO()
        pq.write_table(table, out)
        return out.getvalue()
    except Exception:  # noqa: BLE001  # what Arrow itself does not write is damaged in its bytes
        return _in_bytes(content, rng)
