"""Drivers that are killed, meet each other, or are told a wrong time."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runs import Config, killed_when, lines, processes_of, start, until

Require = Callable[[Path], None]


def modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def killed_often(
    config: Config, folder: Path, cache: str, starting: int, measuring: int, writing: int, seed: int
) -> int:
    """Kill a run ``starting`` times while it starts, ``measuring`` times between its rows, and while it writes tables.

    The rows after which it is killed are spread over the run. Returns how often it was killed.
    """
    randomness = random.Random(seed)
    killed = 0

    def one(condition: Callable[[], object], delay: float) -> None:
        nonlocal killed
        group = randomness.random() < 0.5
        arguments = ("--workers", "2", "--cache", cache)
        killed += killed_when(start(config, folder, *arguments, start_new_session=True), condition, delay, group)
        until(lambda: processes_of(folder) == [])

    for _ in range(starting):
        one(lambda: True, randomness.uniform(0, 2))
    for number in range(measuring):
        wanted = max(lines(folder) + 1, 52 * number // measuring)
        one(lambda wanted=wanted: lines(folder) >= wanted, randomness.uniform(0, 0.03))
    for _ in range(writing):
        table = folder / "clips.parquet"
        before = modified(table)
        one(lambda table=table, before=before: modified(table) != before, randomness.uniform(0, 0.02))
    return killed


@pytest.mark.parametrize(
    ("starting", "measuring", "writing"), [(1, 1, 1), pytest.param(4, 12, 4, marks=pytest.mark.slow)]
)
def test_killed_at_random_instants_and_resumed(
    config: Config, require_whole: Require, cache: str, tmp_path: Path, starting: int, measuring: int, writing: int
) -> None:
    """Alone or with its process group: no worker is left, and the next start goes on."""
    killed = killed_often(config, tmp_path / "run", cache, starting, measuring, writing, seed=starting)
    assert killed >= 0.75 * (starting + measuring + writing)
    arguments = ("--workers", "2", "--cache", cache)
    assert start(config, tmp_path / "run", *arguments).wait() == 0
    require_whole(tmp_path / "run")


def test_two_drivers_of_one_run(config: Config, require_whole: Require, cache: str, tmp_path: Path) -> None:
    """Started at once, each ends well or says clearly why not; the table is the same and nothing stands in it twice."""
    folder = tmp_path / "both" / "run"
    folder.parent.mkdir()
    arguments = ("--workers", "1", "--cache", cache)
    drivers = []
    for number in range(2):
        drivers.append(start(config, folder, *arguments))
        folder.parent.joinpath("said").rename(folder.parent / f"said{number}")
    codes = [driver.wait(timeout=120) for driver in drivers]
    assert 0 in codes
    for number, code in enumerate(codes):
        said = (folder.parent / f"said{number}").read_text(encoding="utf-8")
        assert "Traceback" not in said
        assert code == 0 or (code == 1 and "is writing to this run" in said)
    require_whole(folder)


def library_of_time() -> Path:
    """libfaketime, or a visible skip."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        pytest.skip("needs libfaketime: apt-get install faketime")
    return found[0]


@pytest.mark.slow
def test_a_clock_that_goes_back_and_far_ahead_changes_nothing(
    config: Config, require_whole: Require, cache: str, tmp_path: Path
) -> None:
    """Of driver and workers, in mid-run: a day back, and thirty years ahead when the run is continued."""
    clock = tmp_path / "clock"
    environment = os.environ | {
        "LD_PRELOAD": str(library_of_time()), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    folder = tmp_path / "run"
    arguments = ("--workers", "2", "--cache", cache)
    clock.write_text("+0d\n")
    process = start(config, folder, *arguments, env=environment, start_new_session=True)
    until(lambda: lines(folder))
    clock.write_text("-1d\n")
    wanted = lines(folder) + 20
    assert killed_when(process, lambda: lines(folder) >= wanted, 0.0, group=True)
    clock.write_text("+10950d\n")
    assert start(config, folder, *arguments, env=environment).wait() == 0
    require_whole(folder)
    started = time.strptime((folder / "run.json").read_text().partition('"ended": "')[2][:10], "%Y-%m-%d")
    assert started.tm_year > time.gmtime().tm_year + 25
