"""The command and its files: what is printed, written, drawn and opened in a browser."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.curves import analysed, chosen, families
from bench.errors import ConfigError
from bench.report.curve_page import page, write_curves
from bench.report.curve_tables import parts
from listening_test.analysis.frames import write_ratings
from tests.curves.made import RATES, line, make, save
from tests.listening.analysis.made import panel
from tests.listening.browser import browser
from tests.report.test_page import Page

NASTY = "<b>&|x"
CODECS = {"anchor": (RATES, 1.0, line), NASTY: (RATES, 0.5, line), "single": ((24_000,), 1.0, lambda kbps: 3.0)}


@pytest.fixture(scope="module")
def run():
    return make(CODECS, sources=4, categories=("speech", "music"), complete=False)


@pytest.fixture(scope="module")
def analysis(run):
    return analysed(chosen(families(run), ["mos", "distance"]), "anchor", at_bps=[12_000], draws=100)


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    return save(run, tmp_path_factory.mktemp("curves") / "run")


def call(*arguments):
    return CliRunner().invoke(app, ["curves", *map(str, arguments)])


def test_the_terminal_shows_savings_and_front(folder):
    done = call(folder, "--anchor", "anchor", "--quantity", "mos", "--draws", 100, "--at-kbps", 12)
    assert done.exit_code == 0, done.output
    text = " ".join(done.stdout.split())
    assert "made: speech (partial run). Against anchor" in text
    assert re.search(r"\+?-\d\d\.\d % ", text)
    assert "Bitrate for equal quality" in text


def test_json_is_only_json_and_holds_everything(folder, tmp_path):
    done = call(folder, "--anchor", "anchor", "--quantity", "mos", "--draws", 100, "--json", "--output", tmp_path)
    found = json.loads(done.stdout)
    assert found["interpolation"] == "pchip"
    assert (found["seed"], found["draws"]) == (0, 100)
    row = next(row for row in found["savings"] if row["series"] == NASTY and row["measure"] == "bd_rate")
    assert -60 < row["value"] < -40
    assert row["higher_is_better"] is True
    assert any(point["mean"] == "Infinity" for point in found["points"])
    assert any(row["value"] is None and "not computable" in row["reason"] for row in found["savings"])
    assert json.loads((tmp_path / "curves.json").read_text()) == found


def test_files_parse_back_and_are_the_same_twice(analysis, tmp_path):
    written = write_curves(analysis, tmp_path / "one")
    write_curves(analysis, tmp_path / "two")
    assert [path.name for path in written] == [
        "curves.html", "curves.md", "curves.json", "curves.csv", "savings.csv", "needed.csv",
    ]  # fmt: skip
    files = sorted(path for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) == 6 + 4
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "one" / "savings.csv").read_text())))
    assert len(rows) == len(analysis.savings) == 2 * 2 * 2 * 2
    text = (tmp_path / "one" / "curves.md").read_text()
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert tables
    assert "&lt;b&gt;&amp;\\|x" in text
    assert "(partial run)" in text
    (svg, *_) = sorted((tmp_path / "one" / "svg").iterdir())
    assert "single" in svg.read_text()  # a drawing that stands by itself has its legend


def test_the_page_needs_nothing_but_itself_and_escapes_names(analysis):
    text = page(analysis)
    parsed = Page(text)
    assert all(link.startswith(("#", "data:")) for link in parsed.links)
    assert not re.search(r"https?:|url\((?!#)|@import", text)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert parsed.tags["b"] == 0
    assert parsed.text.count(NASTY) > 10
    assert len(re.findall(r'aria-label="Rate-quality curve: ', text)) == 4


def test_every_part_has_its_tables(analysis):
    (speech, music) = parts(analysis)
    assert (speech.title, music.title) == ("made: speech (partial run)", "made: music (partial run)")
    titles = [grid.title for grid in speech.grids]
    assert titles == ["Front", "Against anchor", "Bitrate for equal quality"]
    for grid in speech.grids:
        assert all(len(row) == len(grid.columns) for row in grid.rows)


def test_a_reason_that_holds_for_every_quantity_is_told_once(analysis):
    rows = [row for row in parts(analysis)[0].grids[1].rows if row[1] == "single"]
    [(quantity, _, rate, _, quality, *_)] = rows
    assert quantity == "all quantities"
    assert rate == quality == "not computable: 1 point with a value; 4 are needed"
    assert [row[0] for row in parts(analysis)[0].grids[1].rows if row[1] != "single"] == ["mos ↑", "distance ↓"]


def test_a_listening_test_has_its_curves(tmp_path):
    systems = {f"{codec}@{rate}": 20 * line(rate / 3000) + 10 * (codec == "b") for codec in "ab" for rate in RATES}
    ratings = panel(listeners=5, systems=systems, noise=1.0, between=1.0)
    bitrate = ratings["condition"].str.extract(r"@(\d+)$")[0].astype("float64")
    write_ratings(tmp_path / "ratings.parquet", ratings.assign(actual_bps=bitrate))
    done = call("--ratings", tmp_path, "--anchor", "a", "--json", "--draws", 100)
    found = json.loads(done.stdout)
    row = next(row for row in found["savings"] if row["measure"] == "bd_quality")
    assert (row["source"], row["quantity"], row["kind"]) == ("made", "mushra:made", "listening_test")
    assert row["value"] == pytest.approx(10, abs=2)
    assert row["n_clusters"] == 5
    assert {point["role"] for point in found["points"]} == {"codec", "control"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--anchor", "ancor"], "Did you mean 'anchor'"),
        (["--quantity", "mosx"], "Did you mean 'mos'"),
        (["--at-kbps", "12"], "expected an anchor"),
        (["--at-quality", "3"], "a quality is a value of one quantity"),
    ],
)
def test_mistakes_are_told(folder, arguments, message):
    done = call(folder, *arguments)
    assert isinstance(done.exception, ConfigError)
    assert message in str(done.exception)


def test_neither_run_nor_ratings_is_told():
    assert "expected run folders or --ratings" in str(call().exception)


def test_help_imports_neither_torch_nor_matplotlib():
    code = "import sys; from typer.testing import CliRunner; from bench.cli.app import app; " \
           "print(CliRunner().invoke(app, ['curves', '--help']).exit_code, " \
           "{'torch', 'matplotlib', 'bjontegaard', 'streamlit'} & set(sys.modules))"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 set()"


def test_a_browser_opens_it_without_complaint_or_request(analysis, tmp_path):
    (tmp_path / "curves.html").write_text(page(analysis))
    said = []
    with browser() as opened:
        tab = opened.new_page(viewport={"width": 500, "height": 900})
        tab.on("console", lambda message: said.append(message.text))
        tab.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        tab.goto((tmp_path / "curves.html").as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= 500
    assert said == []
