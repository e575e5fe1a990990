from __future__ import annotations

import pytest

from tests.report.build import make_run


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run with audio; not to be written to."""
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def quiet_run(tmp_path_factory):
    """A run without audio files, for what needs only tables."""
    return make_run(tmp_path_factory.mktemp("quiet"), clips=3, with_audio=False)
