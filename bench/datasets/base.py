"""What the loaders share: where audio lies, checked options, hashes, seeded choice.

A plug-in is a function with keyword options, the first two of which are these::

    def silence(name: str, context: DatasetContext, seconds: float = 1.0) -> list[Clip]:
        path = context.cache_dir / "silence.wav"
        audio.write(path, audio.Audio(np.zeros((1, round(48_000 * seconds))), 48_000))
        info = audio.info(path)
        return [Clip(f"{name}/silence", name, "music", str(path), sha256_of(path), info.rate, 1, info.length)]
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bench.domain import Clip
from bench.errors import ConfigError, DatasetError

AUDIO_FILES = ("*.wav", "*.flac", "*.ogg", "*.mp3")
SHOWN = 5  # names listed of a longer list of files


@dataclass(frozen=True, slots=True)
class DatasetContext:
    """Where relative paths start (``data_dir``, else the current folder), and where what is built or fetched goes."""

    data_dir: Path | None
    cache_dir: Path

    def resolve(self, path: str | Path) -> Path:
        """``path`` as an absolute path."""
        return Path(os.path.abspath((self.data_dir or Path.cwd()) / Path(path).expanduser()))  # noqa: PTH100

    def folder(self, path: str | Path, what: str) -> Path:
        """The existing folder ``path`` of ``what``; DatasetError says how to point to it."""
        folder = self.resolve(path)
        if folder.is_dir():
            return folder
        found = "that is a file" if folder.exists() else "there is none"
        raise DatasetError(f"{what}: expected a folder at {folder}, but {found}. {self.remedy}")

    @property
    def remedy(self) -> str:
        """What to do about a path that leads nowhere."""
        start = f"data folder, {self.data_dir}" if self.data_dir else f"current folder, {Path.cwd()}"
        return (
            f"Relative paths start at the {start}: correct `path`, or say where the audio lies with --data DIR or "
            "the environment variable CODECBENCH_DATA."
        )


class Options(BaseModel):
    """Base of the options that a loader checks; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ModelT = TypeVar("ModelT", bound=Options)


def checked(model: type[ModelT], name: str, **options: object) -> ModelT:
    """``options`` as a ``model``; ConfigError lists every one that does not fit."""
    try:
        return model(**options)
    except ValidationError as error:
        raise ConfigError([f"dataset {name!r}, {problem}" for problem in problems_of(error)]) from None


def problems_of(error: ValidationError) -> list[str]:
    """One line for each problem: the key, what is expected, what was got."""
    return [
        (".".join(map(str, problem["loc"])) + ": ").removeprefix(": ")
        + problem["msg"].removeprefix("Value error, ")
        + ("." if problem["type"] == "missing" or not problem["loc"] else f", got {problem['input']!r}.")
        for problem in error.errors(include_url=False)
    ]


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(clip: Clip) -> None:
    """Raise DatasetError unless the clip's file is there and still has the content that its manifest states."""
    path = Path(clip.path)
    try:
        got = sha256_of(path)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); clip {clip.id} needs it.") from None
    if got != clip.sha256:
        raise DatasetError(
            f"{path}: the file changed since the manifest was written: expected sha256 {clip.sha256}, got {got}. "
            "Restore the file, or write the manifest again."
        )


def find_files(folder: Path, include: Iterable[str], exclude: Iterable[str]) -> list[Path]:
    """Files below ``folder`` that match a glob of ``include`` and none of ``exclude``, in a fixed order.

    A glob is tried against the path relative to ``folder`` and against every tail of it; ``*`` also matches ``/``;
    case does not matter. So ``*.wav`` is every WAV file and ``p228/*`` everything in folders called ``p228``.
    Linked files are found, linked folders are not entered. A link to nothing is found too, and fails when it is read.
    """

    def matches(relative: str, globs: Iterable[str]) -> bool:
        return any(fnmatchcase(f"/{relative}".casefold(), f"*/{glob}".casefold()) for glob in globs)

    include, exclude = list(include), list(exclude)
    found = [
        Path(parent, name).relative_to(folder).as_posix() for parent, _, names in os.walk(folder) for name in names
    ]
    if strange := [os.fsencode(name).decode("utf-8", "backslashreplace") for name in found if not _is_text(name)]:
        raise DatasetError(f"{folder}: expected file names in UTF-8, got {listed(strange)}; rename them.")
    return [
        folder / relative for relative in sorted(found) if matches(relative, include) and not matches(relative, exclude)
    ]


def _is_text(name: str) -> bool:
    """Whether a file name can be printed and stored: not where its bytes are no UTF-8."""
    return not any("\udc80" <= letter <= "\udcff" for letter in name)


def sample(clips: Sequence[Clip], limit: int | None, seed: int) -> list[Clip]:
    """``limit`` of ``clips``, chosen by ``seed``, in their order."""
    chosen = sample_ids([clip.id for clip in clips], limit, seed)
    return [clip for clip in clips if clip.id in chosen]


def sample_ids(ids: Sequence[str], limit: int | None, seed: int) -> set[str]:
    """``limit`` of ``ids``: those with the lowest SHA-256 of seed and id.

    A smaller sample is part of a larger one, and a clip that is added or removed changes one place only.
    """
    return set(sorted(ids, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).hexdigest())[:limit])


def listed(names: Sequence[object]) -> str:
    """The first few of ``names`` and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(map(str, names[:SHOWN])) + (f" and {more} more" if more > 0 else "")
