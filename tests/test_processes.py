from __future__ import annotations

import os

import pytest

from bench.errors import StoreError
from bench.processes import Died, results


def work(factor: int, task: int) -> int:
    """What the processes do: 3 kills its process, 5 is an error of ours."""
    if task == 3:
        os.abort()
    if task == 5:
        raise StoreError("no store")
    return factor * task


def test_a_process_that_dies_costs_its_task_only():
    found = dict(results(f"{__name__}:work", [1, 2, 3, 4], 2, 10))
    assert found == {1: 10, 2: 20, 3: Died("signal 6"), 4: 40}
    assert list(results(f"{__name__}:work", [], 2, 10)) == []


def test_an_error_of_ours_is_raised_here():
    with pytest.raises(StoreError, match="no store"):
        dict(results(f"{__name__}:work", [1, 5], 1, 10))
