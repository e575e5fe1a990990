"""The part of a file that has come so far.

Beside a target ``x.zip`` lie ``.x.zip.part`` (the bytes so far) and ``.x.zip.json`` (what they are bytes of: URL, ETag,
Last-Modified, size). The latter stays when the file is complete: it tells a downloaded file from one put there by hand.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from bench.datasets.base import json_object
from bench.errors import DatasetError

PIECE = 1 << 18
RESERVE = 16 << 20
"""Bytes of a disk that are left free."""

ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
_FULL = {errno.ENOSPC, errno.EDQUOT}

Progress = Callable[[int, int | None], None]
"""Called with the bytes done and, where it is known, their total. What it raises ends the work, resumably."""


def ignore(done: int, total: int | None) -> None:
    """Progress that nobody watches."""


class Part:
    """The bytes of ``target`` so far and their checksum.

    Where an earlier process left some of ``url``, they count, unless nothing tells whether the server's file is still
    the same: no ETag, no Last-Modified, and (``checked``) no checksum that would find it out in the end.
    """

    def __init__(self, target: Path, url: str, algorithm: str, checked: bool) -> None:
        self.url, self.target, self.path = url, target, _part(target)
        self._algorithm, self.checked = algorithm, checked
        self._facts: dict[str, Any] = {}
        self.total: int | None = None
        self._forget_bytes()
        facts = json_object(_note(target))
        if facts.get("url") != url or not self.path.is_file():
            return
        self._facts = facts
        if self._resumable:
            self.total = facts.get("size")
            with self.path.open("rb") as file:
                while piece := file.read(4 * PIECE):
                    self._hash.update(piece)
                    self.size += len(piece)

    def _forget_bytes(self) -> None:
        self._hash = hashlib.new(self._algorithm, usedforsecurity=False)
        self._facts, self.size, self.total = {}, 0, None

    @property
    def _resumable(self) -> bool:
        facts = self._facts
        return bool(facts.get("etag") or facts.get("last_modified") or (self.checked and facts.get("size")))

    @property
    def checksum(self) -> str:
        """``algorithm:hex`` of the bytes so far."""
        return f"{self._algorithm}:{self._hash.hexdigest()}"

    @property
    def whole(self) -> bool:
        """Whether these are as many bytes as the server said."""
        return self.size > 0 and self.size == self._facts.get("size")

    def range(self) -> dict[str, str]:
        """The request headers that ask for the rest (RFC 9110, sections 13.1.5 and 14.2)."""
        if self.size and not self._resumable:
            self.restart()
        if not self.size:
            return {}
        etag = str(self._facts.get("etag") or "")
        validator = self._facts.get("last_modified") if not etag or etag.startswith("W/") else etag
        return {"Range": f"bytes={self.size}-"} | ({"If-Range": str(validator)} if validator else {})

    def take_up(self, headers: Mapping[str, str], size_bytes: int | None) -> bool:
        """Continue, or start anew, as the answer's ``headers`` say; False where they are of another file's rest.

        Raises:
            DatasetError: the disk has no room for what is to come.
        """
        facts: dict[str, Any] = {"url": self.url}
        facts |= {"etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified")}
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip())
        if span:
            facts["size"] = integer(span[2]) or self._facts.get("size")
            if int(span[1]) != self.size or facts != self._facts:
                self.restart()
                return False
        else:
            self.restart()
            facts["size"] = integer(headers.get("Content-Length"))
        self.total = facts["size"] or size_bytes
        require_space(self.path.parent, max(0, (self.total or 0) - self.size), f"{self.url}: the download")
        self._facts = facts
        with replacing(_note(self.target)) as note:
            note.write_text(json.dumps(facts), encoding="utf-8")
        return True

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file, to :meth:`add` to; unbuffered, so that what was added outlives the process."""
        with writing(self.path):
            file = self.path.open("ab" if self.size else "wb", buffering=0)
        with file:
            yield file

    def add(self, piece: bytes, file: BinaryIO) -> None:
        """Append ``piece``."""
        with writing(self.path):
            written = 0
            while written < len(piece):
                written += file.write(piece[written:])
        self._hash.update(piece)
        self.size += len(piece)

    def restart(self) -> None:
        """Drop the bytes."""
        self._forget_bytes()
        self.path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Move the file into place."""
        with writing(self.target):
            self.path.replace(self.target)


def check(path: Path, checksum: str, progress: Progress = ignore) -> str:
    """The checksum of a file that is there; DatasetError where it is not ``checksum``, unless that is empty."""
    digest = hashlib.new(algorithm_of(checksum), usedforsecurity=False)
    done, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while piece := file.read(4 * PIECE):
            digest.update(piece)
            done += len(piece)
            progress(done, total)
    if checksum and f"{digest.name}:{digest.hexdigest()}" != checksum.lower():
        raise DatasetError(
            f"{path}: expected {checksum.replace(':', ' ')}, got {digest.hexdigest()} ({total} bytes); "
            "this is not the published file. Delete it to fetch it again, or put the right one there."
        )
    return f"{digest.name}:{digest.hexdigest()}"


def was_downloaded(path: Path) -> bool:
    """Whether ``path`` was downloaded, not put there by the user."""
    return path.exists() and _note(path).exists()


def discard(path: Path) -> None:
    """Delete a download, its part, and what is kept beside it."""
    for one in (path, _part(path), _note(path)):
        one.unlink(missing_ok=True)


def bytes_there(path: Path) -> int:
    """How much of ``path`` has come already."""
    return next((one.stat().st_size for one in (path, _part(path)) if one.exists()), 0)


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise DatasetError unless ``needed`` bytes are free where ``folder`` lies, which need not exist yet."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if needed + RESERVE > free:
        raise DatasetError(
            f"{what} needs {gigabytes(needed + RESERVE)} at {folder}, and {gigabytes(free)} are free there. Free some "
            "space, or choose a folder on another disk with --data."
        )


def gigabytes(count: int) -> str:
    """A number of bytes for people, in steps of 1000.

    >>> gigabytes(0), gigabytes(1_234_567), gigabytes(11_747_302_977)
    ('0 B', '1.2 MB', '11.7 GB')
    """
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" else f"{count} B"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns a full disk, or a folder that cannot be written, into a DatasetError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            advice = "the disk is full. Free some space and start the same command again: it continues."
        else:
            advice = f"it cannot be written ({error.strerror}). Choose another folder with --data or --cache."
        raise DatasetError(f"{path}: {advice}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` at the end, or is deleted where there is an error."""
    temporary = path.with_name(f".{path.name}.new")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def algorithm_of(checksum: str) -> str:
    """The algorithm of ``algorithm:hex``; sha256 of an empty one."""
    algorithm = checksum.partition(":")[0].lower() or "sha256"
    if algorithm not in ALGORITHMS:
        raise ValueError(f"expected a checksum like sha256:HEX ({', '.join(ALGORITHMS)}), got {checksum!r}")
    return algorithm


def integer(text: str | None) -> int | None:
    """A header's number, None where there is none."""
    return int(text) if text and text.strip().isdecimal() else None


def _part(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _note(target: Path) -> Path:
    return target.with_name(f".{target.name}.json")
