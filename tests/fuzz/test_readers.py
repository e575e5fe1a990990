"""Damaged files of every kind that strangers may send: read or refused, without a crash, a hang or much memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.hunting import Hunt, hunt
from tests.fuzz.readers import READERS

SLOW = ("run_config", "test_config", "recipe", "report", "leaderboard", "record", "checkpoints")
"""Readers that take a second to start or for an input."""


def require_clean(told: Hunt, inputs: int) -> None:
    assert told.findings == []
    assert told.inputs == inputs
    assert all(counts["refused"] + counts["read"] for counts in told.outcomes.values())


def test_a_few_damaged_files_for_every_quick_reader(tmp_path: Path) -> None:
    jobs = dict.fromkeys((name for name in READERS if name not in SLOW), 4)
    require_clean(hunt(tmp_path, jobs, seed=1), 4 * len(jobs))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_twenty_thousand_damaged_files(tmp_path: Path, seed: int) -> None:
    jobs = {name: reader.inputs for name, reader in READERS.items()}
    assert sum(jobs.values()) >= 20_000
    require_clean(hunt(tmp_path, jobs, seed), sum(jobs.values()))


def test_a_child_that_dies_is_a_finding_and_the_rest_goes_on(tmp_path: Path) -> None:
    told = hunt(tmp_path, {"dies": 3, "journal": 2})
    assert ["dies" in finding for finding in told.findings] == [True, True, True]
    assert sum(told.outcomes["journal"].values()) == 2
