"""Archives of strangers, unpacked safely: nothing outside the folder, no bombs, all or nothing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from bench.datasets.download import looks_like_html
from bench.datasets.partial import Progress, ignore, require_space
from bench.datasets.unpacking import BrokenArchive, FileRecord, Limits, Output
from bench.datasets.volumes import Joined, correct_offsets
from bench.errors import DatasetError
from bench.wording import listed


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


LIMITS = Limits()
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z", ".rar")
_BY_HAND = {b"7z\xbc\xaf\x27\x1c": ("7z", "7z x"), b"Rar!\x1a\x07": ("RAR", "unrar x")}
_DECOMPRESSORS: dict[bytes, Callable[[BinaryIO], _Readable]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_UNIX, _UTF8 = 3, 1 << 11  # APPNOTE.TXT 6.3.10, 4.4.2.2 and 4.4.4
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files of an archive, and the pairs of names that differ only in their case."""

    files: tuple[FileRecord, ...]
    clashes: tuple[tuple[str, str], ...]


def is_archive(name: str) -> bool:
    """Whether a file of this name is an archive; anything else is one file of a set."""
    return name.lower().endswith(SUFFIXES)


def unpack(
    archive: Path,
    folder: Path,
    temporary: Path,
    inside: str = "",
    earlier: Sequence[Path] = (),
    limits: Limits = LIMITS,
    progress: Progress = ignore,
) -> Unpacked:
    """Unpack a zip or tar (also gz, bz2, xz) into ``folder``, or below it, where ``inside`` says.

    Everything is written to ``temporary``, on the same disk, and moved into place when the archive has been read to
    its end and found whole. Files that are in place already are replaced. Empty folders, modes and owners are not kept.

    Args:
        earlier: the parts before ``archive`` of a zip in several files.
    Raises:
        BrokenArchive: truncated, damaged, or no archive.
        DatasetError: encrypted, of a kind that cannot be unpacked here, too large for ``limits`` or the disk, or with
            members that would lie outside the folder, go through a link in it, are devices, or share a place; nothing
            is changed then.
    """
    shutil.rmtree(temporary, ignore_errors=True)
    output = Output(archive, temporary, limits.bytes_of(sum(one.stat().st_size for one in (*earlier, archive))), limits)
    try:
        with archive.open("rb") as raw:
            start = raw.read(512)
            raw.seek(0)
            if earlier:
                with Joined([*earlier, archive]) as joined:
                    _unzip(joined, output, progress)
            elif start.startswith(b"PK"):
                _unzip(raw, output, progress)
            else:
                _untar(raw, start, output, progress)
        output.move_to(folder, inside)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Unpacked(tuple(output.files), tuple(output.clashes))


def _unzip(raw: BinaryIO | Joined, output: Output, progress: Progress) -> None:
    archive = output.archive
    with _reading(archive):
        packed = zipfile.ZipFile(raw)
        if isinstance(raw, Joined):
            correct_offsets(packed, raw)
    members = packed.infolist()
    if encrypted := [member.filename for member in members if member.flag_bits & 1]:
        raise DatasetError(f"{archive}: {listed(encrypted)}: encrypted; unpack it by hand with its password.")
    total = sum(member.file_size for member in members)

    def tick() -> None:
        progress(output.written, total)

    if total > output.limit:
        raise Limits.exceeded(archive, output.limit)
    require_space(output.root, total, f"{archive}: unpacking")
    for member in members:
        name = _name(member).replace("\\", "/")
        kind = stat.S_IFMT(member.external_attr >> 16) if member.create_system == _UNIX else 0
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            output.refuse(name, "a device or another special file")
        elif member.filename.endswith("/"):  # is_dir() wants a name, and there may be none
            output.folder(name)
        else:
            with _reading(archive, name):
                source = packed.open(member)
            with source:
                if kind == stat.S_IFLNK:
                    with _reading(archive, name):
                        to = source.read(4096).decode()
                    output.link(name, to)
                else:
                    output.file(name, member.file_size, _pieces(source, archive, name, tick))


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; programs on Unix and macOS often write UTF-8 and do not say so."""
    if member.flag_bits & _UTF8 or member.create_system != _UNIX:
        return member.filename
    try:
        return member.filename.encode("cp437").decode()
    except UnicodeError:
        return member.filename


def _untar(raw: BinaryIO, start: bytes, output: Output, progress: Progress) -> None:
    archive = output.archive
    total = archive.stat().st_size
    opener = next((make for magic, make in _DECOMPRESSORS.items() if start.startswith(magic)), None)
    if opener is None and start[257:262] != b"ustar":
        raise _no_archive(archive, start)

    def tick() -> None:
        progress(raw.tell(), total)

    stream = _Counted(opener(raw) if opener else raw, archive, output.limit)
    with _reading(archive):
        packed = tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 16)  # type: ignore[call-overload] # noqa: SIM115
    while (member := _next_member(packed, archive)) is not None:
        if member.isdir():
            output.folder(member.name)
        elif member.issym():
            output.link(member.name, member.linkname)
        elif member.islnk():
            output.hard_link(member.name, member.linkname)
        elif member.isfile():
            with _reading(archive, member.name):
                source = packed.extractfile(member)
            assert source is not None
            require_space(output.root, member.size, f"{archive}: unpacking")
            output.file(member.name, member.size, _pieces(source, archive, member.name, tick))
        else:
            output.refuse(member.name, "a device or another special file")
    with _reading(archive):
        while stream.read(1 << 20):  # to the end, so that the checksum there is checked
            pass


class _Counted:
    """The unpacked bytes of a stream; ends a bomb before the headers in it have been believed."""

    def __init__(self, stream: _Readable, archive: Path, limit: int) -> None:
        self._stream, self._archive, self._limit, self._count = stream, archive, limit, 0

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._count += len(piece)
        if self._count > self._limit:
            raise Limits.exceeded(self._archive, self._limit)
        return piece


def _next_member(packed: tarfile.TarFile, archive: Path) -> tarfile.TarInfo | None:
    with _reading(archive):
        member = packed.next()
        packed.members.clear()  # type: ignore[attr-defined]  # a stream has no use for them, and there may be a million
        return member


def _pieces(source: IO[bytes], archive: Path, name: str, tick: Callable[[], None]) -> Iterator[bytes]:
    while True:
        with _reading(archive, name):
            piece = source.read(1 << 20)
        yield piece
        tick()
        if not piece:
            return


@contextmanager
def _reading(archive: Path, name: str = "") -> Iterator[None]:
    """Turns what the libraries raise for a broken archive into one message."""
    where = f" at {name!r}" if name else ""
    try:
        yield
    except (NotImplementedError, RuntimeError) as error:
        raise DatasetError(f"{archive}: cannot be unpacked here{where} ({error}); unpack it by hand.") from None
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise BrokenArchive(
            f"{archive}: the archive is truncated or damaged{where} ({reason}). Fetch it again."
        ) from None


def _no_archive(archive: Path, start: bytes) -> DatasetError:
    if not start:
        return BrokenArchive(f"{archive}: expected an archive, got an empty file.")
    if looks_like_html(start):
        return BrokenArchive(f"{archive}: expected an archive, got a web page (a login or an error page).")
    for magic, (kind, command) in _BY_HAND.items():
        if start.startswith(magic):
            return DatasetError(
                f"{archive}: {kind} archives cannot be unpacked here. Unpack it with `{command}` into the set's folder."
            )
    return BrokenArchive(f"{archive}: expected a zip or tar archive, got a file that starts with {start[:8]!r}.")
