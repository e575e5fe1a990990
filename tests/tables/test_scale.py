"""A twentieth of 100 000 clips x 20 conditions x 10 quantities, end to end."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.large_run import Shape, report_cost, write_large_run


@pytest.mark.slow
def test_a_million_scores_are_reported_in_little_time_and_memory(tmp_path):
    write_large_run(tmp_path / "run", Shape(clips=5_000))
    _, cpu, peak_mb = report_cost(tmp_path / "run", tmp_path / "report")
    assert cpu < 60  # seconds of one core, of which most go into the figures; a busy machine is no failure
    assert peak_mb < 1_000
    table = pd.read_csv(tmp_path / "report" / "summary.csv")
    assert len(table) == 3 * 20 * 10
    assert table["n"].sum() + table.filter(like="n_").drop(columns="n_sources").sum().sum() == 5_000 * 20 * 10
    assert (tmp_path / "report" / "report.html").stat().st_size < 6_000_000
