"""Places by name: a local path, or the URL of a store such as ``s3://bucket/folder``.

A local place is a plain ``pathlib.Path``, and no package of stores is imported for it. What such a package raises
becomes a ``StoreError`` with the URL, but for a file that is not there: ``FileNotFoundError``, as on this machine.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit
from urllib.request import url2pathname

from bench.errors import CodecbenchError, ConfigError, MissingRequirement, StoreError

if TYPE_CHECKING:
    from typing_extensions import TypeIs
    from upath import UPath

    Place: TypeAlias = Path | UPath
    """A folder or a file: both kinds have the methods of ``pathlib`` that are used here."""
else:
    Place = Any  # annotations are evaluated by pydantic, and no URL is worth an import for that

INSTALLED_BY = {"s3": "'codecbench[s3]'", "s3a": "'codecbench[s3]'", "gs": "gcsfs", "gcs": "gcsfs"}
"""What brings the package of a protocol."""

CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE and AWS_ENDPOINT_URL",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
}
"""The variables in which a store's package looks for credentials and server."""

COPIED_BYTES = 2 << 30
"""Local copies that a process keeps of files of stores; the one that was not used for longest goes first."""


def is_url(name: str) -> bool:
    """Whether ``name`` is the URL of a store rather than a path of this machine."""
    return "://" in name and not name.startswith("file://")


def place(name: str | os.PathLike[str] | Place) -> Place:
    """The place called ``name``: a URL has ``://`` in it, everything else is a path of this machine.

    Raises:
        ConfigError: a protocol that nobody knows.
        MissingRequirement: its package is not installed.
    """
    text = str(name)
    if not is_url(text):
        return Path(url2pathname(urlsplit(text).path) if text.startswith("file://") else name)  # type: ignore[arg-type]
    import fsspec
    from upath import UPath

    protocol = text.partition("://")[0]
    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError:
        raise ConfigError(
            f"{text}: no store has URLs that start with {protocol}://. Expected a path, or s3://BUCKET/... or gs://..."
        ) from None
    except ImportError as error:
        get = f"pip install {INSTALLED_BY[protocol]}" if protocol in INSTALLED_BY else str(error)
        raise MissingRequirement(f"{text}: the package for {protocol}:// is not installed. To get it: {get}") from None
    return UPath(text, use_listings_cache=False)  # others write there, too: what was listed once may be out of date


def is_remote(where: Place) -> TypeIs[UPath]:
    """Whether ``where`` is no file of this machine."""
    return not isinstance(where, Path)


def absolute(where: Place) -> Place:
    """``where``, not relative to the current folder."""
    return where if is_remote(where) else where.absolute()


def required_local(where: Place, what: str) -> Path:
    """``where`` as a path of this machine.

    Raises:
        ConfigError: it is a URL; it starts with ``what``.
    """
    if is_remote(where):
        raise ConfigError(f"{what}: expected a path of this machine, got {where}. Copy it to this machine first.")
    return where


def exists(where: Place) -> bool:
    """Whether there is a file or a folder."""
    return where.exists() if not is_remote(where) else _info(where) is not None


def is_folder(where: Place) -> bool:
    """Whether there is a folder; at a store, that is the beginning of some file's name."""
    return where.is_dir() if not is_remote(where) else (_info(where) or {}).get("type") == "directory"


def is_file(where: Place) -> bool:
    """Whether there is a file."""
    return where.is_file() if not is_remote(where) else (_info(where) or {}).get("type") == "file"


def read_bytes(where: Place) -> bytes:
    """The content of a file.

    Raises:
        FileNotFoundError: there is none.
        StoreError: the store cannot be used.
    """
    if not is_remote(where):
        return where.read_bytes()
    with _reaching(where, "read"):
        found: bytes = where.fs.cat_file(where.path)
    return found


def read_all(folder: UPath, names: Sequence[str]) -> list[bytes]:
    """The contents of the files ``names`` in ``folder``, many requests at once; errors as of :func:`read_bytes`."""
    paths = [(folder / name).path for name in names]
    with _reaching(folder, "read"):
        found: dict[str, bytes] = folder.fs.cat(paths)
    return [found[path] for path in paths]


def put(where: UPath, data: bytes) -> None:
    """Write the whole object or nothing.

    Raises:
        StoreError: it cannot be written; it says why, and what to do.
    """
    try:
        with _reaching(where, "written"):
            where.fs.pipe_file(where.path, data)
    except FileNotFoundError as error:
        bucket = f"{where.protocol}://{where.path.lstrip('/').partition('/')[0]}"
        raise StoreError(
            f"{where}: cannot be written ({_said(error)}). Expected a bucket at {bucket}: make it, or correct the URL."
        ) from None


def remove(where: Place) -> None:
    """Delete a file, if it is there."""
    if not is_remote(where):
        where.unlink(missing_ok=True)
        return
    with suppress(FileNotFoundError), _reaching(where, "deleted"):
        where.fs.rm_file(where.path)


def names_below(folder: UPath) -> list[str]:
    """The paths, relative to ``folder``, of all files below it; in one listing, sorted."""
    start = folder.path.rstrip("/") + "/"
    paths: list[str] = []
    with suppress(FileNotFoundError), _reaching(folder, "listed"):
        paths = folder.fs.find(folder.path)
    names = sorted(path.removeprefix(start) for path in paths if path.startswith(start))
    if outside := [name for name in names if ".." in PurePosixPath(name).parts]:
        raise StoreError(
            f"{folder}: an object there is called {outside[0]!r}, which leads out of the folder. Delete it."
        )
    return [name for name in names if not name.endswith("/") and name]  # some clients mark folders by empty objects


def name_below(where: Place, folder: Place) -> str:
    """The path of ``where`` relative to ``folder``, with slashes."""
    return PurePosixPath(str(where)).relative_to(PurePosixPath(str(folder))).as_posix()


class Files:
    """Which files there are below a folder: ``"decoded/x.flac" in Files(folder)``.

    On this machine each is looked up; a store is listed once, for asking it 100 000 times takes an hour, and is asked
    for what was not there then.
    """

    def __init__(self, folder: Place) -> None:
        self.folder = folder
        self._listed: set[str] | None = None

    def __contains__(self, relative: object) -> bool:
        name = str(relative)
        if not is_remote(self.folder):
            return (self.folder / name).exists()
        if self._listed is None:
            self._listed = set(names_below(self.folder))
        if name not in self._listed and exists(self.folder / name):
            self._listed.add(name)
        return name in self._listed


def local_copy(where: Place) -> Path:
    """A local file with the content of ``where``: itself on this machine, else a copy that this process keeps a while.

    A file that has not changed is not read twice. A copy goes when its process ends, or when :data:`COPIED_BYTES` of
    others were copied after it.

    Raises:
        FileNotFoundError: there is no such file.
        StoreError: the store cannot be used.
    """
    return _COPIES.of(where) if is_remote(where) else where


@contextmanager
def at_hand(folder: Place, names: Iterable[str]) -> Iterator[Path]:
    """A local folder with the files called ``names`` that there are in ``folder``; itself if it is local."""
    if not is_remote(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="codecbench-") as here:
        for name in names:
            with suppress(FileNotFoundError):
                data = read_bytes(folder / name)
                (Path(here) / name).write_bytes(data)
        yield Path(here)


@contextmanager
def tree_at_hand(folder: Place, limit_bytes: int) -> Iterator[Path]:
    """A local folder of the same name with everything below ``folder``; itself if it is local.

    Raises:
        StoreError: there is nothing, or more than ``limit_bytes``.
    """
    if not is_remote(folder):
        yield folder
        return
    sizes: dict[str, int] = {}
    with suppress(FileNotFoundError), _reaching(folder, "listed"):
        sizes = {path: about["size"] for path, about in folder.fs.find(folder.path, detail=True).items()}
    if not sizes or sum(sizes.values()) > limit_bytes:
        got = f"{sum(sizes.values()) / 1e6:.0f} MB" if sizes else "nothing"
        raise StoreError(f"{folder}: expected a folder of at most {limit_bytes / 1e6:.0f} MB, got {got}.")
    with tempfile.TemporaryDirectory(prefix="codecbench-") as here:
        for name in names_below(folder):
            path = Path(here, folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(read_bytes(folder / name))
        yield Path(here, folder.name)


def working_folder(folder: Place) -> Path:
    """Where temporary files and logs of ``folder`` lie: in itself, or for a URL in a folder of this process."""
    if not is_remote(folder):
        return folder
    path = _own_folder() / "working" / hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    path.mkdir(parents=True, exist_ok=True)
    return path


def stamp(where: UPath) -> tuple[int, str]:
    """Size in bytes, and what else a store says of a file (checksum, time): equal while nobody writes it.

    Raises:
        FileNotFoundError: there is no such file.
    """
    info = _info(where)
    if info is None or info.get("type") == "directory":
        raise FileNotFoundError(2, "no such file", str(where))
    return int(info.get("size") or 0), hashlib.sha256(repr(sorted(info.items())).encode()).hexdigest()


def _info(where: UPath) -> dict[str, Any] | None:
    with suppress(FileNotFoundError), _reaching(where, "read"):
        found: dict[str, Any] = where.fs.info(where.path)
        return found
    return None


@contextmanager
def _reaching(where: UPath, done: str) -> Iterator[None]:
    """Turns whatever the package of a store raises into a StoreError, but for a file that is not there."""
    try:
        yield
    except (FileNotFoundError, CodecbenchError):
        raise
    except Exception as error:  # noqa: BLE001  # each package has errors of its own
        variables = CREDENTIALS.get(where.protocol, f"the settings of {where.protocol}:// in FSSPEC_* variables")
        if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
            advice = f"The store refuses: correct the credentials ({variables}) or the rights that they have there."
        else:
            advice = (
                f"Check the URL, the network and {variables}; then start the same command again: finished cells are "
                "kept."
            )
        raise StoreError(f"{where}: cannot be {done} ({_said(error)}). {advice}") from None


def _said(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Copies:
    """Local copies of files of stores, by URL and stamp; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes: dict[Path, int] = {}  # the one that was used last comes last
        self._sum = 0

    def of(self, where: UPath) -> Path:
        size, mark = stamp(where)
        key = hashlib.sha256(f"{where}\n{mark}".encode()).hexdigest()[:32]
        path = _own_folder() / "copies" / key / where.name
        with self._lock:
            if path in self._bytes:
                self._bytes[path] = self._bytes.pop(path)
                return path
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{threading.get_ident()}.part")
        try:
            with _reaching(where, "read"):
                where.fs.get_file(where.path, str(temporary))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        with self._lock:
            self._sum += size - self._bytes.pop(path, 0)
            self._bytes[path] = size
            while self._sum > COPIED_BYTES and len(self._bytes) > 1:
                oldest = next(iter(self._bytes))
                self._sum -= self._bytes.pop(oldest)
                shutil.rmtree(oldest.parent, ignore_errors=True)
        return path


_COPIES = _Copies()
_OWN: dict[int, Path] = {}
_OWN_LOCK = threading.Lock()


def _own_folder() -> Path:
    """A temporary folder of this process, which goes with it."""
    with _OWN_LOCK:
        if os.getpid() not in _OWN:
            _OWN[os.getpid()] = Path(tempfile.mkdtemp(prefix="codecbench-"))
            atexit.register(shutil.rmtree, _OWN[os.getpid()], ignore_errors=True)
        return _OWN[os.getpid()]
