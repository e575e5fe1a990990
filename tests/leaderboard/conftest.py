from __future__ import annotations

import pytest

from bench.leaderboard import build
from tests.leaderboard.made import make_ratings, make_run

MEANS = {"opus@6000": 40.0, "opus@12000": 60.0, "mp3@64000": 90.0}


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run of three codecs and a control; not to be written to."""
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def rated(tmp_path_factory, run):
    """The ratings of six people about all of it."""
    path = tmp_path_factory.mktemp("test") / "ratings.parquet"
    make_ratings(path, run, MEANS)
    return path


@pytest.fixture(scope="session")
def joined(run, rated):
    """Both on one board."""
    return build([run], [rated])
