"""Golden tables of a small made-up run; `regression` numbers: they say that nothing moved, not that it was right.

``python -m tests.tables.test_golden`` writes them anew.
"""

from __future__ import annotations

import tempfile
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from bench.runs.results import load_results
from bench.tables import rates, summarise
from tests.large_run import Shape, write_large_run

FOLDER = Path(__file__).parent.parent / "golden"
SHAPE = Shape(clips=60, conditions=9, quantities=7, failed_share=0.02, undefined_share=0.02, limited_share=0.15)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return small_report(tmp_path_factory.mktemp("golden"))


def small_report(folder: Path) -> dict[str, pd.DataFrame]:
    write_large_run(folder / "run", SHAPE, seed=11)
    results = load_results(folder / "run")
    return {"summary.csv": summarise(results), "rates.csv": rates(results)}


@pytest.mark.parametrize("name", ["summary.csv", "rates.csv"])
def test_the_tables_are_as_they_were(written, name):
    """Text and counts exactly; numbers but for the last digits, which belong to the processor."""
    expected, got = pd.read_csv(FOLDER / name), pd.read_csv(StringIO(written[name].to_csv(index=False)))
    assert got["n"].sum() > 0
    pd.testing.assert_frame_equal(got, expected, rtol=1e-9, atol=1e-12)


def test_the_run_has_what_can_go_wrong(written):
    """Else the golden tables would say little."""
    table = written["summary.csv"]
    assert (table[["n_failed", "n_undefined", "n_not_applicable", "n_band_limited"]].sum() > 0).all()
    assert table["mean"].isin([float("inf")]).any()
    assert written["rates.csv"]["n_failed"].sum() > 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        for name, table in small_report(Path(made)).items():
            table.to_csv(FOLDER / name, index=False, lineterminator="\n")
