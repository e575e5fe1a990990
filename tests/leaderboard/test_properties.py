"""What must not change a leaderboard does not."""

# ruff: noqa: PD011  # the values of an entry are no frame

from __future__ import annotations

import math

import pandas as pd
import pytest

from bench.leaderboard import as_json, build
from bench.leaderboard.markdown import markdown
from listening_test.analysis.frames import as_ratings
from tests.leaderboard.made import CONDITIONS, make_run
from tests.report.build import with_tables


def shuffled(table):
    return table.sample(frac=1, random_state=5).reset_index(drop=True)


def test_the_order_of_rows_runs_and_ratings_does_not_matter(run, rated, tmp_path):
    other = make_run(tmp_path / "other", "second", [f"s{number}" for number in range(3, 9)])
    mixed = with_tables(run, tmp_path / "n", clips=shuffled(run.clips), encodings=shuffled(run.encodings),
                        scores=shuffled(run.scores))  # fmt: skip
    shuffled(as_ratings(pd.read_parquet(rated))).to_parquet(tmp_path / "r.parquet")
    first, second = build([run, other], [rated]), build([other, mixed], [tmp_path / "r.parquet"])
    assert as_json(first) == as_json(second)
    assert markdown(first) == markdown(second)


def test_other_names_of_codecs_change_nothing_but_names(run, tmp_path):
    names = {"passthrough": "zz", "opus@6000": "m@6000", "opus@12000": "a@12000", "mp3@64000": "q@64000"}
    renamed = make_run(tmp_path / "n", conditions={names[name]: about for name, about in CONDITIONS.items()})
    tables = renamed.encodings.assign(role=run.encodings["role"])
    board, other = build([run]).boards[0], build([with_tables(renamed, tmp_path / "m", encodings=tables)]).boards[0]
    assert [one.condition for one in other.entries] == [names[one.condition] for one in board.entries]
    assert [one.values for one in other.entries] == [one.values for one in board.entries]


def test_copies_of_clips_change_no_mean_and_no_rank(run, tmp_path):
    clips = [f"s{number}" for number in range(8)]
    twice = make_run(tmp_path / "n", clips=[*clips, *(f"{clip}+copy" for clip in clips)])
    for one, other in zip(build([run]).boards[0].entries, build([twice]).boards[0].entries, strict=True):
        assert other.n == 2 * one.n
        for key, value in one.values.items():
            found = other.values[key]
            assert (found.rank, found.n) == (value.rank, 2 * value.n)
            assert (found.mean, found.low, found.high) == pytest.approx(
                (value.mean, value.low, value.high), nan_ok=True
            )


def test_a_failed_cell_changes_the_numbers_of_its_condition_alone(run, tmp_path):
    encodings, scores = run.encodings.copy(), run.scores.copy()
    lost = {"clip": "s2", "condition": "opus@12000"}
    here = (encodings["clip"] == lost["clip"]) & (encodings["condition"] == lost["condition"])
    encodings.loc[here, ["status", "payload_bits", "reason"]] = ["failed", pd.NA, "broken"]
    here = (scores["clip"] == lost["clip"]) & (scores["condition"] == lost["condition"])
    scores.loc[here, ["status", "value"]] = ["failed", math.nan]
    board = build([run]).boards[0]
    other = build([with_tables(run, tmp_path / "n", encodings=encodings, scores=scores)]).boards[0]
    for one in board.entries:
        found = next(entry for entry in other.entries if entry.condition == one.condition)
        failed = one.condition == lost["condition"]
        assert (found.n, found.n_failed) == ((7, 1) if failed else (8, 0))
        for key, value in one.values.items():
            assert found.values[key].fewer == failed
            assert (found.values[key].mean == value.mean) != failed


def test_the_seed_is_minded_and_recorded(run):
    assert as_json(build([run], seed=7)) == as_json(build([run], seed=7))
    one, other = build([run], seed=7).boards[0].entries[-1], build([run], seed=8).boards[0].entries[-1]
    assert one.values["pesq_wb"].low != other.values["pesq_wb"].low
    assert build([run], seed=7).seed == 7
