"""Hashes and headers of audio files, many at a time, and remembered: a file is read in full only once.

What is remembered stands in ``index.sqlite`` in the cache folder, by path. It counts while size, modification time and
inode of the file are the same, or at a URL, what the store says of it; measuring hashes again what it reads, so a file
that was changed behind the back of these is a failed row and never a wrong number. The index is safe to delete.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import stat
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import audio
from bench.datasets.progress import with_progress
from bench.errors import AudioError
from bench.headers import plain_header
from bench.storage import is_url, local_copy, place
from bench.storage import stamp as stamp_at

BATCH = 64  # files of one task; keeps the cost of tasks and queries far below that of reading
CHUNK = 1 << 20
COMMIT_S = 2.0  # a kill loses at most what was hashed in this time
SETTLED_NS = 2_000_000_000  # coarsest time stamp of common file systems: a younger file may change and keep its stamp
VERSION = 1  # raised whenever a row means something else

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """Hash and header of a file. ``sha256`` is empty where it cannot be opened, the rest 0 where it is no audio."""

    sha256: str = ""
    rate: int = 0
    channels: int = 0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file has while nobody changes it."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


def facts_of(files: Sequence[str | Path], cache_dir: Path, what: str, workers: int | None = None) -> list[Facts]:
    """Hash and header of each of ``files``, in their order; from the index in ``cache_dir`` where it knows them.

    Stopped at any moment, by Ctrl-C or a kill, it goes on from there when it is called again.

    Args:
        files: paths, or URLs of a store.
        what: stands beside the progress bar.
        workers: threads that read; default: one for each core, but four to eight.
    """
    # A disk wants several readers; but small files keep a few busy with Python itself, where one waits for another.
    workers = workers or min(8, max(4, os.cpu_count() or 1))
    stopped = threading.Event()
    index = Index(cache_dir / "index.sqlite")
    pool = ThreadPoolExecutor(workers, "hashing")
    try:
        results = _in_order([str(file) for file in files], Hasher(index, stopped), pool, 2 * workers)
        return list(with_progress(results, len(files), what))
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
        index.close()


def _in_order(paths: Sequence[str], hasher: Hasher, pool: ThreadPoolExecutor, ahead: int) -> Iterator[Facts]:
    """Facts of ``paths``, made in ``pool``; not more than ``ahead`` batches wait, however many files there are."""
    pending: deque[Future[list[Facts]]] = deque()
    for start in range(0, len(paths), BATCH):
        pending.append(pool.submit(hasher.batch, paths[start : start + BATCH]))
        if len(pending) > ahead:
            yield from pending.popleft().result()
    while pending:
        yield from pending.popleft().result()


@dataclass(frozen=True)
class Hasher:
    """What the threads do. ``stopped`` ends them within one chunk; what they return then is of no use."""

    index: Index
    stopped: threading.Event

    def batch(self, paths: Sequence[str]) -> list[Facts]:
        known = self.index.get(paths)
        return [self.facts(path, known.get(path)) for path in paths if not self.stopped.is_set()]

    def facts(self, path: str, known: tuple[Stamp, Facts] | None) -> Facts:
        return self._of_url(path, known) if is_url(path) else self._of_file(path, known)

    def _of_url(self, path: str, known: tuple[Stamp, Facts] | None) -> Facts:
        where = place(path)
        try:
            size, mark = stamp_at(where)  # type: ignore[arg-type]  # a URL
            stamp = Stamp(size, 0, int(mark[:15], 16))
            if known and known[0] == stamp and known[1].samples:
                return known[1]
            facts, _ = _hashed(str(local_copy(where)), size, self.stopped)
        except FileNotFoundError:
            return Facts()
        if not self.stopped.is_set():
            self.index.put(path, stamp, facts)
        return facts

    def _of_file(self, path: str, known: tuple[Stamp, Facts] | None) -> Facts:
        started = time.time_ns()
        try:
            status = os.stat(path)  # noqa: PTH116 - a Path for each of many files costs as much as its hash
            stamp = Stamp.of(status)
            if known and known[0] == stamp:
                # Another version of the reader may be able to read what this one's predecessor could not.
                return known[1] if known[1].samples else _with_header(path, known[1].sha256)
            if not stat.S_ISREG(status.st_mode):
                return Facts()
            facts, after = _hashed(path, stamp.size, self.stopped)
        except (OSError, ValueError):  # ValueError: a path that no file can have
            return Facts()
        if after == stamp and stamp.mtime_ns < started - SETTLED_NS and not self.stopped.is_set():
            self.index.put(path, stamp, facts)
        return facts


def _hashed(path: str, size: int, stopped: threading.Event) -> tuple[Facts, Stamp]:
    """The facts of a file, and its stamp after reading."""
    digest = hashlib.sha256()
    handle = os.open(path, os.O_RDONLY)
    try:
        head = chunk = os.read(handle, min(size + 1, CHUNK))
        done = 0
        while chunk and not stopped.is_set():
            digest.update(chunk)
            done += len(chunk)
            chunk = os.read(handle, CHUNK) if done != size else b""
        after = Stamp.of(os.fstat(handle))
    finally:
        os.close(handle)
    header = plain_header(head, size)
    return (Facts(digest.hexdigest(), *header) if header else _with_header(path, digest.hexdigest())), after


def _with_header(path: str, sha256: str) -> Facts:
    try:
        header = audio.info(path)
    except AudioError:
        return Facts(sha256)
    return Facts(sha256, header.rate, header.channels, header.length) if header.length else Facts(sha256)


class Index:
    """``path -> (stamp, facts)`` in an SQLite file, for several threads and processes.

    Where it cannot be used, a warning says so and nothing is known.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._waiting: list[tuple[object, ...]] = []
        self._written = time.monotonic()
        self._database: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = self._opened()
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def _opened(self) -> sqlite3.Connection:
        try:
            return _database(self.path)
        except sqlite3.OperationalError:  # in use, no permission, disk full
            raise
        except sqlite3.DatabaseError as error:
            log.warning("%s is damaged (%s) and is made again.", self.path, error)
            self.path.unlink()
            return _database(self.path)

    def get(self, paths: Sequence[str]) -> dict[str, tuple[Stamp, Facts]]:
        """What is known of ``paths``."""
        query = f"SELECT * FROM files WHERE path IN ({','.join('?' * len(paths))})"  # noqa: S608 - question marks only
        with self._lock:
            if self._database is None:
                return {}
            try:
                rows = self._database.execute(query, list(paths)).fetchall()
            except (sqlite3.Error, UnicodeError) as error:
                self._give_up(error)
                return {}
        return {row[0]: (Stamp(row[1], row[2], int(row[3])), Facts(*row[4:])) for row in rows}

    def put(self, path: str, stamp: Stamp, facts: Facts) -> None:
        """Remember ``facts``; a kill forgets at most what came within the last :data:`COMMIT_S`."""
        inode = str(stamp.inode)  # as text: it has 64 bits without a sign
        row = (path, stamp.size, stamp.mtime_ns, inode, facts.sha256, facts.rate, facts.channels, facts.samples)
        with self._lock:
            self._waiting.append(row)
            if time.monotonic() - self._written > COMMIT_S:
                self._write()

    def close(self) -> None:
        with self._lock:
            self._write()
            if self._database is not None:
                self._database.close()
                self._database = None

    def _write(self) -> None:
        if self._database is not None and self._waiting:
            try:
                with self._database:
                    self._database.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?)", self._waiting)
            except (sqlite3.Error, UnicodeError) as error:
                self._give_up(error)
        self._waiting.clear()
        self._written = time.monotonic()

    def _give_up(self, error: Exception) -> None:
        log.warning("%s cannot be used (%s): every file is hashed, and hashed again next time.", self.path, error)
        if self._database is not None:
            self._database.close()
            self._database = None


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30.0, check_same_thread=False)
    try:
        with database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                database.execute("DROP TABLE IF EXISTS files")
            database.execute(
                "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, "
                "inode TEXT, sha256 TEXT, rate INTEGER, channels INTEGER, samples INTEGER) WITHOUT ROWID"
            )
            database.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.Error:
        database.close()
        raise
    return database
