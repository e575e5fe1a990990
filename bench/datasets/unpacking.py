"""Where the members of an archive are written, and which of them are refused."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from bench.datasets.partial import gigabytes, writing
from bench.errors import DatasetError

RECORDS = ".codecbench"
"""The folder, in that of a set, of what is known of its files."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file below a set's folder: ``path`` relative to it, with ``/``. A link has its target instead of a hash."""

    path: str
    size: int
    sha256: str
    link: str = ""


LONGEST_NAME, LONGEST_PATH = 255, 1000
"""Bytes that Linux and macOS take; a header may name a path of many megabytes."""


class BrokenArchive(DatasetError):
    """The file is not, or no longer, an archive that can be read to its end."""


class Refused(DatasetError):
    """An archive that no honest publisher packs, or that does not fit what is there; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an honest archive of audio stays within.

    ``ratio`` is of unpacked to packed bytes: deflate reaches 1032, bzip2 and xz far more, and audio hardly 10; small
    archives may reach ``floor_bytes`` whatever their ratio.
    """

    members: int = 2_000_000
    ratio: float = 200.0
    floor_bytes: int = 64 << 20

    def bytes_of(self, packed: int) -> int:
        """How much an archive of ``packed`` bytes may hold."""
        return max(self.floor_bytes, round(self.ratio * packed))

    @staticmethod
    def exceeded(archive: Path, limit: int) -> Refused:
        """The error of an archive that holds more."""
        return Refused(
            f"{archive}: unpacks to more than {gigabytes(limit)}, far more than audio does: this looks like a bomb. "
            "Nothing was unpacked; do not trust this archive."
        )


class Output:
    """The folder ``root`` that the members of ``archive`` are written to, ``limit`` bytes at most."""

    def __init__(self, archive: Path, root: Path, limit: int, limits: Limits) -> None:
        self.archive, self.root, self.limits = archive, root, limits
        self.files: list[FileRecord] = []
        self.clashes: list[tuple[str, str]] = []
        self.written = 0
        self.limit = limit
        self._records: dict[str, FileRecord] = {}
        self._folders: set[str] = set()
        self._names: dict[str, str] = {}
        with writing(root):
            root.mkdir(parents=True)
        self._ignores_case = ignores_case(root)

    def file(self, name: str, size: int, pieces: Iterable[bytes]) -> None:
        """Write a file of ``size`` bytes, as its header says."""
        path = self._place(name)
        digest, count = hashlib.sha256(), 0
        with writing(self.root / path), (self.root / path).open("xb") as file:
            for piece in pieces:
                count += len(piece)
                self.written += len(piece)
                if self.written > self.limit:
                    raise Limits.exceeded(self.archive, self.limit)
                digest.update(piece)
                file.write(piece)
        if count != size:
            raise BrokenArchive(
                f"{self.archive}: {name!r}: expected {size} bytes, got {count}; the archive is damaged."
            )
        self._add(FileRecord(path, size, digest.hexdigest()))

    def link(self, name: str, target: str) -> None:
        """Make a symbolic link.

        Its target may climb only at its start, and not out of the folder: behind a name, ``..`` would lead where
        another link says. No member is written through a link (:meth:`_place`), so its own folder is a real one.
        """
        path = self._place(name)
        parts = PurePosixPath(target[: LONGEST_PATH + 1]).parts
        climbs = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
        outside = (
            len(target) > LONGEST_PATH
            or target.startswith("/")
            or climbs >= len(PurePosixPath(path).parts)
            or ".." in parts[climbs:]
        )
        if outside or not parts or "\\" in target:
            self.refuse(name, f"a link out of the folder, to {target[:200]!r}")
        with writing(self.root / path):
            (self.root / path).symlink_to(target)
        self._add(FileRecord(path, 0, "", target))

    def hard_link(self, name: str, target: str) -> None:
        """Make ``name`` the same file as ``target``, an earlier member."""
        path = self._place(name)
        record = self._records.get(str(PurePosixPath(target)))
        if record is None or record.link:
            self.refuse(name, f"a hard link to {target!r}, which is no earlier file of the archive")
        with writing(self.root / path):
            os.link(self.root / record.path, self.root / path)
        self._add(FileRecord(path, record.size, record.sha256))

    def folder(self, name: str) -> None:
        """Take note of a folder; it is made when a file comes into it."""
        self._relative(name)

    def refuse(self, name: str, why: str) -> NoReturn:
        """Raise the error of a member that no honest archive has."""
        raise Refused(f"{self.archive}: {name[:200]!r} is {why}. Nothing was unpacked; do not trust this archive.")

    def move_to(self, folder: Path, inside: str = "") -> None:
        """Move every file into ``folder``, or below it, where ``inside`` says; first see that all of them can go there.

        Raises:
            Refused: a file would go through a link, or take the place of a folder, or lead out of ``folder``.
        """
        top = folder / inside
        checked: dict[Path, str] = {folder: ""}
        for record in self.files:
            if why := _obstacle(folder, top / record.path, checked):
                raise _displaced(self.archive, record.path, why)
            if record.link and not _inside(folder, (top / record.path).parent / record.link):
                self.refuse(record.path, f"a link out of the folder, to {record.link!r}")
        made: set[Path] = set()
        for record in self.files:
            place = top / record.path
            with writing(place):
                if place.parent not in made:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    made.add(place.parent)
                (self.root / record.path).replace(place)

    def _add(self, record: FileRecord) -> None:
        self.files.append(record)
        self._records[record.path] = record

    def _relative(self, name: str) -> str:
        """``name`` without needless dots; refused where it leads out of the folder."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        backwards = [part for part in re.split(r"[/\\]", name) if part == ".."]
        if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:[/\\]", name) or backwards:
            self.refuse(name, "a path out of the folder")
        return "/".join(parts)

    def _place(self, name: str) -> str:
        """Where a file goes, in a folder that is there: not through a link or a file, and nothing else is there."""
        path = self._relative(name)
        if not path or "\0" in path:
            self.refuse(name, "a file without a name")
        if _bytes(path) > LONGEST_PATH or any(_bytes(part) > LONGEST_NAME for part in path.split("/")):
            self.refuse(name, "a name that is too long for a disk")
        if RECORDS in path.casefold().split("/"):
            self.refuse(name, f"in a folder {RECORDS}, which is where checksums are kept")
        if len(self.files) >= self.limits.members:
            raise DatasetError(f"{self.archive}: holds more than {self.limits.members} files; unpack it by hand.")
        self._require_new(path)
        parent = path.rpartition("/")[0]
        if parent not in self._folders:
            for above in (parent, *map(str, PurePosixPath(parent).parents)):
                if above in self._records:
                    self.refuse(name, f"a file below {above!r}, which is a file or a link")
            with writing(self.root / parent):
                (self.root / parent).mkdir(parents=True, exist_ok=True)
            self._folders.add(parent)
        if (self.root / path).is_dir():
            self.refuse(name, "a file in the place of a folder")
        return path

    def _require_new(self, path: str) -> None:
        other = self._names.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if path in self._records or (other != path and self._ignores_case):
            raise DatasetError(
                f"{self.archive}: holds both {other!r} and {path!r}, which are one file on this disk. Nothing was "
                "unpacked; choose a folder on another disk with --data, or unpack it by hand."
            )
        if other != path:
            self.clashes.append((other, path))


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def require_place(archive: Path, folder: Path, place: Path) -> None:
    """Raise Refused unless a file may go to ``place``, below ``folder``: not through a link, not on a folder."""
    if why := _obstacle(folder, place, {folder: ""}):
        raise _displaced(archive, place.relative_to(folder).as_posix(), why)


def _displaced(archive: Path, name: str, why: str) -> Refused:
    return Refused(
        f"{archive}: {name!r} is {why}. Nothing was unpacked. Move away what is there, if it is none of the set; "
        "if it does, do not trust this archive."
    )


def _obstacle(folder: Path, place: Path, checked: dict[Path, str]) -> str:
    """What stands in the way of a file at ``place``, as far as it is there already; ``checked`` are known parents."""

    def of_parent(parent: Path) -> str:
        if parent not in checked:
            above = of_parent(parent.parent)
            name = parent.relative_to(folder).as_posix()
            if not above and parent.is_symlink():
                above = f"below {name!r}, which is a link in the set's folder"
            elif not above and parent.exists() and not parent.is_dir():
                above = f"below {name!r}, which is a file in the set's folder"
            checked[parent] = above
        return checked[parent]

    if why := of_parent(place.parent):
        return why
    taken = place.is_dir() and not place.is_symlink()
    return "a file in the place of a folder that is there already" if taken else ""


def _inside(folder: Path, place: Path) -> bool:
    """Whether ``place``, every link on the way followed, lies in ``folder``."""
    return place.resolve().is_relative_to(folder.resolve())


def ignores_case(folder: Path) -> bool:
    """Whether the disk below ``folder`` takes ``a`` and ``A`` for one name."""
    probe = folder / ".Case"
    with writing(probe):
        probe.touch()
        found = (folder / ".cASE").exists()
        probe.unlink()
    return found
