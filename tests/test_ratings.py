"""Ratings for a leaderboard: only those that count, and none of simulated listeners unless asked for."""

from __future__ import annotations

import pandas as pd
import pytest

from bench.errors import DatasetError, StoreError
from bench.ratings import COLUMNS, ratings_for_leaderboard
from listening_test.analysis.analysed import analyse
from listening_test.analysis.frames import as_ratings, write_ratings
from listening_test.analysis.screening import PRESETS
from tests.listening.analysis.made import panel


def simulated(listeners=2):
    ratings = panel(listeners=listeners).assign(simulated=True)
    return as_ratings(ratings.assign(listener="simulated " + ratings["listener"]))


def test_simulated_listeners_are_refused_unless_asked_for(tmp_path):
    write_ratings(tmp_path / "ratings.parquet", simulated())
    with pytest.raises(DatasetError, match=r"2 of 2 listeners are simulated.*with-simulated"):
        ratings_for_leaderboard(tmp_path)
    found = ratings_for_leaderboard(tmp_path, with_simulated=True)
    assert found["simulated"].all()
    assert len(found) == 48


def test_one_simulated_listener_among_people_is_enough_to_refuse(tmp_path):
    mixed = as_ratings(pd.concat([panel(listeners=4), simulated(1)]))
    write_ratings(tmp_path / "mixed.parquet", mixed)
    with pytest.raises(DatasetError, match="1 of 5 listeners are simulated"):
        ratings_for_leaderboard(tmp_path / "mixed.parquet")
    analysis = analyse(mixed, PRESETS["none"], draws=100)  # leaves simulated listeners out beside people
    write_ratings(tmp_path / "analysed.parquet", analysis.ratings)
    found = ratings_for_leaderboard(tmp_path / "analysed.parquet")
    assert found["listener"].nunique() == 4
    assert not found["simulated"].any()


def test_only_what_counts_is_read(tmp_path):
    ratings = panel(listeners=2, clips=3)
    ratings["training"] = ratings["clip"] == "t00"
    ratings["excluded"] = ratings["listener"] == "L01"
    write_ratings(tmp_path / "r.parquet", as_ratings(ratings))
    found = ratings_for_leaderboard(tmp_path / "r.parquet")
    assert list(found.columns) == list(COLUMNS)
    assert set(found["listener"]) == {"L00"}
    assert set(found["clip"]) == {"t01", "t02"}


def test_a_file_of_another_kind_is_told(tmp_path):
    with pytest.raises(StoreError, match="no such file"):
        ratings_for_leaderboard(tmp_path)
    (tmp_path / "broken.parquet").write_text("x")
    with pytest.raises(StoreError, match="got no such table"):
        ratings_for_leaderboard(tmp_path / "broken.parquet")
    as_ratings(panel()).drop(columns="simulated").to_parquet(tmp_path / "old.parquet")
    with pytest.raises(DatasetError, match="simulated missing"):
        ratings_for_leaderboard(tmp_path / "old.parquet")
