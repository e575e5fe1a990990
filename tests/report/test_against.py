"""The curves of a report: against an anchor, by the main quantity, in every form; and why there is nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.curves import front, savings
from bench.errors import ConfigError
from bench.report.against import DRAWS, against
from bench.report.outputs import write_report
from tests.report.build import make_run

FOUR = (3000, 6000, 12000, 24000)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    codecs = {"single": (8000,), "ours": FOUR, "theirs": FOUR}
    return make_run(tmp_path_factory.mktemp("two"), clips=12, with_audio=False, codecs=codecs)


def test_the_first_series_with_a_curve_is_the_anchor_and_its_numbers_are_those_of_the_curves(two):
    for category, found in against(two).items():
        assert (found.quantity, found.anchor) == ("visqol_audio", "ours")
        rows = savings(two, "ours", wanted=["visqol_audio"], draws=DRAWS)
        rows = rows[(rows["category"] == category) & (rows["series"] == "theirs")]
        rate, quality = (rows[rows["measure"] == name].iloc[0] for name in ("bd_rate", "bd_quality"))
        shown, _ = found.grids[1].rows
        assert shown[1] == "theirs"
        assert shown[2].split()[0] == f"{rate['value']:+.1f}"
        assert float(shown[4].split()[0]) == pytest.approx(quality["value"], abs=0.001)
        points = front(two, wanted=["visqol_audio"])
        points = points[(points["category"] == category) & (points["front"] == "front")]
        assert {name for name, full in found.ringed.items() if full} == set(points["condition"])


def test_another_anchor_may_be_asked_for_and_must_be_known(two):
    assert {found.anchor for found in against(two, "theirs").values()} == {"theirs"}
    with pytest.raises(ConfigError, match=r"no series is named 'thiers'.*theirs"):
        against(two, "thiers")


def test_where_nothing_can_be_computed_a_sentence_says_why(two, quiet_run, tmp_path):
    (note,) = against(quiet_run)["speech"].notes
    assert note.startswith("No BD-rate or BD-quality against encodec_24khz can be computed. opus: 2 points")
    (note,) = against(two, "single")["speech"].notes
    assert "the anchor: 1 point with a value; 4 are needed" in note
    alone = make_run(tmp_path / "alone", clips=2, with_audio=False, codecs={"ours": FOUR})
    assert against(alone)["music"].notes == ("No BD-rate: there is no other codec than ours.",)
    short = make_run(tmp_path / "short", clips=2, with_audio=False, codecs={"ours": FOUR[:3]})
    assert "no codec has 4 conditions" in against(short)["music"].notes[0]
    controls = make_run(tmp_path / "controls", clips=2, with_audio=False, codecs={})
    assert against(controls) == {}


def test_intervals_of_few_sources_are_called_too_narrow(two, tmp_path):
    assert "too narrow, for 6 sources are few" in against(two)["speech"].notes[0]
    many = make_run(tmp_path, clips=20, with_audio=False, codecs={"ours": FOUR, "theirs": FOUR})
    assert "too narrow" not in against(many)["speech"].notes[0]


def test_large_runs_have_no_intervals_and_say_so(two, monkeypatch):
    monkeypatch.setattr("bench.report.against.MOST_SOURCES", 3)
    found = against(two)["speech"]
    assert "[" not in found.grids[1].rows[1][2]
    assert "Without intervals: more than 3 sources" in found.notes[0]


def test_page_markdown_and_paper_have_it(two, tmp_path):
    write_report(two, tmp_path, anchor="theirs")
    text = (tmp_path / "report.md").read_text()
    assert (
        text.count("### Against theirs (by visqol\\_audio)") + text.count("### Against theirs (by visqol_audio)") == 2
    )
    page = (tmp_path / "report.html").read_text()
    assert page.count("<h3>Against theirs</h3>") == page.count("<h3>Front</h3>") == 2
    assert "a ring: on the front" in page
    paper = (tmp_path / "methods.tex").read_text()
    assert r"are against theirs by visqol\_audio" in paper
    assert r"\cite{bjontegaard2001}" in paper
    assert "@techreport{bjontegaard2001" in (tmp_path / "references.bib").read_text()


def test_without_a_curve_the_paper_does_not_speak_of_one(quiet_run, tmp_path):
    write_report(quiet_run, tmp_path)
    assert "BD-rate" not in (tmp_path / "methods.tex").read_text()


def test_text_and_categoricals_give_the_same(two):
    from bench.runs.results import load_results

    assert against(load_results(two.folder)) == against(two)
    shuffled = replace(two, scores=two.scores.sample(frac=1, random_state=1))
    assert against(shuffled) == against(two)
