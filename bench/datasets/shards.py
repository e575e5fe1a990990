"""Shards of the WebDataset format: tar files whose members are samples, grouped by name.

The members ``clip.flac``, ``clip.json`` and ``clip.speaker.txt`` are one sample with the key ``clip``: a member's key
is its path up to the first dot of its base name (https://github.com/webdataset/webdataset, "WebDataset Format").
"""

from __future__ import annotations

import gzip
import itertools
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from bench.datasets.base import json_object
from bench.errors import DatasetError
from bench.store import digest, write_json
from bench.untrusted import parse_json
from bench.wording import listed

VERSION = 1  # of the kept index
COMPRESSED = (".gz", ".tgz")

Members = dict[str, tuple[int, int]]
"""Extension -> (offset of the content in the tar stream, its size in bytes)."""


@dataclass(frozen=True)
class Shard:
    """One tar file. ``label`` stands in the ids of its clips."""

    path: Path
    label: str

    @property
    def compressed(self) -> bool:
        return self.path.suffix.lower() in COMPRESSED

    def kept(self, cache_dir: Path, what: str) -> Path:
        """Where ``what`` is remembered of this shard, while its size and modification time are the same."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise DatasetError(f"{self.path}: the shard cannot be read ({error.strerror}); make it readable.") from None
        key = digest([VERSION, str(self.path), status.st_size, status.st_mtime_ns])
        return cache_dir / "webdataset" / f"{key}.{what}.json"

    def samples(self, cache_dir: Path) -> dict[str, Members]:
        """Its samples by key, in their order.

        Raises:
            DatasetError: no tar file, a truncated or damaged one, or a member that comes twice.
        """
        kept = self.kept(cache_dir, "members")
        found = json_object(kept)
        if not found:
            found = self._indexed()
            write_json(kept, found)
        return found

    def contents(self, wanted: list[tuple[str, str, int, int]]) -> Iterator[tuple[str, str, bytes]]:
        """Key, extension and content of ``wanted`` (key, extension, offset, size), in the order of the file."""
        with _errors(self.path), self._stream() as stream:
            for key, extension, offset, size in sorted(wanted, key=lambda one: one[2]):
                stream.seek(offset)
                content = stream.read(size)
                if len(content) != size:
                    raise EOFError(f"{size - len(content)} bytes of {key}.{extension} are missing")
                yield key, extension, content

    def _indexed(self) -> dict[str, Members]:
        samples: dict[str, Members] = {}
        twice: list[str] = []
        with _errors(self.path), self._stream() as stream:
            remembering: Any = _Remembering(stream)
            with tarfile.open(fileobj=remembering, mode="r:") as archive:
                for member in archive:
                    path = PurePosixPath(member.name)
                    stem, dot, extension = path.name.partition(".")
                    if not member.isreg() or not stem or not dot:
                        continue  # a folder, a hidden file such as ._clip.wav, or no extension: no part of a sample
                    parts = samples.setdefault((path.parent / stem).as_posix(), {})
                    if extension.lower() in parts:
                        twice.append(member.name)
                    parts[extension.lower()] = (member.offset_data, member.size)
            if remembering.last != bytes(tarfile.BLOCKSIZE):  # tarfile takes a damaged header for the end, too
                raise EOFError("there is no end mark after the last whole member")
            while self.compressed and stream.read(1 << 20):
                pass  # to the checksum at the end of the compressed stream
        if twice:
            raise DatasetError(
                f"{self.path}: expected every member once, these come again: {listed(twice)}; write it again."
            )
        return samples

    def _stream(self) -> IO[bytes]:
        return gzip.open(self.path, "rb") if self.compressed else self.path.open("rb")  # type: ignore[return-value]


class _Remembering:
    """A stream that keeps what was read last: seeking back in a compressed one would read it all again."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.seek, self.tell, self._read = stream.seek, stream.tell, stream.read
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        self.last = self._read(size)
        return self.last


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Turns what can be wrong with the bytes of a shard into a DatasetError that names it."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        size = path.stat().st_size if path.exists() else 0
        raise DatasetError(
            f"{path}: the shard is truncated or damaged, or no tar file ({error}; {size} bytes); "
            "fetch or write it again."
        ) from None


def expanded(pattern: str) -> list[str]:
    """``pattern`` with its braces written out, as a shell does.

    >>> expanded("s-{008..010}.tar"), expanded("{a,b}.tar")
    (['s-008.tar', 's-009.tar', 's-010.tar'], ['a.tar', 'b.tar'])
    """
    parts = re.split(r"(\{[^{}]*\})", pattern)
    return ["".join(choice) for choice in itertools.product(*map(_choices, parts))]


def _choices(part: str) -> list[str]:
    if span := re.fullmatch(r"\{(\d+)\.\.(\d+)\}", part):
        first, last = span.groups()
        width = len(first) if first.startswith("0") else 0
        return [f"{number:0{width}}" for number in range(int(first), int(last) + 1)]
    if part.startswith("{") and "," in part:
        return part[1:-1].split(",")
    return [part]


def attributes_of(parts: Mapping[str, bytes]) -> dict[str, object]:
    """What the members of a sample say beside the audio: the keys of ``json``, and each ``txt`` and ``cls`` by name.

    Raises:
        ValueError: JSON that is none, or text that is no UTF-8.
    """
    found: dict[str, object] = {}
    for extension, content in parts.items():
        kind = extension.rpartition(".")[2]
        name = extension.removesuffix(f".{kind}") if "." in extension else {"txt": "text", "cls": "class"}.get(kind, "")
        text = content.decode("utf-8").strip()
        if kind == "json":
            value = parse_json(text, parse_constant=lambda _: None)  # NaN and infinities are no JSON
            found |= value if isinstance(value, dict) and not name else {name or "json": value}
        else:
            found[name] = int(text) if kind == "cls" and text.lstrip("-").isdigit() else text
    return found
