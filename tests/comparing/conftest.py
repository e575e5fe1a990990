"""A run, and what a developer might have made of it."""

import pytest

from tests.report.build import make_run


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """Sixteen clips each of speech and music, two of each source; three conditions of two codecs, one control."""
    folder = tmp_path_factory.mktemp("comparing") / "base"
    return make_run(folder, clips=16, codecs={"opus": (6000, 12000), "mp3": (24000,)}, controls=("reference",),
                    seconds=0.1, with_audio=False)  # fmt: skip
