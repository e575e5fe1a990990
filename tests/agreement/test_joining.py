"""Rated files find the files of a run by their samples or their names, and whatever does not is told."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.agreement.joining import joined
from bench.agreement.names import Names, read_names
from bench.agreement.rated import files, read_ratings
from bench.errors import ConfigError, DatasetError
from listening_test.analysis.frames import as_ratings, write_ratings
from tests.agreement.made import frame, rating, ratings, run
from tests.report.build import with_tables


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run(tmp_path_factory.mktemp("run"), clips=2)


def told(join, text):
    return [note for note in join.notes if text in note]


def test_files_are_found_by_their_samples(made):
    rated = ratings(made, lambda *_: 50.0)
    join = joined([made], rated.assign(condition="called otherwise"))
    coded = made.encodings[made.encodings["role"] == "codec"]
    assert set(join.files["matched_by"]) == {"samples"}
    assert set(join.files["condition"]) == set(coded["condition"])
    assert len(join.files) == len(coded)
    assert not told(join, "nothing proves")
    assert told(join, "12 of 40 files of run made-up have no ratings here; of gain_-6dB, lowpass_3500, reference")


def test_other_samples_are_never_joined_whatever_they_are_called(made):
    rated = ratings(made, lambda *_: 50.0)
    changed = rated["condition"] == "opus@6000"
    rated.loc[changed, "decoded_sha256"] = "0" * 64
    join = joined([made], rated)
    assert "opus@6000" not in set(join.files["condition"])
    assert told(join, "4 rated files (24 ratings) have other samples in the runs under the same names")


def test_ratings_from_elsewhere_are_joined_by_name(made, tmp_path):
    rated = ratings(made, lambda *_: 50.0, by_hash=False)
    clip = rated["clip"][0]
    rated["condition"] = rated["condition"].replace({"opus@6000": "Opus, 6"})
    rated["clip"] = rated["clip"].replace({clip: "one"})
    plain = joined([made], rated)
    assert told(plain, "10 rated files (60 ratings) are in no run: clip-music-000 under Opus, 6;")
    names = tmp_path / "names.csv"
    names.write_text(f'kind,ratings,run\ncondition,"Opus, 6",opus@6000\nclip,one,{clip}\n')
    join = joined([made], rated, read_names(names))
    assert told(join, "28 of 28 files were matched by the names of clip and condition: nothing proves")
    assert not told(join, "are in no run")


def test_names_that_nobody_has_are_refused_all_at_once(made):
    rated = ratings(made, lambda *_: 50.0, by_hash=False)
    with pytest.raises(ConfigError) as problems:
        joined([made], rated, Names({}, {"opus@6000": "opus@1200", "lyra": "opus@6000"}))
    assert "the runs have no condition 'opus@1200'. Did you mean 'opus@12000'?" in str(problems.value)
    assert "the ratings have no condition 'lyra'" in str(problems.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind,ratings,run\ncodec,a,b\n", "row 2: expected the columns kind, ratings, run"),
        ("kind,ratings,run\nclip,a,b\nclip,a,c\n", "row 3: expected each name once, but clip 'a' stands there again"),
        ("a;b\n1;2\n", "row 2: expected the columns"),
    ],
)
def test_a_file_of_names_of_another_shape_is_refused(tmp_path, text, problem):
    (tmp_path / "names.csv").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read_names(tmp_path / "names.csv")


def test_reference_and_anchors_only_where_they_are_asked_for(made):
    clip = made.clips["clip"][0]
    extra = [
        rating("L0", clip, "hidden_reference", 100.0, role="hidden_reference"),
        rating("L0", clip, "low_anchor", 20.0, role="low_anchor"),
        rating("L0", clip, "mid_anchor", 40.0, role="mid_anchor"),
    ]
    rated = pd.concat([ratings(made, lambda *_: 50.0), frame(extra)])
    assert told(joined([made], rated), "Rated and not compared: 1 of role hidden_reference, 1 of role low_anchor")
    join = joined([made], rated, with_=["reference", "anchors"])
    added = join.files[join.files["role"] != "system"]
    assert dict(zip(added["role"], added["condition"], strict=True)) == {
        "hidden_reference": "reference", "low_anchor": "lowpass_3500",
    }  # fmt: skip
    assert told(join, "1 rated files (1 ratings) are in no run")
    assert told(join, "2 of 30 files were matched as a control that is made like the stimulus of its role")
    with pytest.raises(ConfigError, match="expected reference or anchors"):
        joined([made], rated, with_=["anchor"])


def test_nothing_to_join_says_what_there_is(made):
    rated = frame([rating("L0", "a", "b", 1.0), rating("L0", "a", "c", 1.0)])
    with pytest.raises(ConfigError, match=r"none of the 2 rated files.*clip 'a'.*clips such as 'clip-music-000'"):
        joined([made], rated)
    with pytest.raises(ConfigError, match="expected scores of systems"):
        joined([made], rated.assign(role="low_anchor"))


def test_a_second_run_adds_its_metrics_to_the_same_files(made, tmp_path):
    other = with_tables(
        made, tmp_path / "other", scores=made.scores.assign(quantity="other_" + made.scores["quantity"]),
        info={**made.info, "run": "other", "complete": False, "quantities": {"other_si_sdr": {"unit": "dB"}}},
    )  # fmt: skip
    join = joined([made, other], ratings(made, lambda *_: 50.0))
    assert (join.scores["other_si_sdr"] == join.scores["si_sdr"]).all()
    assert len(join.files) == 28
    assert told(join, "Partial run: other")


def test_means_and_intervals_are_over_listeners_not_ratings():
    rows = [rating("A", "c", "x", score, replicate=k) for k, score in enumerate((10.0, 20.0))]
    rows += [rating("B", "c", "x", 45.0), rating("C", "c", "x", 60.0), rating("A", "c", "y", 5.0)]
    found = files(frame(rows)).set_index("condition")
    assert found.loc["x", ["n_listeners", "n_ratings", "mean"]].tolist() == [3, 4, 40.0]
    half = stats.t(2).ppf(0.975) * np.std([15, 45, 60], ddof=1) / math.sqrt(3)
    assert found.loc["x", "ci_half"] == pytest.approx(half)
    assert math.isnan(found.loc["y", "ci_half"])


def test_ratings_that_are_no_scores_of_a_file_are_refused(tmp_path):
    columns = {"dataset", "replicate", "against", "codec", "bitrate_bps", "actual_bps", "run"}
    row = {name: value for name, value in rating("A", "c", "x", 1.0).items() if name not in columns}
    write_ratings(tmp_path / "one.parquet", as_ratings([row]))
    write_ratings(tmp_path / "abx.parquet", as_ratings([{**row, "test": "abx", "test_type": "abx"}]))
    assert len(read_ratings([tmp_path / "one.parquet"])) == 1
    with pytest.raises(DatasetError, match=r"abx.parquet: expected scores of files .*got a test of type abx"):
        read_ratings([tmp_path / "abx.parquet"])
    with pytest.raises(ConfigError, match=r"expected each test once, but 'made' is in .*Leave one of them out"):
        read_ratings([tmp_path / "one.parquet", tmp_path / "one.parquet"])
