import json

import pytest

from tests import benchmarks_metrics


def test_metrics_beside_packages(tmp_path, capsys):
    """It runs, and what it says is in both files."""
    pytest.importorskip("pystoi", reason="pip install 'codecbench[metrics]'")
    benchmarks_metrics.main(["--quick", "--only", "stoi", "--output", str(tmp_path)])
    (row,) = json.loads((tmp_path / "metrics_speed.json").read_text())["metrics"]
    assert row["quantities"] == "stoi, estoi"
    assert row["timed_pairs"] == 2 * 5
    assert 0 < row["condition_s"] < row["single_s"]
    said = (tmp_path / "metrics_speed.md").read_text()
    assert "| stoi, estoi | pystoi " in said
    assert said in capsys.readouterr().out
