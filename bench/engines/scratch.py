"""Temporary files of a driver's workers: a folder for each driver, gone with it or at the next start on its machine."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.storage import Place, is_remote
from bench.store import writing


@contextmanager
def own_scratch(folder: Place) -> Iterator[Path]:
    """A folder of this process for temporary files below ``folder``; on this machine where that is a URL.

    What drivers of this machine have left that were killed is removed. A living one holds a lock on its folder, which
    the operating system takes back when it ends, however it does.
    """
    if is_remote(folder):
        with tempfile.TemporaryDirectory(prefix="codecbench-") as name:
            yield Path(name)
        return
    machine = os.uname().nodename
    for path in folder.glob(f".scratch-*@{machine}"):
        _remove_if_dead(path)
    path = folder.absolute() / f".scratch-{os.getpid()}-{secrets.token_hex(4)}@{machine}"
    unlocked = path.with_name(f".new{path.name}")  # nobody takes it for one of the dead before it is locked
    with writing(path):
        unlocked.mkdir(parents=True)
        held = os.open(unlocked, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: then nobody can take it for dead either
            fcntl.flock(held, fcntl.LOCK_EX)
        unlocked.rename(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _remove_if_dead(path: Path) -> None:
    try:
        held = os.open(path, os.O_RDONLY)
    except OSError:
        return  # another driver has just removed it
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        return  # its driver lives, or this file system cannot tell
    finally:
        os.close(held)
