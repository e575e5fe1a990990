"""Every output read back, and the command as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.agreement.finding import agreement
from bench.agreement.outputs import as_json, write_all
from bench.cli.app import app
from bench.errors import UnknownName
from listening_test.analysis.frames import as_ratings, write_ratings
from tests.agreement.made import ratings, run, values
from tests.listening.browser import browser
from tests.test_cli import strict


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run(tmp_path_factory.mktemp("run"), clips=3, categories=("speech",))


@pytest.fixture(scope="module")
def rated(made):
    heard = values(made, "visqol_audio")
    return ratings(made, lambda *cell: 20 * heard[cell] - 5)


@pytest.fixture(scope="module")
def found(made, rated):
    return agreement([made], rated, quantities=["pesq_wb", "log_spectral_distance"], draws=20)


@pytest.fixture(scope="module")
def folder(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("out")
    write_all(found, path)
    return path


def test_every_file_is_written_and_reads_back(found, folder):
    names = sorted(path.name for path in folder.iterdir())
    pictures = ["agreement_00_speech_pesq_wb", "agreement_01_speech_log_spectral_distance"]
    assert names == sorted([
        "agreement.csv", "agreement.html", "agreement.json", "agreement.md", "agreement_files.csv",
        "agreement_pairs.csv", *(f"{name}.{kind}" for name in pictures for kind in ("svg", "png")),
    ])  # fmt: skip
    row = next(csv.DictReader(io.StringIO((folder / "agreement.csv").read_text(encoding="utf-8"))))
    pesq = found.agreements[0]
    assert float(row["files_pearson"]) == pesq["files.pearson"].value
    assert float(row["items_kendall_low"]) == pesq["items.kendall"].low
    assert row["sentence"] == pesq.verdict.sentence
    files = pd.read_csv(folder / "agreement_files.csv")
    assert files["mean"].corr(files["pesq_wb"]) == pytest.approx(pesq["files.pearson"].value)
    told = strict((folder / "agreement.json").read_text(encoding="utf-8"))
    assert told == as_json(found)
    assert told["agreements"][0]["levels"]["files"]["pearson"]["value"] == pesq["files.pearson"].value
    assert len(pd.read_csv(folder / "agreement_pairs.csv")) == 1
    assert (folder / f"{pictures[0]}.png").read_bytes().startswith(b"\x89PNG")


def test_the_text_has_every_metric_and_its_verdict(found, folder):
    text = (folder / "agreement.md").read_text(encoding="utf-8")
    for one in found.agreements:
        assert f"| {one.quantity} |" in text
    assert len(set(map(len, (line.split(" | ") for line in text.splitlines() if line.startswith("| "))))) == 2
    for picture in re.findall(r"\]\((\S+)\)", text):
        assert (folder / picture).exists()


def test_the_same_findings_give_the_same_bytes(made, rated, folder, tmp_path):
    again = agreement([made], rated, quantities=["pesq_wb", "log_spectral_distance"], draws=20)
    for path in write_all(again, tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_a_browser_shows_the_page_without_asking_anybody(folder):
    problems: list[str] = []
    asked: list[str] = []
    with browser() as opened:
        for scheme in ("light", "dark"):
            page = opened.new_page(color_scheme=scheme)
            page.on("console", lambda message: problems.append(message.text))
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto((folder / "agreement.html").as_uri())
            page.get_by_role("button", name="RMSE points").click()
            assert page.locator("th[aria-sort]").count() == 1
            assert page.locator("figure svg").count() == 2
    assert problems == []
    assert asked == [(folder / "agreement.html").as_uri()] * 2


def test_the_command(made, rated, tmp_path):
    extra = as_ratings(rated.assign(trial=rated["clip"]))
    write_ratings(tmp_path / "ratings.parquet", extra)
    ask = ["agreement", str(made.folder), "--ratings", str(tmp_path), "--quantity"]
    done = CliRunner().invoke(app, [*ask, "pesq_wb", "--json", "--output", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    told = strict(done.stdout)
    assert [row["quantity"] for row in told["agreements"]] == ["pesq_wb"]
    assert json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8")) == told
    wrong = CliRunner().invoke(app, [*ask, "pesq"])
    assert isinstance(wrong.exception, UnknownName)
    assert str(wrong.exception).startswith("--quantity: the runs have no 'pesq'. Did you mean 'pesq_wb'?")
    shown = CliRunner().invoke(app, [*ask, "pesq_wb"])
    assert "pesq_wb: undecided: 2 sources are too few to tell" in shown.stdout
