"""Names of strangers in pages: text, never markup, and no link that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.comparing import compare
from bench.comparing.page import page as comparison_page
from bench.leaderboard import build
from bench.leaderboard.outputs import write
from bench.runs.results import Results
from tests.report.build import make_run, with_tables
from tests.report.test_page import Page

EVIL = """<script>alert(1)</script><img src=x onerror=alert(1)>'" onload="alert(1)" {{7*7}} ]]></script>"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run in which every text that has no fixed values is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    made = make_run(
        folder / "a", clips=4, seconds=0.1, with_audio=False, clip_name=EVIL, codecs={EVIL: (6000,)},
        controls=(EVIL + "c",),
        run=EVIL, warnings=[EVIL], config_text=f"name: [{EVIL}", resampler=EVIL, versions={EVIL: EVIL},
        machine={"cpu": EVIL, EVIL: EVIL}, datasets=[EVIL],
    )  # fmt: skip
    changed = {"source": EVIL, "dataset": EVIL}
    clips, encodings = made.clips.assign(**changed), made.encodings.assign(**changed, codec_version=EVIL)
    scores = made.scores.assign(**changed, metric_version=EVIL, reason=EVIL)
    links = {"decoded": "javascript:alert(1)"}
    return with_tables(made, folder / "b", clips=clips, encodings=encodings.assign(**links), scores=scores)


def require_harmless(text: str) -> None:
    parsed = Page(text)
    assert EVIL in parsed.text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert ' onload="alert' not in text
    assert not [link for link in parsed.links if link.lower().startswith("javascript:")]


def test_a_leaderboard_of_hostile_names(hostile: Results, tmp_path: Path) -> None:
    write(build([hostile]), tmp_path)
    require_harmless((tmp_path / "leaderboard.html").read_text(encoding="utf-8"))


def test_a_comparison_of_hostile_names(hostile: Results) -> None:
    comparison = compare(hostile, hostile)
    require_harmless(comparison_page(comparison, [], hostile.folder))
