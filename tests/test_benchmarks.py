import json
import subprocess
import sys

import pytest

from tests import benchmarks_metrics, metric_speed
from tests.conftest import ROOT


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


def test_quantities_that_nothing_compares_are_named(capsys):
    with pytest.raises(SystemExit):
        benchmarks_metrics.main(["--only", "stoi", "nonsense"])
    assert "no package to compare nonsense with. Expected some of visqol_audio" in capsys.readouterr().err


def test_the_real_audio_is_where_the_environment_says_or_where_tests_find_it(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CODECBENCH_TEST_DATA", raising=False)
    monkeypatch.setattr(metric_speed, "SHARED", tmp_path)
    assert metric_speed.data_folder() is None
    (tmp_path / "speech").mkdir()
    assert metric_speed.data_folder() == tmp_path
    monkeypatch.setenv("CODECBENCH_DATA", str(tmp_path / "wrong"))
    with pytest.raises(SystemExit):
        benchmarks_metrics.main(["--only", "stoi"])
    assert "CODECBENCH_DATA: expected a folder of real audio" in capsys.readouterr().err


@pytest.mark.slow
def test_a_cold_process_tells_its_cost(tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="pip install 'codecbench[metrics]'")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    command = [sys.executable, "-m", "tests.metric_first_run", "ours", "visqol_audio", "48000"]
    first, later = (
        json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout) for _ in range(2)
    )
    assert 0 < first["compile_s"] < first["start_s"]
    assert later["compile_s"] == 0
    assert 0 < later["pair_s"] < later["start_s"] < first["start_s"]


def test_a_cold_process_does_not_load_the_runner():
    said = "import sys, tests.metric_first_run; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", said], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert not {"bench.runner", "bench.metrics.visqol", "bench.metrics.spectral", "torch"} & set(loaded.split())
