"""Costs from a run folder, and the parts of the benchmark that need no long run."""

import json
from dataclasses import replace

import pytest

from bench import load_results, run
from tests.scale import __main__ as scale
from tests.scale.costs import Usage, costs_of, works_of
from tests.scale.figures import draw
from tests.scale.scenario import S3_PREFIXES, Case, clip_of, outcome_of, saturation, sizes
from tests.scale.simulation import Site, simulate


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("costs")
    config = {
        "name": "costs",
        "datasets": [{"loader": "embedded", "name": "embedded"}],
        "codecs": ["passthrough", {"name": "opus", "bitrates_bps": [12_000, 24_000]}],
        "metrics": ["snr", "log_spectral_distance"],
    }
    run(config, output=where / "run", cache=where / "cache", workers=1, limit=1)
    return where / "run"


def usage_of(folder) -> Usage:
    results = load_results(folder)
    tabled = (
        results.encodings[["encode_s", "decode_s"]].sum().sum() + results.scores[["prepare_s", "score_s"]].sum().sum()
    )
    spent = float(tabled)
    return Usage(wall_s=2 * spent + 3, driver_cpu_s=1.5, workers_cpu_s=1.5 * spent + 1, workers=1, idle_wall_s=1.0,
                 idle_cpu_s=0.5, start_cpu_s=1.0)  # fmt: skip


def test_costs_add_up_to_what_the_run_has_taken(folder):
    used = replace(usage_of(folder), wall_s=1.0)  # computing all the time
    costs = costs_of(folder, used)
    results = load_results(folder)
    of_clips = sum(work.coding_s + work.scoring_s for work in works_of(results, costs))
    assert of_clips == pytest.approx(used.workers_cpu_s - used.start_cpu_s, rel=0.02)
    assert costs.row_s * costs.rows == pytest.approx(1.0)
    assert costs.rows == len(results.encodings) + len(results.scores)
    assert set(costs.codecs) == {"passthrough", "opus@12000", "opus@24000"}
    assert costs.codecs["opus@24000"].stream_bytes > 1.5 * costs.codecs["opus@12000"].stream_bytes
    assert set(costs.of_codecs().codecs) == {"opus@12000", "opus@24000"}


def test_seconds_on_the_clock_become_seconds_of_cpu(folder):
    """The same tables on a machine that gave half of its time to others."""
    used = usage_of(folder)
    alone, shared = replace(used, wall_s=1 + used.workers_cpu_s), replace(used, wall_s=1 + 2 * used.workers_cpu_s)
    metric = "log_spectral_distance"
    assert alone.computing == pytest.approx(1.0)
    assert shared.computing == pytest.approx(0.5)
    costs, halved = costs_of(folder, alone), costs_of(folder, shared)
    assert halved.metrics[metric].score_s == pytest.approx(costs.metrics[metric].score_s / 2)


def test_a_driver_serves_so_many_workers_and_no_more(folder):
    costs = costs_of(folder, usage_of(folder))
    costs = replace(costs, row_s=costs.row_s * saturation(costs)["one driver"] / 20)  # on every machine
    served = saturation(costs)["one driver"]
    assert served == pytest.approx(20)
    few, many = (Case(max(1, round(factor * served)), 1, S3_PREFIXES) for factor in (0.5, 4))
    clip = clip_of(costs)
    assert outcome_of(few, costs, clips=16 * 40 * few.workers).limit == "workers"
    slow = simulate([clip] * (40 * many.workers), Site(many.workers, row_s=costs.row_s))
    assert slow.limit == "driver"
    assert slow.seconds == pytest.approx(40 * many.workers * clip.rows * costs.row_s, rel=0.1)


def test_sizes_are_those_of_the_files(folder):
    costs = costs_of(folder, usage_of(folder))
    found = sizes(costs)
    streams = load_results(folder).encodings.query("codec == 'opus'")["payload_bytes"].sum()
    assert found["bitstreams"] == pytest.approx(streams / costs.channel_s / 2 * 50 * 5e6)
    assert found["journal"] > 0


def test_the_plot_is_small_and_the_same_again(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.scale.figures.WORKERS", (10, 1000))
    monkeypatch.setattr("tests.scale.scenario.PER_SHARD", 1000)
    costs = costs_of(folder, usage_of(folder))
    once, again = draw(costs, tmp_path / "a"), draw(costs, tmp_path / "b")
    assert once.read_bytes() == again.read_bytes()
    assert once.stat().st_size < 60_000


def test_every_figure_of_the_issue_is_a_part_with_a_goal(monkeypatch, capsys, tmp_path):
    assert list(scale.PARTS) == ["speedup", "ray", "memory", "planning", "resume", "costs"]
    monkeypatch.setitem(scale.PARTS, "planning", lambda _place, _given: {"seconds": 1.0})
    monkeypatch.delenv("CODECBENCH_DATA", raising=False)
    monkeypatch.setattr("sys.argv", ["scale", "--only", "planning", "--json", str(tmp_path / "found.json")])
    scale.main()
    assert json.loads((tmp_path / "found.json").read_text())["planning"] == {"seconds": 1.0}
    assert "cores" in capsys.readouterr().out
