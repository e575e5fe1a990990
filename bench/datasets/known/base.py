"""What is known of a published dataset, and how its files become clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from bench.errors import ConfigError

SCHEMES = ("http", "https", "file")
DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
"""Hexadecimal digits of each kind of checksum."""

Role = Literal["speech", "noisy_reverberant_speech", "music", "noise", "rooms"]
"""What a set is used as; noise and rooms are materials of noisy-reverberant speech, not clips by themselves."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One file of a published set.

    ``checksum`` is ``md5:HEX``, ``sha1:HEX``, ``sha256:HEX`` or ``sha512:HEX`` as the publisher states it, or empty
    where none is stated. ``size_bytes`` is None where it is not published. ``subset`` names the part of the set it
    belongs to. ``unpack_to`` is relative to the set's folder. ConfigError where a field cannot be right.
    """

    url: str
    size_bytes: int | None = None
    checksum: str = ""
    subset: str = ""
    unpack_to: str = "."

    def __post_init__(self) -> None:
        problems = []
        address = urlsplit(self.url)
        if address.scheme not in SCHEMES or not (address.netloc or address.scheme == "file"):
            problems.append(f"url: expected an address such as https://example.org/a.zip, got {self.url!r}.")
        elif self.name in ("", ".", ".."):
            problems.append(f"url: expected an address that ends with a file name, got {self.url!r}.")
        if self.checksum and not _is_checksum(self.checksum):
            kinds = ", ".join(f"{name}:HEX" for name in DIGITS)
            problems.append(f"checksum: expected {kinds} or an empty text, got {self.checksum!r}.")
        if self.size_bytes is not None and self.size_bytes <= 0:
            problems.append(f"size_bytes: expected a number above 0 or None, got {self.size_bytes!r}.")
        place = PurePosixPath(self.unpack_to)
        if place.is_absolute() or ".." in place.parts or "\\" in self.unpack_to:
            problems.append(f"unpack_to: expected a path below the set's folder, got {self.unpack_to!r}.")
        if problems:
            raise ConfigError([f"archive {self.url!r}, {problem}" for problem in problems])

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
    all. ``files`` is the number of recordings published in the split, or in all where there is none, and None where
    it is not published; ``hours`` is that of all subsets. ``clip_s`` is the
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

    def __post_init__(self) -> None:
        problems = []
        for key, value in (("name", self.name), ("folder", self.place)):
            if not value or value.startswith(".") or "/" in value or "\\" in value:
                problems.append(f"{key}: expected a name that a folder can have, got {value!r}.")
        if not self.recognised_by or isinstance(self.recognised_by, str):
            problems.append(f"recognised_by: expected a tuple of globs, one at least, got {self.recognised_by!r}.")
        names = [one.name.casefold() for one in self.archives]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            problems.append(f"archives: expected a file name of its own for each, got twice: {', '.join(twice)}.")
        if problems:
            raise ConfigError([f"set {self.name!r}, {problem}" for problem in problems])

    @property
    def place(self) -> str:
        """Name of its folder below the data folder or the cache folder."""
        return self.folder or self.name


def _is_checksum(text: str) -> bool:
    algorithm, _, digits = text.lower().partition(":")
    return len(digits) == DIGITS.get(algorithm) and set(digits) <= set("0123456789abcdef")
