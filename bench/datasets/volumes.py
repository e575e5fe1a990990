"""Zip archives in several files (x.z01, x.z02, ..., x.zip), read as one."""

from __future__ import annotations

import bisect
import io
import re
import struct
import zipfile
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

_END = struct.Struct("<4s4H2LH")  # end of central directory record: APPNOTE.TXT 6.3.10, 4.3.16


def belongs_to(name: str) -> str:
    """The last file of the split archive that ``name`` is an earlier part of, or nothing.

    >>> belongs_to("set.z01"), belongs_to("set.zip")
    ('set.zip', '')
    """
    return re.sub(r"\.z\d\d+$", ".zip", name) if re.search(r"\.z\d\d+$", name) else ""


class Joined(io.RawIOBase):
    """Several files, one after the other, as one file."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.open("rb") for path in paths]
        sizes = [path.stat().st_size for path in paths]
        self.starts = [0, *accumulate(sizes)][:-1]
        self._size, self._at = sum(sizes), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than any buffer
        index = bisect.bisect_right(self.starts, self._at) - 1
        ends = [*self.starts[1:], self._size]
        wanted = min(len(buffer), max(0, ends[index] - self._at))
        self._files[index].seek(self._at - self.starts[index])
        count = self._files[index].readinto(memoryview(buffer)[:wanted])
        self._at += count
        return count

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()


def correct_offsets(packed: zipfile.ZipFile, joined: Joined) -> None:
    """Make the offsets of the members count from the start of the first file.

    In the directory they count from the start of the file that the member starts in; the reader took them to count
    from where the directory's own file starts.

    Raises:
        zipfile.BadZipFile: the directory names a file that is not there.
    """
    joined.seek(-min(1 << 16, joined.seek(0, io.SEEK_END)), io.SEEK_END)
    tail = joined.read()
    record = tail[tail.rindex(b"PK\x05\x06") :]
    directory_offset = _END.unpack_from(record)[6]
    added = packed.start_dir - directory_offset
    for member in packed.infolist():
        if member.volume >= len(joined.starts):
            raise zipfile.BadZipFile(f"it has a part {member.volume + 1}, and {len(joined.starts)} are here")
        member.header_offset += joined.starts[member.volume] - added
        if hasattr(member, "_end_offset"):  # of a check for overlaps, made with the wrong offsets
            member._end_offset = None
