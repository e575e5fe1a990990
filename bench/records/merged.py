"""What a change does to records that are there already: nothing may be removed or changed."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import StoreError
from bench.records.layout import PUBLISHED, RECORDS, REFERENCE
from bench.records.problems import Problem
from bench.store import sha256_of

KEPT = (RECORDS, REFERENCE, PUBLISHED)
_REMEDY = "Merged records stay as they are: restore it, and add a correction as a record of its own."


def changes(before: Path, after: Path) -> list[Problem]:
    """Files of records and published tables in the ``results`` folder ``before`` that ``after`` lacks or has changed.

    A file added to a record that was there is a change of that record.
    """
    problems = []
    for root in KEPT:
        old = _files(before / root)
        new = _files(after / root)
        for name, path in old.items():
            where = str(after / root / name)
            if name not in new:
                problems.append(Problem(where, "a merged file was removed", f"as in {before}", "no such file", _REMEDY))
            elif (was := sha256_of(path)) != (got := sha256_of(new[name])):
                problems.append(Problem(where, "a merged file was changed", f"SHA-256 {was}", got, _REMEDY))
        there = {Path(name).parts[0] for name in old if len(Path(name).parts) > 1}
        problems += [
            Problem(str(path), "a file was added to a merged record", "no change", name, _REMEDY)
            for name, path in new.items()
            if name not in old and Path(name).parts[0] in there
        ]
    return problems


@contextmanager
def results_of(base: str, folder: Path) -> Iterator[Path]:
    """The ``results`` folder to compare ``folder`` with: a folder, or ``folder`` as it was at a git revision.

    Raises:
        StoreError: neither a folder nor a revision that git knows.
    """
    if Path(base).is_dir():
        yield Path(base)
        return
    with tempfile.TemporaryDirectory() as scratch:
        archive = _git(folder, "archive", "--format=tar", base, "--", ".")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(scratch, filter="data")  # the filter refuses what leaves the folder
        yield Path(scratch)


def _files(root: Path) -> dict[str, Path]:
    if not root.is_dir():
        return {}
    return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()}


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607  # git is where PATH has it
            capture_output=True, check=True, timeout=120,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise StoreError(
            f"--base {arguments[2]}: expected a folder, or a revision of the repository that holds {folder}; git says: "
            f"{' '.join(said.decode('utf-8', 'replace').split())}. Fetch the base branch first."
        ) from None
