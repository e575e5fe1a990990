"""Every page, made of hostile text in every column, in a real browser: nothing runs, and nothing is fetched."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.agreement.finding import agreement
from bench.agreement.outputs import write_all
from bench.auditing import audit
from bench.cards.facts import card_of
from bench.cards.outputs import write_card
from bench.comparing import compare
from bench.comparing.page import page as comparison_page
from bench.curves import analysed, chosen, families
from bench.datasets.base import DatasetContext
from bench.leaderboard import build
from bench.leaderboard.outputs import write
from bench.loading import clips_of
from bench.records.published import PublishedScore
from bench.report import write_report
from bench.report.audit_page import audit_page
from bench.report.curve_page import page as curve_page
from bench.report.references import Reference
from bench.runs.results import Results
from listening_test.analysis.analysed import analyse
from listening_test.analysis.page import page as analysis_page
from listening_test.analysis.screening import screening
from tests.agreement.made import ratings, run
from tests.curves.made import RATES, line, make
from tests.listening.analysis.made import panel
from tests.listening.browser import browser
from tests.listening.conftest import tiny_test
from tests.report.build import with_tables
from tests.report.test_page import Page

EVIL = (
    """<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)>'" onload="alert(1)" style="x" """
    """{{7*7}} ]]></style></title></textarea></script>--><!-- javascript:alert(1) $\\href{javascript:alert(1)}{x}$ """
    """\u2028&lt;b&gt; `"""
)
LINK = "javascript:alert(1)//"
KEPT = {"category", "role", "status", "reference", "decoded", "decoded_sha256", "sha256"}
"""Columns whose values have a meaning: others are refused, or are another test's."""
FIXED = {"categories", "channel_policy"}


def evil_frame(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with hostile text before every text, the same before the same."""
    texts = [name for name in table if name not in KEPT and pd.api.types.is_string_dtype(table[name])]
    return table.assign(**{name: [evil(one) for one in table[name]] for name in texts})


def evil(value: Any) -> Any:
    """``value`` with hostile text before every text and key in it."""
    if isinstance(value, str):
        return EVIL + value
    if isinstance(value, Mapping):
        return {evil(name): evil(one) for name, one in value.items()}
    return [evil(one) for one in value] if isinstance(value, list) else value


def evil_info(info: Mapping[str, Any]) -> dict[str, Any]:
    quantities = {
        evil(name): {key: one if key in FIXED else evil(one) for key, one in about.items()}
        for name, about in info["quantities"].items()
    }
    texts = ("run", "git_revision", "versions", "machine", "resampler", "conditions", "datasets")
    changed = {name: evil(info[name]) for name in texts} | {"quantities": quantities, "warnings": [EVIL, LINK]}
    return {**info, **changed, "config_text": f"{EVIL}\n: [", "alignment": EVIL}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("hostile")
    honest = run(folder / "a", clips=3, categories=("speech",))
    whole = with_tables(
        honest, folder / "b", clips=evil_frame(honest.clips), encodings=evil_frame(honest.encodings),
        scores=evil_frame(honest.scores).assign(reason=EVIL), info=evil_info(honest.info),
    )  # fmt: skip
    assert EVIL in whole.scores["quantity"].iloc[0]
    return whole


def of_report(made: Results, folder: Path) -> Path:
    write_report(made, folder)
    return folder / "report.html"


def of_leaderboard(made: Results, folder: Path) -> Path:
    paper = PublishedScore(EVIL, EVIL, EVIL, 24_000, 1, "speech", EVIL, EVIL, "codec", 6000, None, 30.1, 2.8, EVIL)
    write(build([made], published=[paper, replace(paper, source=LINK, citation=LINK)]), folder)
    return folder / "leaderboard.html"


def of_comparison(made: Results, folder: Path) -> Path:
    comparison = compare(made, made)
    return _written(folder, comparison_page(comparison, [], made.folder))


def of_agreement(made: Results, folder: Path) -> Path:
    rated = ratings(made, lambda clip, condition: 50.0, test=EVIL)
    names = [name for name in made.info["quantities"] if name.endswith(("pesq_wb", "log_spectral_distance"))]
    write_all(agreement([made], rated, quantities=names, draws=20), folder)
    return folder / "agreement.html"


def of_curves(made: Results, folder: Path) -> Path:
    codecs = {EVIL: (RATES, 1.0, line), LINK: (RATES, 0.5, line)}
    found = make(codecs, sources=4)
    return _written(folder, curve_page(analysed(chosen(families(found), ["mos"]), EVIL, draws=50)))


def of_audit(made: Results, folder: Path) -> Path:
    reference = Reference(EVIL, "speech", 24_000, 1, 1.0, 8000.0, -23.0, -60.0, 0.3, {"clipped": EVIL, EVIL: LINK})
    return _written(folder, audit_page(EVIL.replace("/", "\\"), [reference]))


def of_card(made: Results, folder: Path) -> Path:
    clip = clips_of("embedded", DatasetContext(None, folder / "data"))[0]
    attributes = {"genre": EVIL, "attribution": EVIL, "url": LINK, "homepage": LINK, EVIL: EVIL, "licence_url": LINK}
    clips = [replace(clip, licence=licence, attributes=attributes, dataset=EVIL) for licence in (EVIL, LINK)]
    write_card(card_of(EVIL, audit(clips, folder, workers=1), {}, title=EVIL, about=EVIL), folder / "card")
    return folder / "card" / "card.html"


def of_listening_test(made: Results, folder: Path) -> Path:
    (folder / "test").mkdir()
    told = {"command": EVIL, "config_text": EVIL, "findings": [{"what": EVIL}]}
    test = replace(tiny_test(folder / "test", trials=2), title=EVIL, made=told)
    analysis = analyse(evil_frame(panel(listeners=3, clips=2)), screening("none"), 0, 50)
    return _written(folder, analysis_page(analysis, test, {EVIL: 3, LINK: 1}))


def _written(folder: Path, text: str) -> Path:
    (folder / "page.html").write_text(text, encoding="utf-8")
    return folder / "page.html"


PAGES = (of_report, of_leaderboard, of_comparison, of_agreement, of_curves, of_audit, of_card, of_listening_test)

FOUND = """() => {
    const every = [...document.querySelectorAll('*')];
    return {
        scripts: document.scripts.length,
        handlers: every.filter((one) => [...one.attributes].some((mine) => /^on/i.test(mine.name))).map(
            (one) => one.outerHTML.slice(0, 200)),
        links: every.flatMap((one) => ['href', 'src', 'xlink:href', 'action', 'formaction', 'data'].map(
            (name) => one.getAttribute(name) || '')).filter((one) => /^\\s*(javascript|vbscript|data:text)/i.test(one)),
        images: [...document.images].filter((one) => one.getAttribute('src') === 'x').length,
        text: document.body.textContent,
    };
}"""


USE = """(text) => {
    for (const one of [...document.querySelectorAll('th button, summary')].slice(0, 20)) one.click();
    for (const one of document.querySelectorAll('input[type=search], input[type=text], input[name=words]')) {
        one.value = text;
        one.dispatchEvent(new Event('input', { bubbles: true }));
    }
}"""


@pytest.fixture(scope="module")
def page_of(made: Results, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], Path]:
    """The page that one of PAGES makes, made once."""
    return cache(lambda of: of(made, tmp_path_factory.mktemp("page")))


@pytest.mark.parametrize("of", PAGES)
def test_no_text_is_markup(of: Callable[[Results, Path], Path], page_of: Callable[[Any], Path]) -> None:
    text = page_of(of).read_text(encoding="utf-8")
    parsed = Page(text)  # which fails on an attribute that runs, and on tags that do not match
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert not [link for link in parsed.links if link.lower().startswith("javascript:")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("of", PAGES)
def test_nothing_in_a_page_runs(
    of: Callable[[Results, Path], Path], chromium: Any, page_of: Callable[[Any], Path]
) -> None:
    path = page_of(of)
    said: list[str] = []
    tab = chromium.new_page()
    tab.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    tab.on(
        "request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    tab.goto(path.as_uri())
    tab.evaluate(USE, EVIL)
    tab.wait_for_timeout(100)
    found = tab.evaluate(FOUND)
    tab.close()
    assert said == []
    assert found["scripts"] <= 1
    assert (found["handlers"], found["links"], found["images"]) == ([], [], 0)
    assert "<script>alert(1)</script>" in found["text"]


def test_the_hostile_text_does_run_where_nothing_escapes_it(chromium: Any, tmp_path: Path) -> None:
    """Or the test above could not fail."""
    said: list[str] = []
    tab = chromium.new_page()
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.goto(_written(tmp_path, f"<!doctype html><p title='{html.escape(EVIL)}'>{EVIL}</p>").as_uri())
    tab.wait_for_timeout(200)
    tab.close()
    assert said[:1] == ["1"]
