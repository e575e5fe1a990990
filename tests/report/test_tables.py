from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.report import rates, summarise, wide
from bench.runs.results import SCORE_COLUMNS, Results
from bench.stats import mean_ci
from bench.tables import is_complete
from tests.report.build import make_run, with_tables

COUNTS = ["n", "n_failed", "n_undefined", "n_not_applicable", "n_sources"]


def changed(results: Results, **tables) -> Results:
    """The same run with other tables, in memory."""
    kept = {"clips": results.clips, "encodings": results.encodings, "scores": results.scores, "info": results.info}
    return Results(results.folder, **(kept | tables))


def row_of(table: pd.DataFrame, **cell) -> pd.Series:
    for column, value in cell.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_mean_and_interval_are_those_of_the_values(quiet_run):
    row = row_of(summarise(quiet_run, seed=4), category="speech", condition="opus@6000", quantity="pesq_wb")
    cell = quiet_run.scores.query("category == 'speech' and condition == 'opus@6000' and quantity == 'pesq_wb'")
    expected = mean_ci(cell["value"], cell["source"], seed=4)
    assert row["mean"] == pytest.approx(cell["value"].mean())
    assert (row["mean"], row["ci_low"], row["ci_high"], row["n"], row["n_sources"]) == expected
    assert (row["unit"], row["higher_is_better"], row["run"]) == ("MOS-LQO", True, "made-up")


def test_rows_stand_in_the_order_of_the_configuration(quiet_run):
    table = summarise(quiet_run)
    assert list(table["category"].unique()) == ["speech", "music"]
    assert list(table["condition"].unique()) == quiet_run.conditions
    assert list(table["quantity"].unique()) == list(quiet_run.quantities)
    assert len(table) == 2 * len(quiet_run.conditions) * len(quiet_run.quantities)


def test_no_row_is_over_categories(quiet_run):
    assert set(summarise(quiet_run)["category"]) == {"speech", "music"}
    assert set(rates(quiet_run)["category"]) == {"speech", "music"}


@given(seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_changes_nothing(quiet_run, seed):
    def shuffle(table):
        return table.sample(frac=1, random_state=seed)

    mixed = changed(
        quiet_run,
        clips=shuffle(quiet_run.clips),
        encodings=shuffle(quiet_run.encodings),
        scores=shuffle(quiet_run.scores),
    )
    pd.testing.assert_frame_equal(summarise(mixed), summarise(quiet_run), check_exact=True)
    pd.testing.assert_frame_equal(rates(mixed), rates(quiet_run), check_exact=True)
    for category, table in wide(quiet_run).items():
        pd.testing.assert_frame_equal(wide(mixed)[category], table)


def test_another_name_of_a_codec_changes_only_that_name(quiet_run):
    def rename(text):
        return text.replace("opus", "a_new_name")

    renamed = changed(
        quiet_run,
        encodings=quiet_run.encodings.assign(
            condition=quiet_run.encodings["condition"].map(rename), codec=quiet_run.encodings["codec"].map(rename)
        ),
        scores=quiet_run.scores.assign(condition=quiet_run.scores["condition"].map(rename)),
        info=quiet_run.info | {"conditions": [rename(name) for name in quiet_run.conditions]},
    )
    for make in (summarise, rates):
        after, before = make(renamed), make(quiet_run)
        names = ["condition", "codec"] if make is rates else ["condition"]
        for name in names:
            assert after[name].tolist() == before[name].map(rename).tolist()
        pd.testing.assert_frame_equal(after.drop(columns=names), before.drop(columns=names), check_exact=True)


def test_copies_of_clips_do_not_narrow_the_interval(quiet_run):
    copies = quiet_run.scores.assign(clip=quiet_run.scores["clip"] + " again")
    doubled = changed(quiet_run, scores=pd.concat([quiet_run.scores, copies]))
    after, before = summarise(doubled), summarise(quiet_run)
    np.testing.assert_allclose(after["ci_low"], before["ci_low"])
    np.testing.assert_allclose(after["ci_high"], before["ci_high"])
    assert after["n"].tolist() == (2 * before["n"]).tolist()
    assert after["n_sources"].tolist() == before["n_sources"].tolist()


@pytest.mark.parametrize("status", ["failed", "undefined", "not_applicable"])
def test_a_cell_without_a_value_changes_its_count_only(quiet_run, status):
    cell = {"category": "music", "condition": "opus@6000", "quantity": "si_sdr"}
    new = quiet_run.scores.query("category == 'music' and condition == 'opus@6000' and quantity == 'si_sdr'").head(1)
    new = new.assign(clip="one more", source="elsewhere", status=status, reason="a reason", value=math.nan)
    after, before = summarise(changed(quiet_run, scores=pd.concat([quiet_run.scores, new]))), summarise(quiet_run)
    assert row_of(after, **cell)[f"n_{status}"] == 1
    pd.testing.assert_frame_equal(after.drop(columns=f"n_{status}"), before.drop(columns=f"n_{status}"))


def test_a_value_of_a_failed_row_is_never_used(quiet_run):
    scores = quiet_run.scores.assign(status="failed", value=99.0)
    table = summarise(changed(quiet_run, scores=scores))
    assert table["mean"].isna().all()
    assert (table["n"] == 0).all()


def test_an_ok_row_without_a_number_counts_as_undefined(quiet_run):
    scores = quiet_run.scores.assign(value=math.nan)
    table = summarise(changed(quiet_run, scores=scores))
    assert table["mean"].isna().all()
    assert table["n_undefined"].sum() == (quiet_run.scores["status"] == "ok").sum()


def test_an_infinite_score_gives_an_infinite_mean_and_no_interval(quiet_run):
    row = row_of(summarise(quiet_run), category="music", condition="reference", quantity="si_sdr")
    assert row["mean"] == math.inf
    assert math.isnan(row["ci_low"])
    assert wide(quiet_run)["music"].loc["reference", "si_sdr (dB ↑)"] == "∞"


def test_clips_without_a_source_are_their_own(quiet_run):
    table = summarise(changed(quiet_run, scores=quiet_run.scores.assign(source="")))
    assert (table.loc[table["n"] > 0, "n_sources"] == 3).all()


def test_bitrates_are_total_bits_over_total_seconds(quiet_run):
    encodings = quiet_run.encodings.copy()
    cell = (encodings["condition"] == "opus@6000") & (encodings["category"] == "speech")
    encodings.loc[cell, "seconds"] = [1.0, 2.0, 7.0]
    encodings.loc[cell, "payload_bits"] = [6000, 12_000, 84_000]
    encodings.loc[cell, "container_bytes"] = [10, 20, 95]
    encodings.loc[cell, "encode_s"] = [0.5, 0.5, 1.0]
    row = row_of(rates(changed(quiet_run, encodings=encodings)), category="speech", condition="opus@6000")
    assert (row["nominal_bps"], row["actual_bps"], row["container_bps"]) == (6000, 10_200, 100)
    assert (row["actual_bps_min"], row["actual_bps_max"]) == (6000, 12_000)
    assert (row["encode_rtf"], row["encode_rtf_median"]) == (5, 4)
    assert (row["encode_rtf_q25"], row["encode_rtf_q75"]) == (3, 5.5)
    assert (row["delay_samples"], row["delay_ms"]) == (312, 19.5)


def test_failed_encodings_are_counted_and_not_measured(quiet_run):
    encodings = quiet_run.encodings.copy()
    first = encodings.index[(encodings["condition"] == "opus@6000") & (encodings["category"] == "speech")][0]
    empty = ["payload_bits", "payload_bytes", "container_bytes", "encode_s", "decode_s", "delay_samples", "decoded"]
    encodings.loc[first, empty] = pd.NA
    encodings.loc[first, ["status", "reason"]] = ["failed", "crashed"]
    run = changed(quiet_run, encodings=encodings)
    row = row_of(rates(run), category="speech", condition="opus@6000")
    assert (row["n"], row["n_failed"]) == (2, 1)
    assert row["actual_bps"] == pytest.approx(6000, rel=0.05)
    assert wide(run)["speech"].loc["opus@6000", "n"] == "2 (1 failed)"


def test_wide_tables_show_what_is_missing(quiet_run):
    scores = quiet_run.scores.copy()
    cell = (scores["condition"] == "opus@6000") & (scores["category"] == "speech") & (scores["quantity"] == "pesq_wb")
    scores.loc[scores.index[cell][0], ["status", "value"]] = ["failed", math.nan]
    speech = wide(changed(quiet_run, scores=scores))["speech"]
    assert speech.loc["opus@6000", "pesq_wb (MOS-LQO ↑)"].endswith("(n = 2, 1 failed)")
    scores.loc[cell, "status"] = "failed"
    speech = wide(changed(quiet_run, scores=scores))["speech"]
    assert speech.loc["opus@6000", "pesq_wb (MOS-LQO ↑)"] == "– (3 failed)"


def test_wide_tables_leave_out_what_does_not_apply_to_a_category(quiet_run):
    tables = wide(quiet_run)
    assert "pesq_wb (MOS-LQO ↑)" in tables["speech"]
    assert "pesq_wb (MOS-LQO ↑)" not in tables["music"]
    assert "pesq_wb" in set(summarise(quiet_run).query("category == 'music'")["quantity"])


def test_a_run_that_does_not_say_it_is_complete_is_not(quiet_run):
    assert is_complete(quiet_run)
    without = {key: value for key, value in quiet_run.info.items() if key != "complete"}
    partial = changed(quiet_run, info=without)
    assert not is_complete(partial)
    assert not summarise(partial)["complete"].any()
    assert not rates(partial)["complete"].any()


def test_one_clip_has_means_and_no_intervals(tmp_path):
    table = summarise(make_run(tmp_path, clips=1, with_audio=False))
    measured = table[table["n"] > 0]
    assert measured["mean"].notna().all()
    assert measured["ci_low"].isna().all()


def test_empty_tables_are_tables(tmp_path, quiet_run):
    empty = with_tables(
        quiet_run, tmp_path, clips=quiet_run.clips.head(0), encodings=quiet_run.encodings.head(0),
        scores=quiet_run.scores.head(0),
    )  # fmt: skip
    assert summarise(empty).empty
    assert rates(empty).empty
    assert wide(empty) == {}


def test_100_000_scores_take_a_few_seconds(quiet_run):
    random = np.random.default_rng(0)
    conditions, quantities, clips = [f"c{i}" for i in range(30)], [f"q{i}" for i in range(12)], 93
    grid = pd.MultiIndex.from_product(
        [["speech", "noisy_reverberant_speech", "music"], range(clips), conditions, quantities],
        names=["category", "clip", "condition", "quantity"],
    ).to_frame(index=False)
    grid = grid.assign(
        clip=grid["category"] + grid["clip"].astype(str), run="made-up", dataset="d", source=grid["clip"].astype(str),
        metric="m", metric_version="1", channel_policy="mixdown", value=random.normal(size=len(grid)), status="ok",
        prepare_s=0.1, score_s=0.1, reason="",
    )  # fmt: skip
    scores = grid[list(SCORE_COLUMNS)].astype(SCORE_COLUMNS)
    assert len(scores) > 100_000
    start = time.process_time()
    table = summarise(changed(quiet_run, scores=scores))
    assert time.process_time() - start < 10  # about 1 s on one core
    assert (table["n_sources"] == clips).all()
