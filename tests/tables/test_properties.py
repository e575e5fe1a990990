"""What must not move the tables of a run, on a run from disk, whose text is categoricals, and on the same as text."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.report.plots import per_clip
from bench.report.record import failures
from bench.report.worst import worst_clips
from bench.runs.results import ENCODING_COLUMNS, SCORE_COLUMNS, Results, load_results
from bench.tables import band_limited, bitrates_of_means, judged, measured, rates, source_codes, summarise
from tests.large_run import Shape, write_large_run

SHAPE = Shape(clips=36, conditions=6, quantities=4, failed_share=0.03, undefined_share=0.03, limited_share=0.15)
KEYS = ["category", "condition", "quantity"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Results:
    folder = tmp_path_factory.mktemp("properties")
    write_large_run(folder, SHAPE, seed=5)
    return load_results(folder)


@pytest.fixture(scope="module")
def text(run) -> Results:
    """The same run as text."""
    return replace(run, encodings=run.encodings.astype(ENCODING_COLUMNS), scores=run.scores.astype(SCORE_COLUMNS))


def same(one: pd.DataFrame, two: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def all_tables(results: Results) -> list[pd.DataFrame]:
    bps = bitrates_of_means(results).sort_values(KEYS, ignore_index=True)
    return [summarise(results), rates(results), bps, failures(results)]


def test_repeated_text_is_read_as_sorted_categories(run, text):
    assert run.scores["clip"].dtype.categories.is_monotonic_increasing
    assert list(run.scores.columns) == list(SCORE_COLUMNS)
    assert list(run.encodings.columns) == list(ENCODING_COLUMNS)
    assert run.encodings["decoded"].dtype == "string"
    for name in ("clip", "reason", "status"):
        assert run.scores[name].tolist() == text.scores[name].tolist()


def test_text_and_categoricals_give_the_same_tables(run, text):
    for one, two in zip(all_tables(run), all_tables(text), strict=True):
        same(one, two)
    assert band_limited(run).tolist() == band_limited(text).tolist()
    assert judged(run)["status"].tolist() == judged(text)["status"].tolist()
    assert source_codes(run.scores).tolist() == source_codes(text.scores).tolist()
    assert worst_clips(run, "speech") == worst_clips(text, "speech")
    assert band_limited(run).any()


def test_counts_are_those_of_pandas(run):
    """Another way to the same numbers: a group by text, without codes."""
    table = summarise(run).set_index(KEYS)
    plain = judged(run).astype(dict.fromkeys([*KEYS, "status"], str))
    for cell, group in plain.groupby(KEYS):
        row, counts = table.loc[cell], group["status"].value_counts()
        values = group.loc[group["status"] == "ok", "value"]
        assert row["n"] == len(values)
        assert row["mean"] == pytest.approx(values.mean(), nan_ok=True)
        assert row["n_sources"] == group.loc[group["status"] == "ok", "source"].nunique()
        for status in ("failed", "undefined", "not_applicable", "band_limited"):
            assert row[f"n_{status}"] == counts.get(status, 0)
    assert len(table) == plain.groupby(KEYS).ngroups


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_changes_nothing(run, seed):
    tables = {name: getattr(run, name).sample(frac=1, random_state=seed) for name in ("clips", "encodings", "scores")}
    mixed = replace(run, **tables)
    for one, two in zip(all_tables(mixed), all_tables(run), strict=True):
        same(one, two)
    for category in ("speech", "music"):
        assert worst_clips(mixed, category) == worst_clips(run, category)
        for name, values in per_clip(mixed, category, "visqol_audio").items():
            assert sorted(values) == sorted(per_clip(run, category, "visqol_audio")[name])


def test_shuffled_tables_read_from_disk_are_the_same(run, tmp_path):
    """Codes of a file follow the rows; those of a run must not."""
    write_large_run(tmp_path, SHAPE, seed=5)
    for name in ("encodings", "scores"):
        path = tmp_path / f"{name}.parquet"
        pd.read_parquet(path).sample(frac=1, random_state=3).to_parquet(path)
    for one, two in zip(all_tables(load_results(tmp_path)), all_tables(run), strict=True):
        same(one, two)


@pytest.mark.parametrize("new", ["a_first", "zz_last"])
def test_another_name_of_a_codec_only_renames(text, new):
    def renamed(column: pd.Series) -> pd.Series:
        return column.str.replace("encodec_24khz", new)

    after = replace(
        text,
        encodings=text.encodings.assign(**{name: renamed(text.encodings[name]) for name in ("condition", "codec")}),
        scores=text.scores.assign(condition=renamed(text.scores["condition"])),
        info=text.info | {"conditions": [name.replace("encodec_24khz", new) for name in text.conditions]},
    )
    for make, names in ((summarise, ["condition"]), (rates, ["condition", "codec"])):
        expected = make(text)
        same(make(after), expected.assign(**{name: renamed(expected[name]) for name in names}))


def test_copies_of_clips_leave_means_and_intervals(text):
    copies = text.scores.assign(clip=text.scores["clip"] + " again")
    clips = text.clips.assign(clip=text.clips["clip"] + " again")
    coded = text.encodings.assign(clip=text.encodings["clip"] + " again")
    doubled = replace(
        text, clips=pd.concat([text.clips, clips]), encodings=pd.concat([text.encodings, coded]),
        scores=pd.concat([text.scores, copies]),
    )  # fmt: skip
    before, after = summarise(text), summarise(doubled)
    for name in ("mean", "ci_low", "ci_high"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-12)
    assert after["n"].tolist() == (2 * before["n"]).tolist()
    assert after["n_sources"].tolist() == before["n_sources"].tolist()
    np.testing.assert_allclose(rates(doubled)["actual_bps"], rates(text)["actual_bps"], rtol=1e-12)


@pytest.mark.parametrize("status", ["failed", "undefined", "not_applicable"])
@pytest.mark.parametrize("source", ["elsewhere", None])
def test_a_cell_without_a_value_changes_its_count_only(text, status, source):
    new = text.scores.query("category == 'music' and condition == 'reference' and quantity == 'si_sdr'").head(1)
    new = new.assign(clip="one more", source=source or new["source"], status=status, reason="why", value=math.nan)
    before, after = summarise(text), summarise(replace(text, scores=pd.concat([text.scores, new])))
    changed = after[f"n_{status}"] - before[f"n_{status}"]
    assert changed.sum() == 1
    same(after.drop(columns=f"n_{status}"), before.drop(columns=f"n_{status}"))


def test_what_is_made_of_a_run_is_made_once_and_cannot_be_spoilt(run):
    table = summarise(run)
    table["mean"] = 0.0
    assert not summarise(run)["mean"].eq(0.0).all()
    assert measured(run) is measured(run)
    assert measured(replace(run, scores=run.scores.head(50))) is not measured(run)
