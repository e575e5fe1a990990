"""The files of a comparison, read back."""

import json
import os
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from bench.cli.app import app, main
from tests.comparing.changed import shifted
from tests.listening.browser import browser
from tests.report.build import make_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """BASE and a NEW that is worse, each in a folder with a sign that URLs must quote; audio in both."""
    folder = tmp_path_factory.mktemp("runs of a | codec")
    make_run(folder / "base #1", clips=4, codecs={"opus": (6000,)}, controls=("reference",), seconds=0.1)
    new = make_run(folder / "new", clips=4, codecs={"opus": (6000,)}, controls=("reference",), seconds=0.1)
    shifted(new, folder / "new", -0.1, quantity="visqol_audio", condition="opus@6000")
    return folder / "base #1", folder / "new"


def invoke(*arguments, **environment):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)], env=environment or None)


def exit_code(monkeypatch, *arguments):
    """Of the command as it is started from a shell."""
    monkeypatch.setattr(sys, "argv", ["codecbench", *arguments])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(os, "environ", os.environ.copy())
    try:
        main()
    except SystemExit as ended:
        return ended.code or 0
    return 0


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_links_files_that_exist_and_asks_nobody_else(runs, tmp_path):
    html = tmp_path / "out" / "compare.html"
    done = invoke(*runs, "--html", html, "--most", "2")
    assert done.exit_code == 0, done.output
    text = html.read_text(encoding="utf-8")
    page = Page(text)
    players = [attributes["src"] for tag, attributes in page.tags if tag == "audio"]
    assert len(players) == 2 * 2 * 3  # categories, clips, sides
    assert all((html.parent / unquote(url)).resolve().is_file() for url in players)
    assert all(not Path(unquote(url)).is_absolute() for url in players)
    assert "http" not in re.sub(r"https?://www\.w3\.org\S*", "", text)
    assert str(runs[0]) not in text
    assert invoke(*runs, "--html", html, "--most", "2").exit_code == 0
    assert html.read_text(encoding="utf-8") == text


def test_a_browser_opens_the_page_and_plays_its_audio(runs, tmp_path):
    assert invoke(*runs, "--html", tmp_path / "compare.html", "--most", "1").exit_code == 0
    with browser() as opened:
        sheet = opened.new_page()
        told, asked = [], []
        sheet.on("console", lambda message: told.append(message.text))
        sheet.on("pageerror", lambda error: told.append(str(error)))
        sheet.on("request", lambda request: asked.append(request.url))
        sheet.goto((tmp_path / "compare.html").as_uri())
        loaded = sheet.evaluate(
            "async () => { const all = [...document.querySelectorAll('audio')]; await Promise.all(all.map((one) => new "
            "Promise((done) => { one.oncanplay = one.onerror = done; one.preload = 'auto'; one.load(); }))); "
            "return all.map((one) => one.duration); }"
        )
    assert loaded == [pytest.approx(0.1, abs=0.02)] * 6
    assert told == []
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_audio_that_is_gone_is_told(runs, tmp_path):
    shutil.copytree(runs[1], tmp_path / "new")
    shutil.rmtree(tmp_path / "new" / "decoded")
    assert invoke(runs[0], tmp_path / "new", "--html", tmp_path / "x.html").exit_code == 0
    assert "No audio file: NEW." in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_markdown_holds_every_change_and_links(runs, tmp_path):
    file = tmp_path / "compare.md"
    done = invoke(*runs, "--markdown", file, "--fail-on", "visqol_audio < -0.05")
    assert done.exit_code == 1
    lines = file.read_text(encoding="utf-8").splitlines()
    found = json.loads(invoke(*runs, "--json").stdout)
    rows = [line for line in lines if re.match(r"\| (opus@6000|reference) \| ", line)]
    assert len(rows) == len(found["changes"])
    assert all(row.count(" | ") == 8 for row in rows)
    links = re.findall(r"\[(?:reference|base|new)\]\(<([^>]+)>\)", "\n".join(lines))
    assert links
    assert all((tmp_path / unquote(url)).resolve().is_file() for url in links)
    assert sum(line.startswith("- **FAILED**") for line in lines) == 1


def test_json_is_all_there_is(runs):
    done = invoke(*runs, "--json", "--fail-on", "visqol_audio < -0.05", "--fail-on", "kbps > 2%")
    assert done.exit_code == 1
    found = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    assert [gate["tripped"] for gate in found["gates"]] == [True, False]
    assert found["passed"] is False
    [change] = [
        row
        for row in found["changes"]
        if (row["quantity"], row["condition"], row["category"]) == ("visqol_audio", "opus@6000", "music")
    ]
    assert change["mean"] == pytest.approx(-0.1)
    assert found["method"]["seed"] == 0
    [copy] = [row for row in found["changes"] if (row["quantity"], row["condition"], row["category"]) == (
        "si_sdr", "reference", "music")]  # fmt: skip
    assert (copy["base"], copy["mean"], copy["verdict"]) == ("Infinity", 0, "equal")


def test_junit_is_what_readers_of_junit_expect(runs, tmp_path):
    file = tmp_path / "compare.xml"
    gates = ("visqol_audio < -0.05", "kbps > 2%", "failed > 0")
    done = invoke(*runs, "--junit", file, *(word for gate in gates for word in ("--fail-on", gate)))
    assert done.exit_code == 1
    root = ElementTree.parse(file).getroot()
    assert root.tag == "testsuites"
    assert [suite.attrib["name"] for suite in root] == list(gates)
    for suite in root:
        assert suite.tag == "testsuite"
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases) == len(list(suite))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert {"errors", "skipped", "time"} <= set(suite.attrib)
        for case in cases:
            assert case.attrib["name"]
            assert case.attrib["classname"]
    assert [int(suite.attrib["failures"]) for suite in root] == [2, 0, 0]
    assert int(root.attrib["tests"]) == sum(int(suite.attrib["tests"]) for suite in root) == 4 + 4 + 1
    assert int(root.attrib["failures"]) == 2
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert "visqol_audio changed by -0.1 MOS-LQO over 4 clips" in failure.attrib["message"]


def test_junit_without_gates_is_an_empty_document(runs, tmp_path):
    assert invoke(*runs, "--junit", tmp_path / "x.xml").exit_code == 0
    root = ElementTree.parse(tmp_path / "x.xml").getroot()
    assert (root.attrib["tests"], len(root)) == ("0", 0)


def test_the_summary_of_a_step_is_appended_to(runs, tmp_path):
    file = tmp_path / "summary.md"
    file.write_text("before\n", encoding="utf-8")
    assert invoke(*runs, "--github-summary", GITHUB_STEP_SUMMARY=str(file)).exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert text.startswith("before\n# made-up against made-up")
    assert "](<" not in text


def test_the_terminal_says_what_changed(runs):
    done = invoke(*runs, "--fail-on", "visqol_audio < -0.05", "--fail-on", "kbps > 2%")
    assert done.exit_code == 1
    assert "FAILED  visqol_audio < -0.05: opus@6000, speech and 1 more: visqol_audio changed by -0.1" in done.stdout
    assert "passed  kbps > 2%: true in none of 4 cases." in done.stdout
    assert "equal" in invoke(*runs, "--all").stdout


def test_the_log_of_a_job_has_a_line_for_each_difference(runs, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    rows = [line for line in invoke(*runs).stdout.splitlines() if "visqol_audio (MOS-LQO)" in line]
    assert len(rows) == 2
    for row in rows:
        assert row.split()[0] == "opus@6000"
        assert "unclear   -0.100       [-0.100, -0.100]" in row


@pytest.mark.parametrize(("arguments", "code", "message"), [
    ((), 0, ""),
    (("--fail-on", "visqol_audio < -5"), 0, ""),
    (("--fail-on", "visqol_audio < -0.05"), 1, ""),
    (("--fail-on", "visqol_audio is low"), 2, "error: --fail-on 'visqol_audio is low': there is no comparison"),
    (("--map", "opus=mp3"), 2, "error: --map 'opus=mp3': BASE has no condition 'opus'"),
    (("--github-summary",), 2, "error: --github-summary: GITHUB_STEP_SUMMARY is not set"),
    (("--no-such-option",), 2, "No such option"),
])  # fmt: skip
def test_exit_codes(runs, monkeypatch, capsys, arguments, code, message):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert exit_code(monkeypatch, "compare", *map(str, runs), *arguments) == code
    assert message in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_one_message(runs, tmp_path, monkeypatch, capsys):
    assert exit_code(monkeypatch, "compare", str(tmp_path), str(runs[1])) == 1
    assert "error:" in (told := capsys.readouterr().err)
    assert "expected the results of a run" in told
