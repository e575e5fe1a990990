from __future__ import annotations

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from bench.cli.app import app
from bench.errors import ConfigError
from bench.report.power import curve, curve_svg, inapplicable, ladder, outlooks
from bench.report.svg import standalone_svg
from bench.tables import summarise
from tests.report.build import make_run, with_tables

PAIR = ("opus@6000", "opus@12000")


def changed(run, folder, change):
    """``run`` with the scores of ``PAIR`` that ``change`` (a function of the table) has made."""
    return with_tables(run, folder, scores=change(run.scores.copy()))


def is_pair(scores, quantity="si_sdr", category="speech"):
    return scores["condition"].isin(PAIR) & (scores["quantity"] == quantity) & (scores["category"] == category)


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("pilot"), clips=24, with_audio=False)


def test_independent_sources_are_an_ordinary_paired_test(pilot, tmp_path):
    run = changed(pilot, tmp_path, lambda scores: scores.assign(source=scores["clip"]))
    [row, _] = outlooks(run, "si_sdr", 0.3, PAIR)
    scores = run.scores.query("quantity == 'si_sdr' and category == 'speech'")
    values = scores.pivot_table(index="clip", columns="condition", values="value")
    differences = values[PAIR[1]] - values[PAIR[0]]
    assert row.mean == pytest.approx(differences.mean())
    assert row.sd == pytest.approx(differences.std()) == pytest.approx(row.source_sd)
    assert (row.clips, row.sources, row.design_effect) == (24, 24, pytest.approx(1))
    shift = 0.3 / differences.std() * math.sqrt(row.needed)
    assert stats.nct.sf(stats.t.ppf(0.975, row.needed - 1), row.needed - 1, shift) == pytest.approx(0.8, abs=0.05)
    assert row.needed_clips == row.needed < row.needed_cautious


def test_clips_of_one_recording_count_as_one_source(pilot):
    [row, _] = outlooks(pilot, "si_sdr", 0.3, PAIR)
    assert (row.clips, row.sources) == (24, 12)
    assert row.needed_clips == 2 * row.needed


def test_all_pairs_of_codecs_and_no_controls(pilot):
    rows = outlooks(pilot, "pesq_wb", 0.1)
    assert {row.category for row in rows} == {"speech"}
    assert len(rows) == 7 * 6 / 2
    assert not {"reference", "lowpass_3500"} & {name for row in rows for name in (row.first, row.second)}
    assert inapplicable(pilot, "pesq_wb") == ["music"]
    assert inapplicable(pilot, "si_sdr") == []


def test_clips_without_one_of_the_values_are_counted(pilot, tmp_path):
    def fail(scores):
        at = scores.index[is_pair(scores)][:3]
        return scores.assign(status=scores["status"].where(~scores.index.isin(at), "failed"))

    [row, _] = outlooks(changed(pilot, tmp_path, fail), "si_sdr", 0.3, PAIR)
    assert row.clips + row.without == 24
    assert row.without > 0


def test_what_the_report_leaves_out_is_no_pilot(pilot, tmp_path):
    """References that end at 3 kHz of 8 do not judge, as in the means of the report."""
    edges = pilot.clips.assign(edge_hz=[3_000.0 if place % 4 == 0 else math.nan for place in range(len(pilot.clips))])
    run = with_tables(pilot, tmp_path, clips=edges)
    [row, _] = outlooks(run, "si_sdr", 0.3, PAIR)
    assert (row.clips, row.without) == (18, 6)
    summary = summarise(run).query("quantity == 'si_sdr' and category == 'speech' and condition == @PAIR[0]")
    assert summary["n"].tolist() == [18]


@pytest.mark.parametrize(
    ("values", "note"),
    [(2.0, "there is no spread"), (math.inf, "24 of 24 differences are infinite"), (None, "the pilot has 0")],
)
def test_pilots_that_say_nothing_say_why(pilot, tmp_path, values, note):
    def change(scores):
        at = is_pair(scores)
        if values is None:
            return scores.assign(status=scores["status"].mask(at, "failed"))
        return scores.assign(value=scores["value"].mask(at, values))

    [row, music] = outlooks(changed(pilot, tmp_path, change), "si_sdr", 0.3, PAIR)
    assert note in row.note
    assert row.needed is None
    assert math.isnan(row.visible)
    assert music.note == ""


def test_one_recording_is_no_pilot(pilot, tmp_path):
    run = changed(pilot, tmp_path, lambda scores: scores.assign(source="only"))
    assert all("needs two sources, the pilot has 1" in row.note for row in outlooks(run, "si_sdr", 0.3))


def test_what_is_wrong_is_said_at_once(pilot):
    with pytest.raises(ConfigError) as error:
        outlooks(pilot, "si_sd", 0.0, ("opus", "opus"), aim=80)
    text = str(error.value)
    for part in (
        "Did you mean 'si_sdr'",
        "no 'opus'",
        "two different conditions",
        "other than 0",
        "such as 0.8, got 80",
    ):
        assert part in text


def test_fewer_recordings_show_larger_differences(pilot):
    rows = outlooks(pilot, "si_sdr", 0.3)
    steps = pd.DataFrame(curve(rows, ladder(0.3), 0.8, 0.95))
    for _, part in steps.groupby("category"):
        assert part["difference"].is_monotonic_increasing
        assert part["middle"].is_monotonic_decreasing
        assert (part["widest"] >= part["middle"]).all()


def test_the_curve_stands_alone_and_in_both_schemes(pilot):
    text = standalone_svg(curve_svg(outlooks(pilot, "si_sdr", 0.3), 0.3, 0.8, 0.95))
    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "prefers-color-scheme:dark" in text
    assert "difference of si_sdr (dB)" in text
    assert not re.search(r"(href|src)=\"(?!#)", text)


def test_the_command(pilot, tmp_path):
    asked = ["data", "power", str(pilot.folder), "--quantity", "si_sdr", "--difference", "0.3"]
    done = CliRunner().invoke(app, [*asked, "--conditions", *PAIR, "--json", "--output", str(tmp_path / "curve.svg")])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert [row["category"] for row in found["pairs"]] == ["speech", "music"]
    assert np.isfinite([row["visible"] for row in found["pairs"]]).all()
    assert (tmp_path / "curve.svg").read_text(encoding="utf-8").startswith("<svg")
    shown = CliRunner().invoke(app, [*asked, "--conditions", *PAIR])
    assert "needed" in shown.output
    assert str(found["pairs"][0]["needed"]) in shown.output
