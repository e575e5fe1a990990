"""Workers that are killed or stopped from outside, and drivers that leave theirs behind."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import misbehaving
from tests.runs import Config, children, killed_when, lines, processes_of, start, until

Require = Callable[[Path], None]


def first_two(process_id: int) -> list[int]:
    """The workers of a driver, as soon as there are two."""
    until(lambda: len(children(process_id)) == 2)
    return children(process_id)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 7))])
def test_workers_killed_at_random_instants_cost_nothing_but_time(
    config: Config, require_whole: Require, cache: str, tmp_path: Path, seed: int
) -> None:
    randomness = random.Random(seed)
    folder = tmp_path / "run"
    process = start(config, folder, "--workers", "2", "--cache", cache)
    workers = first_two(process.pid)
    until(lambda: lines(folder) or process.poll() is not None)
    for worker in workers:
        time.sleep(randomness.uniform(0, 0.2))
        os.kill(worker, signal.SIGKILL)
    assert process.wait(timeout=120) == 0
    require_whole(folder)


@pytest.mark.slow
def test_a_stopped_worker_is_ended_when_its_time_is_over(
    config: Config, require_whole: Require, cache: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    limited = config | {"cell_timeout_s": 8}
    process = start(limited, folder, "--workers", "2", "--cache", cache)
    worker = first_two(process.pid)[0]
    until(lambda: lines(folder))
    os.kill(worker, signal.SIGSTOP)
    assert process.wait(timeout=120) == 0
    assert not Path(f"/proc/{worker}").exists()
    require_whole(folder)


@pytest.mark.slow
def test_a_stopped_driver_goes_on(config: Config, require_whole: Require, cache: str, tmp_path: Path) -> None:
    """For longer than the timeout of a step: what its workers have said meanwhile counts."""
    folder = tmp_path / "run"
    limited = config | {"cell_timeout_s": 8}
    process = start(limited, folder, "--workers", "1", "--cache", cache)
    until(lambda: lines(folder))
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(10)
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(timeout=120) == 0
    require_whole(folder)


def test_a_killed_driver_takes_its_workers_and_their_programs_along(config: Config, cache: str, tmp_path: Path) -> None:
    """In a step that never ends, and with what a codec has forked."""
    folder = tmp_path / "run"
    codecs = [misbehaving("forks and stays"), misbehaving("hangs")]  # at the long clip, which comes first
    process = start(config | {"codecs": codecs}, folder, "--workers", "1", "--cache", cache)
    until(lambda: lines(folder) >= 3)
    assert len(processes_of(folder)) >= 2
    assert killed_when(process, lambda: True, 0.2, group=False)
    until(lambda: processes_of(folder) == [])
