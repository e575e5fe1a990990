"""Ratings join the very files that were rated, each test on its own."""

# ruff: noqa: PD011  # the values of an entry are no frame

from __future__ import annotations

import math

import pytest

from bench.errors import DatasetError, StoreError
from bench.leaderboard import build, rating_files
from listening_test.analysis.analysed import analyse
from listening_test.analysis.frames import as_ratings, write_ratings
from listening_test.analysis.screening import PRESETS
from tests.leaderboard.conftest import MEANS
from tests.leaderboard.made import make_ratings, make_run
from tests.report.build import with_tables


def by_condition(board, key):
    return {one.condition: one.values[key] for one in board.entries if key in one.values}


def test_the_numbers_are_those_of_listen_analyze(run, rated, joined):
    import pandas as pd

    told = analyse(pd.read_parquet(rated), PRESETS["none"], seed=0, draws=100).conditions
    told = told[told["category"] == "all"].set_index("condition")
    found = by_condition(joined.boards[0], "mushra:test1")
    assert set(found) == set(told.index)
    for condition, value in found.items():
        row = told.loc[condition]
        assert (value.mean, value.low, value.high) == tuple(row[["mean", "ci_low", "ci_high"]])
        assert (value.n, value.n_ratings) == (row["n_listeners"], row["n"])


def test_mushra_sorts_and_ranks_by_listeners(joined):
    board = joined.boards[0]
    assert board.sorted_by == "mushra:test1"
    assert [one.condition for one in board.entries] == [
        "hidden_reference", "mp3@64000", "opus@12000", "opus@6000", "low_anchor", "passthrough"]  # fmt: skip
    ranks = {name: value.rank for name, value in by_condition(board, "mushra:test1").items()}
    # six listeners: 2 of 64 combinations of signs, 0.031, times three pairs is no difference for certain
    assert ranks == {"hidden_reference": None, "low_anchor": None, **dict.fromkeys(MEANS, (1, 3))}
    kinds = {one.condition: (one.kind, one.source) for one in board.entries}
    assert kinds["low_anchor"] == ("test", "test1")


def test_enough_listeners_tell_codecs_apart(run, tmp_path):
    make_ratings(tmp_path / "r.parquet", run, MEANS, listeners=9)
    values = by_condition(build([run], [tmp_path / "r.parquet"]).boards[0], "mushra:test1")
    assert [values[name].rank for name in ("mp3@64000", "opus@12000", "opus@6000")] == [(1, 1), (2, 2), (3, 3)]
    assert values["mp3@64000"].n_common == 9


def test_tests_stand_side_by_side_and_are_never_pooled(run, rated, tmp_path):
    make_ratings(tmp_path / "r.parquet", run, {"opus@6000": 10.0}, test="test2", listeners=3)
    board = build([run], [tmp_path / "r.parquet", rated]).boards[0]
    assert [column.key for column in board.columns if column.kind == "mushra"] == ["mushra:test1", "mushra:test2"]
    assert by_condition(board, "mushra:test1")["opus@6000"].mean == pytest.approx(40, abs=1)
    assert by_condition(board, "mushra:test2")["opus@6000"].mean == pytest.approx(10, abs=1)
    assert by_condition(board, "mushra:test2")["opus@6000"].n == 3
    make_ratings(tmp_path / "again.parquet", run, MEANS)
    with pytest.raises(DatasetError, match="not pooled"):
        build([run], [rated, tmp_path / "again.parquet"])


def test_ratings_of_other_files_are_counted_and_not_joined(run, rated, tmp_path):
    encodings = run.encodings.copy()
    encodings.loc[encodings["condition"] == "opus@6000", "decoded_sha256"] = "another"
    changed = with_tables(run, tmp_path / "n", encodings=encodings)
    made = build([changed], [rated])
    values = by_condition(made.boards[0], "mushra:test1")
    assert "opus@6000" not in values
    assert values["opus@12000"].rank_of == 2
    source = next(one for one in made.sources if one.kind == "listening_test")
    assert source.notes == (
        "48 of 240 ratings are not joined: they are of another decoded file than the run holds.",
    )  # fmt: skip


def test_ratings_of_another_run_are_counted_and_not_joined(rated, tmp_path):
    made = build([make_run(tmp_path / "other", "other")], [rated])
    assert made.boards[0].sorted_by == "visqol_audio"
    source = next(one for one in made.sources if one.kind == "listening_test")
    assert len(source.notes) == 2
    assert "144 of 240 ratings are not joined: they are of a run, clip or condition that is not here." in source.notes


def test_a_test_over_two_classes_speaks_of_each_with_its_own_clips(run, rated, tmp_path):
    clips = run.clips.copy()
    clips.loc[clips["clip"].isin(["s0", "s1"]), "sample_rate"] = 48_000
    boards = build([with_tables(run, tmp_path / "n", clips=clips)], [rated]).boards
    assert [by_condition(board, "mushra:test1")["opus@6000"].n_ratings for board in boards] == [36, 12]
    assert [by_condition(board, "mushra:test1")["low_anchor"].n_ratings for board in boards] == [36, 12]


def test_the_bitrate_beside_a_score_is_that_of_the_rated_clips(run, tmp_path):
    encodings = run.encodings.copy()
    loud = (encodings["condition"] == "opus@6000") & (encodings["clip"] == "s7")
    encodings.loc[loud, "payload_bits"] = 60_000
    changed = with_tables(run, tmp_path / "n", encodings=encodings)
    ratings = make_ratings(tmp_path / "all.parquet", changed, MEANS)
    write_ratings(tmp_path / "part.parquet", as_ratings(ratings[ratings["clip"] != "s7"]))
    board = build([changed], [tmp_path / "part.parquet"]).boards[0]
    entry = next(one for one in board.entries if one.condition == "opus@6000")
    assert entry.values["mushra:test1"].actual_bps == 6008
    assert entry.actual_bps == pytest.approx((7 * 6008 + 60_000) / 8)


def test_simulated_listeners_are_refused_unless_asked_for_and_then_marked(run, tmp_path):
    make_ratings(tmp_path / "r.parquet", run, MEANS, simulated=True)
    with pytest.raises(DatasetError, match="6 of 6 listeners are simulated"):
        build([run], [tmp_path / "r.parquet"])
    made = build([run], [tmp_path / "r.parquet"], with_simulated=True)
    assert made.boards[0].columns[0].name == "mushra:test1 (simulated)"
    assert any("Simulated listeners: test1." in note for note in made.boards[0].notes)
    assert "6 of 6 listeners are simulated" in made.sources[-1].notes[0]


def test_a_test_of_another_kind_is_refused(run, tmp_path):
    ratings = make_ratings(tmp_path / "r.parquet", run, MEANS)
    write_ratings(tmp_path / "acr.parquet", as_ratings(ratings.assign(test_type="acr")))
    with pytest.raises(DatasetError, match="expected MUSHRA ratings, got a test of type acr"):
        build([run], [tmp_path / "acr.parquet"])


def test_one_listener_has_no_interval(run, tmp_path):
    make_ratings(tmp_path / "r.parquet", run, MEANS, listeners=1)
    value = by_condition(build([run], [tmp_path / "r.parquet"]).boards[0], "mushra:test1")["opus@6000"]
    assert math.isnan(value.low)
    assert value.rank == (1, 3)


def test_ratings_are_found_in_folders(run, tmp_path):
    for test in ("one", "two"):
        make_ratings(tmp_path / "tests" / test / "ratings.parquet", run, MEANS, test=test, listeners=1)
    both = [tmp_path / "tests" / name / "ratings.parquet" for name in ("one", "two")]
    assert rating_files([tmp_path / "tests"]) == both
    assert rating_files([tmp_path / "tests" / "two", *both]) == both
    with pytest.raises(StoreError, match="there is none"):
        rating_files([tmp_path])
