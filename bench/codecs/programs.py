"""Programs of other people: finding them, running them, telling one version from another."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.errors import CodecError
from bench.store import sha256_of


def find(program: str, folder: str = "") -> str | None:
    """The path of ``program``: in ``folder``, where one is given, else on the PATH."""
    inside = shutil.which(program, path=str(Path(folder).expanduser())) if folder else None
    return inside or shutil.which(program)


def run(who: str, path: str, arguments: Sequence[str], timeout_s: float) -> bytes:
    """What the program at ``path`` writes to its standard output. No shell is involved.

    Raises:
        CodecError: it does not start, fails, or does not end in time; with what it said.
    """
    program = Path(path).name
    try:
        done = subprocess.run(  # noqa: S603  # the argument list is the user's own, and no shell reads it
            [path, *arguments], capture_output=True, timeout=timeout_s, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise CodecError(
            f"{who}: {program} did not end within {timeout_s:g} s and was stopped; raise timeout_s if it needs longer."
        ) from None
    except OSError as error:
        raise CodecError(f"{who}: {program} could not be started ({error}).") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-400:]
        raise CodecError(f"{who}: {program} ended with code {done.returncode}: {said or 'no output'}")
    return done.stdout


def fingerprint(paths: Iterable[str]) -> str:
    """A short hash over the files of programs. Libraries that they load are not in it."""
    hashes = [sha256_of(Path(path)) for path in paths]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:12]
