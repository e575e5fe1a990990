from __future__ import annotations

import re

import pytest

from bench.leaderboard import build, write
from bench.leaderboard.page import page
from tests.leaderboard.test_building import PAPER
from tests.listening.browser import browser
from tests.report.build import make_run, with_tables
from tests.report.test_page import Page

NASTY = '<b>&"x'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"), clips=4, with_audio=False)
    encodings = run.encodings.copy()
    encodings["source"] = encodings["source"] + NASTY
    info = {**run.info, "machine": {"cpu": NASTY}}
    run = with_tables(run, tmp_path_factory.mktemp("nasty"), encodings=encodings, info=info)
    out = tmp_path_factory.mktemp("board")
    write(build([run]), out)
    return out


def test_the_page_needs_nothing_but_itself(folder):
    text = (folder / "leaderboard.html").read_text(encoding="utf-8")
    parsed = Page(text)
    assert all(link.startswith(("#", "data:")) for link in parsed.links)
    assert "http" not in text
    assert NASTY in parsed.text
    assert "<b>" not in text
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)


def test_the_page_sorts_filters_and_hides_columns(folder):
    said = []
    with browser() as opened:
        tab = opened.new_page(viewport={"width": 600, "height": 900})
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        tab.goto((folder / "leaderboard.html").as_uri())
        board = tab.locator(".board").first
        rows = board.locator("tbody tr:visible")
        names = board.locator("tbody tr:visible th")
        everything = rows.count()
        board.get_by_role("button", name="measured").click()
        kbps = [float(row.get_attribute("data-kbps")) for row in rows.all()]
        assert kbps == sorted(kbps)
        tab.get_by_label("Find").fill("opus")
        assert names.all_inner_texts() == ["opus@6000", "opus@12000"]
        tab.locator("[name=least]").fill("7")
        assert names.all_inner_texts() == ["opus@12000"]
        tab.get_by_role("button", name="Reset").click()
        tab.wait_for_function(f"document.querySelector('output').textContent.startsWith('{2 * everything} ')")
        tab.get_by_label("references, anchors and controls").uncheck()
        assert rows.count() == everything - 3
        tab.get_by_text("Columns", exact=True).click()
        tab.get_by_label("pesq_wb").uncheck()
        assert board.locator("[data-column=pesq_wb]:visible").count() == 0
        tab.locator("[name=words]").fill("no such codec")
        assert board.get_by_text("No row of this table passes the filters.").is_visible()
        tab.locator("select").select_option("board-1")
        assert not board.is_visible()
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []


def test_published_scores_pass_the_filter_by_the_bitrate_that_they_state(run):
    text = page(build([run], published=PAPER, sort="nominal_bps"))
    rows = re.findall(r'<tr class="codec published" data-kind="published" data-kbps="([^"]*)"', text)
    assert [float(kbps) for kbps in rows] == [6, 6, 64]
    assert 'data-column="nominal_bps" aria-sort="ascending"' in text
    assert '<td class="words" data-column="source" data-order="1">paper (published)</td>' in text
    assert 'data-column="visqol_audio" aria-sort="descending"' in page(build([run]))


def test_the_best_is_marked_only_where_it_is_certain(tmp_path):
    codecs = {"good": (24000,), "bad": (1500,)}
    run = make_run(tmp_path / "run", clips=24, categories=("speech",), codecs=codecs, with_audio=False)
    write(build([run]), tmp_path)
    text = (tmp_path / "leaderboard.html").read_text(encoding="utf-8")
    assert "rank 1 of 2" in text
    assert "<strong>" in text
