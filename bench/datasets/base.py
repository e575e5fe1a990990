"""What the loaders share: where audio lies, checked options, hashes, seeded choice.

A plug-in is a function with keyword options, the first two of which are these::

    def silence(name: str, context: DatasetContext, seconds: float = 1.0) -> list[Clip]:
        path = context.cache_dir / "silence.wav"
        audio.write(path, audio.Audio(np.zeros((1, round(48_000 * seconds))), 48_000))
        info = audio.info(path)
        return [Clip(f"{name}/silence", name, "music", str(path), sha256_of(path), info.rate, 1, info.length)]
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import logging
import os
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from bench.domain import Clip
from bench.errors import ConfigError, DatasetError
from bench.storage import Place, exists, is_folder, is_remote, is_url, local_copy, names_below, place
from bench.untrusted import parse_json
from bench.wording import listed

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
AUDIO_FILES = tuple(f"*{suffix}" for suffix in SUFFIXES)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DatasetContext:
    """Where relative paths start (``data_dir``, else the current folder), and where what is built or fetched goes.

    ``data_dir`` may be a URL; ``cache_dir`` is always a folder of this machine.
    """

    data_dir: Place | None
    cache_dir: Path

    def locate(self, path: str | Path) -> Place:
        """``path`` as an absolute path, or as a URL where it is one or the data lie at one."""
        if is_url(str(path)):
            return place(str(path))
        local, start = Path(path).expanduser(), self.data_dir or Path.cwd()
        if not is_remote(start) or local.is_absolute():
            return Path(os.path.abspath(local if is_remote(start) else start / local))  # noqa: PTH100
        protocol, _, folder = str(start).partition("://")
        return place(f"{protocol}://{posixpath.normpath(f'{folder}/{path}')}")

    def resolve(self, path: str | Path) -> Path:
        """``path`` as an absolute path of this machine, for loaders that need one.

        Raises:
            DatasetError: it is a URL.
        """
        found = self.locate(path)
        if is_remote(found):
            raise DatasetError(
                f"{found}: this kind of dataset is read from a folder of this machine only; those of the loaders "
                "folder and manifest may lie at a URL. Copy it here, and point to it with an absolute `path`."
            )
        return found

    def folder(self, path: str | Path, what: str) -> Path:
        """The existing folder ``path`` of ``what`` on this machine; DatasetError says how to point to it."""
        self.resolve(path)
        found = self.place_of(path, what)
        assert not is_remote(found)
        return found

    def place_of(self, path: str | Path, what: str) -> Place:
        """The existing folder ``path`` of ``what``, which may be at a URL; DatasetError says how to point to it."""
        folder = self.locate(path)
        if is_folder(folder):
            return folder
        found = "that is a file" if exists(folder) else "there is none"
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
Given = ParamSpec("Given")
Loaded = TypeVar("Loaded")


def checked(model: type[ModelT], name: str, **options: object) -> ModelT:
    """``options`` as a ``model``; ConfigError lists every one that does not fit."""
    try:
        return model(**options)
    except ValidationError as error:
        raise ConfigError([f"dataset {name!r}, {problem}" for problem in problems_of(error)]) from None


def checks_options(load: Callable[Given, Loaded]) -> Callable[Given, Loaded]:
    """``load``, a loader, with its options checked by their annotations; constraints of pydantic may stand in these.

    It raises ConfigError with every option that does not fit.
    """
    signature = inspect.signature(load)

    @functools.cache
    def model() -> type[Options]:
        hints = get_type_hints(load, include_extras=True)
        fields: Any = {key: (hints[key], ...) for key in signature.parameters if key not in ("name", "context")}
        return create_model("LoaderOptions", __base__=Options, **fields)

    @functools.wraps(load)
    def checked_load(*args: Given.args, **kwargs: Given.kwargs) -> Loaded:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        name, context = given.arguments.pop("name"), given.arguments.pop("context")
        options: Any = dict(checked(model(), name, **given.arguments))
        return load(name, context, **options)

    return checked_load


def problems_of(error: ValidationError) -> list[str]:
    """One line for each problem: the key, what is expected, what was got."""
    return [
        (".".join(map(str, problem["loc"])) + ": ").removeprefix(": ")
        + problem["msg"].removeprefix("Value error, ")
        + ("." if problem["type"] == "missing" or not problem["loc"] else f", got {problem['input']!r}.")
        for problem in error.errors(include_url=False)
    ]


def json_object(path: Path) -> dict[str, Any]:
    """The JSON object that was kept at ``path``; empty where there is none that can be read."""
    try:
        value = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(clip: Clip) -> Path:
    """The clip's file, which has the content that its manifest states; of one at a URL, a local copy.

    Raises:
        DatasetError: it is not there, or its content is another.
    """
    path = place(clip.path)
    try:
        file = local_copy(path)
        got = sha256_of(file)
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror}), and clip {clip.id} needs it. Put "
            "the file back, or write the manifest again."
        ) from None
    if got != clip.sha256:
        raise DatasetError(
            f"{path}: the file changed since the manifest was written: expected sha256 {clip.sha256}, got {got}. "
            "Restore the file, or write the manifest again."
        )
    return file


def find_files(folder: Path, include: Iterable[str], exclude: Iterable[str]) -> list[Path]:
    """The files of :func:`find_paths`."""
    return [folder / path for path in find_paths(folder, include, exclude)]


def find_paths(folder: Place, include: Iterable[str], exclude: Iterable[str]) -> list[str]:
    """Paths, relative to ``folder``, of what matches a glob of ``include`` and none of ``exclude``; in a fixed order.

    A glob is tried against the path relative to ``folder`` and against every tail of it; ``*`` also matches ``/``;
    case does not matter. So ``*.wav`` is every WAV file and ``p228/*`` everything in folders called ``p228``.
    Linked files are found, linked folders are not entered, which a warning says. A link to nothing is found too, and
    fails when it is read.

    Raises:
        DatasetError: folders below it that cannot be read and that ``exclude`` does not name, or file names that are
            no UTF-8; all of them.
    """
    included, excluded = _matcher(include), _matcher(exclude)
    found = names_below(folder) if is_remote(folder) else _walked(folder, excluded)
    return [relative for relative in sorted(found) if included(relative) and not excluded(relative)]


def _walked(folder: Path, excluded: Callable[[str], bool]) -> list[str]:
    found: list[str] = []
    links: list[str] = []
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        below = Path(parent).relative_to(folder).as_posix()
        prefix = "" if below == "." else f"{below}/"
        found += [prefix + name for name in names]
        links += [prefix + name for name in folders if Path(parent, name).is_symlink()]
    names_of_closed = [(Path(error.filename).relative_to(folder).as_posix(), error) for error in closed]
    problems = [
        f"{error.filename}: this folder cannot be read ({error.strerror}); make it readable, or exclude `{name}/*`."
        for name, error in names_of_closed
        if not excluded(f"{name}/")
    ]
    if strange := [os.fsencode(name).decode("utf-8", "backslashreplace") for name in found if not _is_text(name)]:
        problems.append(f"{folder}: expected file names in UTF-8, got {listed(strange)}; rename them.")
    if problems:
        raise DatasetError("\n".join(problems))
    if links := [link for link in links if not excluded(f"{link}/")]:
        log.warning(
            "%s: linked folders are not entered: %s. Name them as datasets of their own.", folder, listed(links)
        )
    return found


def _matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a relative path, or a tail of it, matches one of ``globs``."""
    patterns = [re.compile(translate(f"*/{glob}".casefold())).match for glob in globs]

    def matches(relative: str) -> bool:
        text = f"/{relative}".casefold()
        return any(pattern(text) for pattern in patterns)

    return matches


def same_name(name: str) -> str:
    """What ``name`` is to a file system that ignores case and the normal form of letters."""
    return unicodedata.normalize("NFC", name).casefold()


def clashes(names: Iterable[str]) -> dict[str, str]:
    """Names that differ from an earlier one only by case or Unicode normal form, each with that earlier one.

    >>> clashes(["a.wav", "b.wav", "A.wav"])
    {'A.wav': 'a.wav'}
    """
    first: dict[str, str] = {}
    return {name: kept for name in names if (kept := first.setdefault(same_name(name), name)) != name}


def warn_of_clashes(what: str, found: Mapping[str, str]) -> None:
    """One warning for the result of :func:`clashes`, where there is any."""
    if found:
        pairs = listed([f"{kept!r} and {name!r}" for name, kept in found.items()])
        log.warning(
            "%s: %d names differ from another only by case or Unicode normal form, and a file system that ignores "
            "those would keep one of each: %s. All are used here; rename them before the set is copied elsewhere.",
            what, len(found), pairs,
        )  # fmt: skip


def _is_text(name: str) -> bool:
    """Whether a file name can be printed and stored: not where its bytes are no UTF-8."""
    return name.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in name)


def sample_ids(ids: Sequence[str], limit: int | None, seed: int) -> set[str]:
    """``limit`` of ``ids``: those with the lowest SHA-256 of seed and id.

    A smaller sample is part of a larger one, and a clip that is added or removed changes one place only.
    """
    return set(sorted(ids, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).hexdigest())[:limit])
