"""Simulated listeners: the model, and rehearsals through real sessions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import ConfigError, StoreError
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.reliability import listeners
from listening_test.model import AGAIN, RATING_COLUMNS, Stimulus, pair
from listening_test.rehearsal import Ear, fingerprint, rehearse
from listening_test.session import Sessions
from listening_test.simulate import (
    Panel,
    latent,
    mushra_scores,
    of_bitrate,
    prefers,
    right_of_abx,
    simulated_rows,
)
from tests.listening.conftest import tiny_test


def test_the_same_seed_gives_the_same_rows(tmp_path):
    test = tiny_test(tmp_path)
    assert simulated_rows(test, 3, 7) == simulated_rows(test, 3, 7)
    assert simulated_rows(test, 3, 7) != simulated_rows(test, 3, 8)
    assert simulated_rows(test, 2, 7) == [row for row in simulated_rows(test, 3, 7) if row["session"] != "3"]


def test_every_row_is_marked_and_of_our_columns(tmp_path):
    ratings = as_ratings(simulated_rows(tiny_test(tmp_path), 4, 0))
    assert list(ratings.columns) == list(RATING_COLUMNS)
    assert ratings["simulated"].all()
    assert len(ratings) == 4 * 4 * 5
    assert ratings["score"].between(0, 100).all()
    best = ratings.groupby(["listener", "trial"])["score"].max()
    assert (best == 100).all()


def test_a_trial_that_comes_again_shows_how_steady_a_listener_is(tmp_path):
    test = tiny_test(tmp_path)
    first = test.counted[0]
    again = replace(first, id=f"{first.id}{AGAIN}", replicate=1)
    rows = simulated_rows(replace(test, trials=(*test.trials, again)), 3, 0, Panel(noise=9))
    assert {row["replicate"] for row in rows if row["trial"] == first.id} == {0, 1}
    found = listeners(as_ratings(rows))
    assert (found["n_trials"] == 4).all()
    assert (found["repeatability"] > 0).all()


def test_a_panel_hears_what_the_table_says(tmp_path):
    """Without any error, the mean of a condition is its latent quality."""
    quality = {"codec0@6000": 33.0, ("codec1@12000", "clip1"): 10.0, "codec1@12000": 70.0}
    exact = Panel(quality, bias=0, spread=0, clip=0, noise=0, lapses=0, spots_reference=1)
    ratings = counted(as_ratings(simulated_rows(tiny_test(tmp_path), 5, 0, exact)))
    means = ratings.groupby("condition")["score"].mean()
    assert means["codec0@6000"] == 33
    assert means["hidden_reference"] == 100
    assert means["anchor35"] == 20
    other = ratings[ratings["condition"] == "codec1@12000"].groupby("clip")["score"].mean()
    assert other.to_dict() == {"clip1": 10, "clip2": 70, "clip3": 70}


def test_noisy_listeners_scatter_as_told(tmp_path):
    noisy = Panel({"codec0@6000": 50.0}, bias=0, spread=0, clip=0, noise=9, lapses=0)
    ratings = counted(as_ratings(simulated_rows(tiny_test(tmp_path), 300, 0, noisy)))
    scores = ratings.loc[ratings["condition"] == "codec0@6000", "score"]
    assert scores.std() == pytest.approx(9, rel=0.1)


def test_qualities_without_a_table():
    system = Stimulus("x@6000", "system", "0", bitrate_bps=6000)
    assert latent(Panel(), system, "c") == of_bitrate(6000) < of_bitrate(24_000) < 100
    assert latent(Panel(), replace(system, actual_bps=3000.0), "c") == of_bitrate(3000)
    assert latent(Panel(), replace(system, bitrate_bps=None), "c") == 60


def test_one_hundred_where_it_is_needed():
    assert mushra_scores([20.4, 88.8, -3.0], True) == [20, 100, 0]
    assert mushra_scores([20.4, 88.8, -3.0], False) == [20, 89, 0]


def test_abx_and_ab_follow_the_difference():
    random = np.random.default_rng(0)
    chance = np.mean([right_of_abx(50, 50, random) for _ in range(4000)])
    threshold = np.mean([right_of_abx(50, 58, random) for _ in range(4000)])
    assert chance == pytest.approx(0.5, abs=0.03)
    assert threshold == pytest.approx(0.75, abs=0.03)
    assert np.mean([prefers(58, 50, random) for _ in range(4000)]) == pytest.approx(0.75, abs=0.03)
    assert np.mean([prefers(50, 90, random) for _ in range(1000)]) < 0.02


def test_blocks_are_given_in_turn(tmp_path):
    test = tiny_test(tmp_path, trials=4)
    trials = tuple(replace(trial, block=index % 2) for index, trial in enumerate(test.trials))
    ratings = as_ratings(simulated_rows(replace(test, trials=trials, blocks=2), 4, 0))
    counts = counted(ratings).groupby("listener")["block"].unique()
    assert [list(blocks) for blocks in counts] == [[0], [1], [0], [1]]


def test_pairs_that_cannot_be_and_nobody(tmp_path):
    test = tiny_test(tmp_path)
    with pytest.raises(StoreError, match="one or two stimuli"):
        pair(test.counted[0])
    with pytest.raises(ConfigError, match="at least 1"):
        simulated_rows(test, 0, 0)


@pytest.mark.parametrize("kind", ["mushra", "acr", "dcr", "abx", "ab"])
def test_a_rehearsal_goes_through_real_sessions(tmp_path, kind):
    """With exact ears the store holds exactly the latent qualities: every slot played what the store says."""
    test = tiny_test(tmp_path, kind)
    quality = {"codec0@6000": 30.0, "codec1@12000": 70.0}
    exact = Panel(quality, bias=0, spread=0, clip=0, noise=0, lapses=0, spots_reference=1)
    sessions = Sessions(test, tmp_path)
    try:
        rehearse(sessions, tmp_path, 3, 1, exact)
        assert [row.status for row in sessions.progress()] == ["finished"] * 3
        ratings = as_ratings(sessions.export_rows())
    finally:
        sessions.dispose()
    assert ratings["simulated"].all()
    assert (ratings["plays"] >= 1).all()
    means = counted(ratings).groupby("condition")["score"].agg(["min", "max"])
    if kind == "mushra":
        expected = {"codec0@6000": 30, "codec1@12000": 70, "hidden_reference": 100, "anchor35": 20, "anchor70": 45}
        assert means["min"].to_dict() == means["max"].to_dict() == expected
    elif kind in ("acr", "dcr"):
        assert means["min"].to_dict() == means["max"].to_dict() == {"codec0@6000": 2, "codec1@12000": 4}
    else:
        assert set(ratings["against"]) == {"reference"}
        wins = counted(ratings)["score"].mean()
        assert wins > 0.7 if kind == "abx" else wins < 0.1


def test_a_sound_of_no_trial_is_told(tmp_path):
    test = tiny_test(tmp_path)
    ear = Ear(test, tmp_path)
    with pytest.raises(StoreError, match="expected sounds of one trial"):
        ear.recognise({"slot": b"RIFF0000WAVEdata0000anything"})
    assert fingerprint(b"RIFF0000WAVEJUNK1data0000samples") == fingerprint(b"RIFF0000WAVEJUNK2data0000samples")
