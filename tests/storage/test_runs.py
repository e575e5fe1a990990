"""A run whose data, cache and results lie at a store: the same numbers, and nothing lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd

from bench import load_results, run
from bench.results import TIMING_COLUMNS, Results
from tests.storage.conftest import upload

Config = dict[str, Any]


def tables(results: Results) -> list[pd.DataFrame]:
    """Without times, and without where the clips lie."""
    found = (results.clips.drop(columns="path"), results.encodings, results.scores, results.sets)
    return [table.drop(columns=list(TIMING_COLUMNS), errors="ignore") for table in found]


def relative(config: Config) -> Config:
    """``config`` whose datasets lie where ``--data`` says."""
    datasets = [{**one, "path": Path(one["path"]).name} for one in config["datasets"]]
    return {**config, "datasets": datasets}


def assert_same(first: Results, second: Results) -> None:
    for one, other in zip(tables(first), tables(second), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_run_at_a_store_gives_the_numbers_of_a_local_one(
    small_config: Config, small_set: Path, s3: str, tmp_path: Path
) -> None:
    t = time.time()
    here = run(small_config, output=tmp_path / "run", data=small_set, cache=tmp_path / "cache", workers=1)
    t1 = time.time()
    print("local", t1 - t)
    upload(small_set, f"{s3}/data")
    there = run(relative(small_config), data=f"{s3}/data", output=f"{s3}/run", cache=f"{s3}/cache", workers=1)
    print("s3", time.time() - t1)
    assert_same(here, there)
    assert_same(here, load_results(f"{s3}/run"))
