"""The whole analysis: files, report, commands; and what it does with little or strange data."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.errors import ConfigError, DatasetError, StoreError, UnknownName
from bench.stats import DRAWS as USUAL_DRAWS
from listening_test.analysis import outputs, sheets
from listening_test.analysis.analysed import analyse
from listening_test.analysis.cautions import cautions
from listening_test.analysis.choices import by_listener, choices
from listening_test.analysis.comparisons import comparisons
from listening_test.analysis.descriptive import outliers, summary
from listening_test.analysis.frames import as_ratings, counted, read_ratings, write_csv, write_ratings
from listening_test.analysis.importers import import_ratings
from listening_test.analysis.importers.base import Options
from listening_test.analysis.page import page
from listening_test.analysis.reliability import listeners
from listening_test.analysis.reliability import panel as reliability_of
from listening_test.analysis.screening import PRESETS, post_screen
from listening_test.analysis.variance import omnibus
from listening_test.cli import app
from listening_test.model import RATING_COLUMNS, RATINGS, write_test
from tests.listening.analysis.made import of_listeners, on_scale, panel, rating
from tests.listening.conftest import tiny_test

DRAWS = 300
BAD = "<script>alert('x')</script> & \"q\" 😀 $a$ " + "x" * 500


def analysed(ratings, preset="bs1534", **more):
    return analyse(ratings, PRESETS[preset], seed=1, draws=DRAWS, **more)


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    "ratings",
    [
        pytest.param(of_listeners({"l": {"a": [50.0]}}), id="one rating"),
        pytest.param(panel(listeners=1), id="one listener"),
        pytest.param(panel(clips=1), id="one clip"),
        pytest.param(panel(systems={"a": 50.0}), id="one system"),
        pytest.param(panel(listeners=2, clips=2), id="two of each"),
        pytest.param(
            as_ratings(
                [rating(who, clip, name, 100.0) for who in "xyz" for clip in "ab" for name in ("s", "t", "reference")]
            ),
            id="all equal",
        ),
        pytest.param(panel().sample(frac=0.4, random_state=0), id="holes"),
        pytest.param(panel().assign(training=True), id="training only"),
        pytest.param(panel().assign(score=np.nan), id="no scores"),
        pytest.param(panel().assign(role="anchor"), id="anchors only"),
        pytest.param(panel().assign(test_type="acr", score=3.0), id="acr, all equal"),
        pytest.param(
            as_ratings([rating(who, "c", "s", 1.0, test_type="abx", against="r") for who in "xyz"]), id="abx, all right"
        ),
    ],
)
def test_little_or_strange_data_still_make_a_report(ratings, tmp_path):
    """Warnings are errors in this suite: none of these may warn either."""
    analysis = analysed(ratings)
    files = outputs.write_all(analysis, tmp_path)
    assert all(path.stat().st_size for path in files)
    json.dumps(outputs.as_json(analysis), default=str)
    lines, tables = outputs.terminal(analysis)
    assert lines
    assert tables
    assert len(pd.read_parquet(tmp_path / RATINGS)) == len(ratings)


def test_an_analysis_does_not_depend_on_the_order_of_rows():
    ratings = panel(listeners=7)
    one, two = analysed(ratings), analysed(ratings.sample(frac=1, random_state=5))
    assert json.dumps(outputs.as_json(one), default=str) == json.dumps(outputs.as_json(two), default=str)
    assert page(one) == page(two)


def two_categories():
    """One listener is left out, one clip of three has outliers."""
    ratings = on_scale(panel(listeners=6, clips=3, systems={"a": 55.0, "b": 70.0}, seed=3))
    ratings = ratings[ratings["role"].isin(["hidden_reference", "system"])].reset_index(drop=True)
    ratings["category"] = np.where(ratings["clip"] == "t00", "music", "speech")
    ratings.loc[(ratings["listener"] == "L01") & (ratings["role"] == "hidden_reference"), "score"] = 10.0
    ratings.loc[
        (ratings["listener"] == "L02") & (ratings["clip"] == "t02") & (ratings["role"] == "system"), "score"
    ] = 0
    return as_ratings(ratings)


def test_an_analysis_has_everything_of_the_ratings_that_count():
    ratings = two_categories()
    found = analyse(ratings, PRESETS["bs1534"], seed=4, draws=50)
    marked = post_screen(ratings, PRESETS["bs1534"])
    used = counted(marked.ratings)
    assert set(ratings["listener"]) - set(used["listener"]) == {"L01"}
    assert (found.test, found.test_type, found.seed) == ("made", "mushra", 4)
    assert found.screening == PRESETS["bs1534"]
    overall = summary(used.assign(category="all"), ["category", "condition"], 4)
    own = summary(used, ["category", "condition"], 4)
    for table, expected in (
        (found.ratings, marked.ratings),
        (found.used, used),
        (found.checks, marked.checks),
        (found.guarded, marked.guarded),
        (found.listeners, listeners(marked.ratings)),
        (found.conditions[: len(overall)], overall),
        (found.conditions[len(overall) :].reset_index(drop=True), own),
        (found.items, summary(used, ["category", "clip", "condition"], 4)),
        (found.comparisons, comparisons(used, 4, 50)),
        (found.all_systems, omnibus(used)),
        (found.outliers, outliers(used)),
    ):
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
        assert len(table) or table is found.guarded
    assert list(found.conditions.index) == list(range(len(found.conditions)))
    assert dict(found.panel) == reliability_of(used, 4)
    assert (len(found.pairs), len(found.pairs_by_listener)) == (0, 0)
    many = panel(listeners=16, clips=1, systems={"a": 55.0, "b": 60.0})  # more than can all be tried
    many = many[many["role"] == "system"]
    usual = analyse(many, PRESETS["none"])
    assert usual.seed == 0
    pd.testing.assert_frame_equal(usual.comparisons, comparisons(counted(many), 0, USUAL_DRAWS))


@pytest.mark.parametrize("kind", ["abx", "ab"])
def test_an_analysis_of_answers_has_pairs_and_no_scores(kind):
    rows = [
        rating(f"L{who}", f"t{clip}", name, float((who + clip) % 3 > 0), test_type=kind, against="r")
        for who in range(5) for clip in range(4) for name in "ab"
    ]  # fmt: skip
    ratings = as_ratings(rows)
    found = analysed(ratings)
    pd.testing.assert_frame_equal(found.pairs, choices(counted(ratings), 1))
    pd.testing.assert_frame_equal(found.pairs_by_listener, by_listener(counted(ratings)))
    for name in ("conditions", "items", "comparisons", "all_systems", "outliers", "checks"):
        assert getattr(found, name).empty, name
    assert "category" in found.conditions
    assert (dict(found.panel), found.cautions, found.screening.name) == ({}, (), "none")


def test_files_of_an_analysis_hold_its_tables(tmp_path):
    ratings = on_scale(panel(listeners=2, clips=1, systems={"a": 55.0, "b": 60.0}))
    analysis = analysed(as_ratings(ratings[ratings["role"] == "system"]))
    test = tiny_test(tmp_path / "tested", trials=1)
    files = outputs.write_all(analysis, tmp_path / "out", test, {"speakers": 3})
    names = ["ratings.parquet", "ratings.csv", "conditions.csv", "items.csv", "listeners.csv", "pairs.csv"]
    assert files == [tmp_path / "out" / name for name in (*names, "report.html")]
    for name, table in (
        ("conditions", analysis.conditions),
        ("items", analysis.items),
        ("listeners", analysis.listeners),
        ("pairs", analysis.comparisons),
    ):
        written = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        assert list(written.columns) == list(table.columns)
        numbers = [column for column in table if table[column].dtype.kind == "f"]
        np.testing.assert_array_equal(written[numbers].to_numpy(dtype=float), table[numbers].to_numpy(dtype=float))
    pd.testing.assert_frame_equal(read_ratings(tmp_path / "out"), analysis.ratings)
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<h1>Tiny &amp; small</h1>" in report
    assert "<dt>speakers</dt><dd>3</dd>" in report
    rows = [rating(f"L{who}", "t", "a", 1.0, test_type="ab", against="r") for who in range(3)]
    outputs.write_all(analysed(as_ratings(rows)), tmp_path / "pairs")
    assert pd.read_csv(tmp_path / "pairs" / "pairs.csv")["n"].tolist() == [3]


def test_rows_stay_and_only_two_columns_change(tmp_path):
    ratings = on_scale(panel())
    ratings.loc[(ratings["listener"] == "L01") & (ratings["role"] == "hidden_reference"), "score"] = 10.0
    analysis = analysed(ratings)
    outputs.write_all(analysis, tmp_path)
    written = read_ratings(tmp_path)
    assert list(written.columns) == list(RATING_COLUMNS)
    same = [name for name in RATING_COLUMNS if name not in ("excluded", "reason")]
    pd.testing.assert_frame_equal(written[same], ratings[same])
    assert set(written.loc[written["excluded"], "listener"]) == {"L01"}
    assert "L01" not in set(counted(written)["listener"])
    pd.testing.assert_frame_equal(read_ratings(tmp_path / "ratings.csv"), written)


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.addresses, self.text = set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href", "action")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_runs_nothing_and_fetches_nothing(tmp_path):
    """Names of listeners, clips, conditions, devices and of the test itself are the text of others."""
    ratings = panel(listeners=3, clips=2)
    ratings["condition"] = ratings["condition"] + BAD
    ratings["listener"] = ratings["listener"] + BAD
    ratings["clip"] = ratings["clip"] + BAD
    ratings["test"] = BAD
    test = replace(
        tiny_test(tmp_path, trials=2),
        title=BAD,
        made={"command": "<b>", "config_text": BAD, "findings": [{"what": BAD}]},
    )
    text = page(analysed(ratings), test, {BAD: 3})
    seen = Seen()
    seen.feed(text)
    assert not seen.tags & {"script", "img", "iframe", "object", "audio", "form"}
    assert all(address.startswith(("#", "data:")) for address in seen.addresses)
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/)", text)
    assert "alert" in "".join(seen.text)
    assert not re.search(r"\son\w+=", re.sub(r'aria-label="[^"]*"', "", text))


def test_the_page_has_the_headings_of_the_standard(tmp_path):
    test = tiny_test(tmp_path)
    text = page(analysed(panel(), "none"), test, {"headphones, HD 650": 2})
    for heading in (
        "Test design", "Selection of test material", "Processing of the material", "Transducers and level",
        "Training of the listeners", "Post-screening and listeners", "Reference and anchors", "Statistical methods",
        "Results",
    ):  # fmt: skip
        assert f">{heading}</h2>" in text
    assert "Tiny &amp; small" in text
    assert "headphones, HD 650" in text
    assert text.count("<svg") == 2


def test_simulated_listeners_are_marked_and_left_out_beside_people():
    people, simulated = panel(listeners=4), panel(listeners=2).assign(simulated=True)
    simulated["listener"] = "simulated " + simulated["listener"]
    alone = analysed(simulated)
    assert alone.simulated
    assert "100 % of the listeners are simulated" in page(alone)
    mixed = analysed(as_ratings(pd.concat([people, simulated])))
    assert set(mixed.used["listener"]) == set(people["listener"])
    assert set(mixed.ratings.loc[mixed.ratings["excluded"], "reason"]) == {"simulated listener, left out beside people"}
    assert "Simulated listeners are left out" in mixed.cautions[0]
    both = analysed(as_ratings(pd.concat([people, simulated])), with_simulated=True)
    assert len(set(both.used["listener"])) == 6
    assert "33 % of the listeners are simulated" in both.cautions[0]


def warned(ratings):
    used = counted(ratings)
    return cautions(ratings, used, summary(used, ["condition"], 0), listeners(ratings))


def test_cautions():
    assert warned(panel(listeners=12, clips=8)) == []
    high = panel(listeners=12, clips=8, systems={"a": 92.0, "b": 95.0, "c": 60.0}, noise=2, between=1)
    assert any("2 of 3 systems have a median of 80 to 100" in text for text in warned(high))
    split = panel(listeners=12, clips=8)
    polar = split["condition"] == "a"
    split.loc[polar, "score"] = np.where(split.loc[polar, "listener"].str[-1].astype(int) % 2, 20.0, 90.0)
    assert any("two groups" in text and "a (" in text for text in warned(split))
    close = panel(listeners=12, clips=8)
    close.loc[close["role"] == "mid_anchor", "score"] -= 15
    assert any("points above the low one" in text for text in warned(close))
    texts = " ".join(warned(panel(listeners=3, clips=2)))
    assert "Only 3 listeners count" in texts
    assert "2 clips for 3 systems" in texts
    assert any("may not be called MUSHRA" in text for text in warned(panel()[lambda rows: rows["role"] == "system"]))
    unheard = panel(listeners=12, clips=8).assign(plays=1)
    unheard.loc[0, "plays"] = 0
    assert any("never played: L00" in text for text in warned(as_ratings(unheard)))


def test_categories_have_their_own_tables_and_pictures():
    ratings = panel()
    ratings["category"] = np.where(ratings["clip"].isin(["t00", "t01"]), "music", "speech")
    analysis = analysed(as_ratings(ratings))
    assert set(analysis.conditions["category"]) == {"all", "music", "speech"}
    music = analysis.conditions[analysis.conditions["category"] == "music"]
    assert set(music["n_clips"]) == {2}
    assert page(analysis).count("<svg") == 6


def test_acr_is_not_screened_and_has_means():
    random = np.random.default_rng(0)
    rows = [
        rating(f"l{who}", f"t{clip}", name, float(random.integers(low, 6)), test_type="acr")
        for who in range(6) for clip in range(4) for name, low in (("a", 1), ("b", 4))
    ]  # fmt: skip
    analysis = analysed(as_ratings(rows))
    assert analysis.screening.name == "none"
    assert analysis.conditions["condition"].tolist() == ["b", "a"]
    assert len(analysis.comparisons) == 1


def test_ratings_of_several_tests_are_not_mixed(tmp_path):
    both = pd.concat([panel(), panel().assign(test="other")])
    write_ratings(tmp_path / "both.parquet", on_scale(as_ratings(both)))
    assert invoke("analyze", tmp_path / "both.parquet", "--test", "other", "--preset", "none").exit_code == 0


def test_files_that_hold_no_ratings_are_told(tmp_path):
    with pytest.raises(StoreError) as told:
        read_ratings(tmp_path / "absent.parquet")
    assert str(told.value) == (
        f"{tmp_path / 'absent.parquet'}: expected ratings, but there is no such file. A test writes it with "
        "`codecbench listen analyze`; `codecbench listen import` makes it of the file of another program."
    )
    (tmp_path / "broken.parquet").write_text("x")
    with pytest.raises(StoreError) as told:
        read_ratings(tmp_path / "broken.parquet")
    said = f"{tmp_path / 'broken.parquet'}: expected a table of ratings as Parquet or CSV, which it cannot be read as ("
    assert str(told.value).startswith(said)
    write_csv(tmp_path / "other.CSV", pd.DataFrame({"a": [1], "score": [2]}))
    with pytest.raises(DatasetError) as told:
        read_ratings(tmp_path / "other.CSV")
    assert str(told.value) == (
        f"{tmp_path / 'other.CSV'}: expected the columns of ratings.parquet; test_type, listener, trial, clip, "
        "condition, role missing. A file of another program is turned into it by `codecbench listen import FORMAT FILE "
        "-o ratings.parquet`."
    )
    write_csv(tmp_path / "odd.csv", pd.DataFrame([rating("x", "t", "a", 50.0) | {"score": "fifty"}]))
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path / 'odd.csv'}, column score: expected values of type")):
        read_ratings(tmp_path / "odd.csv")
    write_csv(tmp_path / "high.csv", pd.DataFrame([rating("x", "t", "a", 500.0)]))
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path / 'high.csv'}: expected scores from 0 to 100")):
        read_ratings(tmp_path / "high.csv")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("role", "sytem", "column role: expected one of .*system, got 'sytem'"),
        ("test_type", "mushr", "column test_type: expected one of mushra, acr, dcr, abx, ab, got 'mushr'"),
        ("score", 150.0, r"scores from 0 to 100 in a test of type mushra, got 150 \(listener L00, trial t00"),
        ("score", np.inf, "got inf"),
        ("score", -1.0, "got -1"),
    ],
)
def test_what_no_test_can_have_given_is_refused(tmp_path, column, value, said):
    ratings = on_scale(panel())
    ratings.loc[0, column] = value
    write_ratings(tmp_path / "r.parquet", ratings)
    with pytest.raises(DatasetError, match=said):
        read_ratings(tmp_path / "r.parquet")


def test_a_rating_that_is_there_twice_is_refused(tmp_path):
    """It would count twice in every mean; a repetition has another number."""
    ratings = on_scale(panel())
    twice = pd.concat([ratings, ratings.head(2).assign(score=3.0)])
    write_ratings(tmp_path / "r.parquet", as_ratings(twice))
    with pytest.raises(DatasetError, match=r"got several \(listener L00, trial t00, condition .*; 2 in all"):
        read_ratings(tmp_path / "r.parquet")
    again = pd.concat([ratings, ratings.head(2).assign(score=3.0, replicate=1)])
    write_ratings(tmp_path / "r.parquet", as_ratings(again))
    assert len(read_ratings(tmp_path / "r.parquet")) == len(ratings) + 2


def test_ratings_without_a_score_are_told():
    ratings = panel()
    ratings.loc[:2, "score"] = np.nan
    assert f"3 of {len(ratings)} ratings have no score and are used nowhere." in analysed(ratings).cautions


def test_analyze_writes_and_prints(tmp_path):
    write_ratings(tmp_path / "r.parquet", on_scale(panel()))
    result = invoke("analyze", tmp_path / "r.parquet", "--exclude", "hidden_reference < 90 on > 10%")
    assert result.exit_code == 0
    assert "8 listeners, 0 left out by screening (own rules)" in result.stdout
    assert {path.name for path in (tmp_path / "r-analysis").iterdir()} == {
        "ratings.parquet", "ratings.csv", "conditions.csv", "items.csv", "listeners.csv", "pairs.csv", "report.html",
    }  # fmt: skip
    found = json.loads(invoke("analyze", tmp_path / "r.parquet", "--json", "--output", tmp_path / "out").stdout)
    assert found["screening"]["name"] == "bs1534"
    by_name = {row["condition"]: row for row in found["conditions"]}
    assert by_name["reference"]["median"] == 100
    with pytest.raises(UnknownName):
        invoke("analyze", tmp_path / "r.parquet", "--preset", "itu")


def test_both_means_are_shown_where_clips_were_rated_unequally_often(tmp_path, real_data):
    """The condition means that the authors of the file publish are those of clips."""
    source = real_data("ratings/bernoulli_mushra/ratings_formated.csv")
    raw = import_ratings("bernoulli", source, Options("bernoulli")).ratings
    analysis = analysed(raw, "none")
    sheet = sheets.of_conditions(analysis)
    places = [sheet.columns.index(name) for name in ("mean of ratings", "mean of clips")]
    found = {row[0]: tuple(row[place] for place in places) for row in sheet.rows}
    assert found["Reference"] == ("98.4", "98.3")
    assert found["AudioDec"][1] == "65.4"
    assert any("rated more often" in text for text in analysis.cautions)
    _, [described, _] = outputs.terminal(analysis)
    assert {"mean of\nratings", "mean of\nclips"} <= set(described.columns)
    assert "mean of clips</th>" in page(analysis)
    assert "mean of clips" not in page(analysed(panel()))


LONG = {"encodec_24khz@12000": 60.0, "opus@12000/0": 70.0, "dac_44khz_rvq@8000": 75.0}


@pytest.mark.parametrize("test_type", ["mushra", "abx", "ab"])
def test_names_stay_whole_in_a_terminal_of_80_columns(tmp_path, monkeypatch, test_type):
    """Each name stands in one piece on one line, and nothing sticks out."""
    from bench.terminal import console

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(console, "out", Console(highlight=False, width=80))
    monkeypatch.setenv("COLUMNS", "80")  # a terminal has them
    if test_type == "mushra":
        ratings = on_scale(panel(systems=LONG))
    else:
        one, two, three = LONG
        ratings = as_ratings(
            rating(f"L{who}", f"t{clip}", name, float((who + clip) % 3 > 0), test_type=test_type, against=other)
            for who in range(6) for clip in range(4) for name, other in ((one, two), (one, three), (two, three))
        )  # fmt: skip
    write_ratings(tmp_path / "r.parquet", ratings)
    lines = invoke("analyze", tmp_path / "r.parquet").stdout.splitlines()
    table = lines[next(index for index, line in enumerate(lines) if line.strip() in ("Conditions", "Pairs")) :]
    assert max(len(line) for line in table if not line.startswith("Report: ")) <= 80
    for name in LONG:
        assert sum(name in line for line in table) >= 2, "\n".join(table)


def test_import_then_analyze_then_power(tmp_path, real_data):
    source = real_data("ratings/bernoulli_mushra/ratings_formated.csv")
    result = invoke("import", "bernoulli", source, "-o", tmp_path / "r.parquet", "--role", "Anchor=low_anchor")
    assert "1512 ratings by 21 listeners of 9 conditions" in result.stdout
    told = json.loads(invoke("import", "bernoulli", source, "-o", tmp_path / "again.parquet", "--json").stdout)
    assert (told["ratings"], told["listeners"], told["conditions"]) == (1512, 21, 9)
    assert set(read_ratings(tmp_path / "r.parquet").query("condition == 'Anchor'")["role"]) == {"low_anchor"}
    arguments = ["power", tmp_path / "r.parquet", "--preset", "bernoulli", "--pair", "Lyra 6", "--pair", "AudioDec"]
    found = json.loads(invoke(*arguments, "--difference", "10", "--json").stdout)
    assert found["pilot"]["listeners"] == 19
    assert 20 < found["needed"][0]["listeners"] < 60
    assert found["needed"][0]["invite"] > found["needed"][0]["listeners"]
    assert "Listeners for a power of 0.8" in invoke(*arguments).stdout
    with pytest.raises(ConfigError, match="expected it twice"):
        invoke("power", tmp_path / "r.parquet", "--pair", "Lyra 6")
    with pytest.raises(ConfigError, match="expected one of speech"):
        invoke("import", "bernoulli", source, "-o", tmp_path / "r.parquet", "--category", "noise")


def test_simulate_then_analyze_a_test_folder(tmp_path):
    tiny_test(tmp_path, trials=3)
    with pytest.raises(StoreError, match="nobody has listened yet"):
        invoke("analyze", tmp_path)
    assert "4 simulated listeners took the test" in invoke("simulate", tmp_path, "--listeners", 4, "--seed", 2).stdout
    found = json.loads(invoke("analyze", tmp_path, "--json").stdout)
    assert found["simulated"] is True
    assert len(found["listeners"]) == 4
    assert "Tiny &amp; small" in (tmp_path / "report.html").read_text()
    ratings = read_ratings(tmp_path)
    assert ratings["simulated"].all()
    assert ratings["training"].sum() == 4 * 5


def test_simulate_without_a_store(tmp_path):
    test = tiny_test(tmp_path, trials=5)
    (tmp_path / "quality.csv").write_text("condition,quality\ncodec0@6000,30\ncodec1@12000,90\n")
    arguments = ["simulate", tmp_path, "--listeners", 30, "--output", tmp_path / "pilot.parquet"]
    told = json.loads(invoke(*arguments, "--quality", tmp_path / "quality.csv", "--json").stdout)
    assert (told["listeners"], told["ratings"]) == (30, len(read_ratings(tmp_path / "pilot.parquet")))
    means = counted(read_ratings(tmp_path / "pilot.parquet")).groupby("condition")["score"].mean()
    assert means["codec0@6000"] + 30 < means["codec1@12000"]
    assert not (tmp_path / "sessions.sqlite").exists()
    write_test(replace(test, rules=replace(test.rules, screening="none")), tmp_path)
    with pytest.raises(ConfigError, match="expected a CSV with the columns condition, quality"):
        invoke(*arguments, "--quality", tmp_path / "test.json")
    for line, name in (("codec0@600,30", "codec0@600 "), ("codec0@6000,30,clip9", "codec0@6000 on clip clip9")):
        (tmp_path / "other.csv").write_text(f"condition,quality,clip\n{line}\n")
        with pytest.raises(ConfigError, match=f"the test has no {name}"):
            invoke(*arguments, "--quality", tmp_path / "other.csv")


def test_numbers_that_are_not_there_are_null(tmp_path):
    write_ratings(tmp_path / "r.parquet", of_listeners({"l": {"a": [50.0]}}))
    text = invoke("analyze", tmp_path / "r.parquet", "--json").stdout
    assert json.loads(text)["conditions"][0]["ci_low"] is None
    assert not math.isnan(json.loads(text)["conditions"][0]["mean"])
