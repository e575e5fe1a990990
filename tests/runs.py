"""Runs as a user starts them: as processes, which tests watch, kill, resume and compare."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bench import load_results
from bench.cells.planning import Job, Plan, Rows
from bench.runs.results import TIMING_COLUMNS
from bench.storage import Files

Config = dict[str, Any]


def tables(folder: Path) -> list[pd.DataFrame]:
    """The tables of a run without the columns that are times."""
    results = load_results(folder)
    found = (results.clips, results.encodings, results.scores)
    return [table.drop(columns=list(TIMING_COLUMNS), errors="ignore") for table in found]


def assert_identical(first: Path, second: Path) -> None:
    for one, other in zip(tables(first), tables(second), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def jobs_of(plan: Plan, folder: Path, done: Rows | None = None) -> Iterator[Job]:
    """What ``done`` leaves to do in the run ``folder``, in the order of work; its cache lies in it."""
    for clip in plan.longest_first():
        if (job := plan.left(clip, done or {}, Files(folder), folder / "cache")) is not None:
            yield job


def start(
    config: Config, folder: Path, *arguments: str, before: Callable[[], object] = lambda: None, **how: Any
) -> subprocess.Popen[bytes]:
    """``codecbench run`` of ``config`` into ``folder``; what it says stands in the file ``said`` beside that.

    ``before`` is called in the process before it becomes the command, ``how`` is for :class:`subprocess.Popen`.
    """

    def prepare() -> None:
        # as in a terminal: a test run in the background has inherited that interrupts are ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        before()

    path = folder.parent / f"{folder.name}.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "bench.cli", "run", str(path), "--output", str(folder), *arguments]
    with folder.parent.joinpath("said").open("wb") as file:
        return subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=file,
            preexec_fn=prepare,
            **how,
        )


def rows(folder: Path) -> list[str]:
    """The keys of all finished rows in the journal of a run, as often as they stand there."""
    entries = [
        json.loads(line)
        for path in sorted((folder / "journal").glob("*.jsonl"))
        for line in path.read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    return [entry["key"] for entry in entries if "key" in entry]


def lines(folder: Path) -> int:
    """Finished rows in the journal of a run."""
    return len(rows(folder))


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def processes_of(folder: Path) -> list[int]:
    """The workers of the run in ``folder`` that live, and what they have started: its temporary folder is theirs."""
    mark = f"TMPDIR={folder.absolute() / '.scratch-'}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(variable.startswith(mark) for variable in path.read_bytes().split(b"\0")):
                found.append(int(path.parent.name))
    return found


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def with_codec(config: Config, name: str, **options: object) -> Config:
    codec = {"name": f"tests.plugins:{name}", "label": name, "options": options}
    return config | {"codecs": ["passthrough", codec]}


def killed_when(process: subprocess.Popen[bytes], condition: Callable[[], object], delay: float, group: bool) -> bool:
    """Kill a driver ``delay`` seconds after ``condition``, with its group or alone; False if it was done before."""
    while process.poll() is None and not condition():
        time.sleep(0.001)
    time.sleep(delay)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL) if group else process.kill()
    return process.wait() == -signal.SIGKILL
