"""What is known of a published dataset, and how its files become clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

Role = Literal["speech", "noisy_reverberant_speech", "music", "noise", "rooms"]
"""What a set is used as; noise and rooms are materials of noisy-reverberant speech, not clips by themselves."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One file of a published set.

    ``checksum`` is ``md5:HEX``, ``sha256:HEX`` or ``sha1:HEX`` as the publisher states it, or empty where none is
    stated. ``size_bytes`` is None where it is not published. ``subset`` names the part of the set it belongs to.
    ``unpack_to`` is relative to the set's folder.
    """

    url: str
    size_bytes: int | None = None
    checksum: str = ""
    subset: str = ""
    unpack_to: str = "."

    @property
    def name(self) -> str:
        """Its file name."""
        return self.url.rsplit("/", 1)[-1].split("?", 1)[0]

    @property
    def inside(self) -> str:
        """``unpack_to`` without needless dots and slashes; empty for the set's folder itself."""
        return "/".join(PurePosixPath(self.unpack_to).parts)


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of a set as it lies on disk; ``licence`` where files have their own, else that of the set.

    ``source`` names what it was cut from where several files come from one recording, else it is ``id``.
    """

    id: str
    path: Path
    attributes: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    subset: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A published dataset.

    ``archives`` is empty where the user has to bring the files (``obtain`` says how). ``recognised_by`` are paths
    (globs) below the set's folder, all of which must match for the set to be there. ``recordings`` lists the files,
    those too that metadata of the set name and that are absent. Sets that share files share a ``folder``.
    ``subsets`` are the parts that can be asked for; ``split`` is the one taken where none is asked for, empty for
    all. ``files`` is the number of recordings published in it; ``hours`` that of all subsets. ``clip_s`` is the
    longest clip cut from a recording, None for whole recordings.
    """

    name: str
    title: str
    role: Role
    homepage: str
    licence: str
    licence_url: str
    citation: str
    attribution: str
    recognised_by: tuple[str, ...]
    recordings: Callable[[Path], Iterable[Recording]]
    archives: tuple[Archive, ...] = ()
    obtain: str = ""
    languages: tuple[str, ...] = ()
    sample_rate: int | None = None
    channels: int | None = None
    hours: float | None = None
    clip_s: float | None = None
    folder: str = ""
    subsets: tuple[str, ...] = ()
    split: str = ""
    files: int | None = None

    @property
    def place(self) -> str:
        """Name of its folder below the data folder or the cache folder."""
        return self.folder or self.name
