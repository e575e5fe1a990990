from __future__ import annotations

import base64
import io
import math
import re
import shutil
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from bench import audio
from bench.report import page as page_module
from bench.report.against import against
from bench.report.plots import LINES, MARKERS, Look, legend_entry, series_of, spread
from bench.report.prose import methods_tex
from bench.report.sounds import SHADES, colours, sound
from bench.report.svg import FAINT, INK
from bench.report.worst import worst_clips
from tests.listening.browser import browser
from tests.report.build import RATE, make_run, with_tables

NASTY = '<b>&"x'
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """What a page holds; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        values = dict(attributes)
        self.links += [values[name] for name in ("src", "href", "action", "data", "poster") if values.get(name)]
        self.ids += [values["id"]] if "id" in values else []
        assert not any(name.startswith("on") for name in values)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page_of(results) -> str:
    """Without the comparison of curves, which test_against.py looks at."""
    return page_module.page(results, 0)


@pytest.fixture(scope="module")
def text(run):
    return page_module.page(run, 0, against(run))


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


def test_the_page_needs_nothing_but_itself(text):
    parsed = Page(text)
    assert all(link.startswith(("#", "data:")) for link in parsed.links)
    assert not re.search(r"https?:|url\((?!#)|@import", text)
    inner = {link[1:] for link in parsed.links if link.startswith("#")}
    assert inner <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_every_category_has_its_table_curves_and_sounds(text):
    parsed = Page(text)
    assert parsed.tags["h1"] == 1
    assert parsed.tags["audio"] == 2 * 2 * 3  # categories, sides, clips
    assert parsed.tags["img"] == 12
    curves = re.findall(r'aria-label="Rate-quality curve: (\w+), (\w+)"', text)
    assert len(curves) == len(set(curves)) == 7  # PESQ is not for music
    assert ("pesq_wb", "music") not in curves


def test_figures_follow_the_page_s_colours(text):
    assert INK not in text
    assert FAINT not in text
    assert "currentColor" in text
    assert "var(--series-0, #" in text
    assert "prefers-color-scheme: dark" in text


def test_names_are_escaped(tmp_path):
    codecs = {NASTY: (6000, 12_000), "$\\frac$": (8000,)}
    run = make_run(tmp_path / "run", clips=3, categories=("speech",), seconds=0.1, codecs=codecs,
                   controls=(f"control{NASTY}",), clip_name=NASTY, run=NASTY,
                   warnings=[NASTY], config_text=NASTY, git_revision=NASTY)  # fmt: skip
    scores = run.scores.copy()
    scores.loc[scores.index[0], ["status", "reason", "value"]] = ["failed", NASTY, math.nan]
    text = page_of(with_tables(run, run.folder, scores=scores))
    parsed = Page(text)
    assert parsed.tags["b"] == 0
    assert "<b>" not in text
    assert parsed.text.count(NASTY) > 10
    assert f"{NASTY}@6000" in parsed.text
    assert "$\\frac$" in parsed.text
    assert parsed.tags["audio"] >= 2


def test_players_hold_the_audio_of_the_run(run, text):
    players = re.findall(
        r'<audio [^>]*src="data:audio/flac;base64,([^"]+)" aria-label="(\w+): ([\w-]+), ([^"]+)"', text
    )
    assert len(players) == 12
    for data, side, clip, condition in players:
        path = run.reference(clip) if side == "reference" else run.decoded(clip, condition)
        original = audio.read(path)
        copy = run.folder.parent / "copy.flac"
        copy.write_bytes(base64.b64decode(data))
        heard = audio.read(copy)
        assert (heard.rate, heard.length, audio.info(copy).subtype) == (RATE, original.length, "PCM_16")
        assert np.abs(heard.samples - original.samples).max() < 2**-14


def test_long_clips_are_cut(tmp_path):
    tone = np.sin(2 * np.pi * 1000 * np.arange(8 * RATE) / RATE)[None] * 0.5
    audio.write(tmp_path / "long.flac", audio.Audio(tone, RATE))
    assert sound(tmp_path / "long.flac").seconds == 6.0


def test_a_tone_stands_at_its_frequency_and_level_in_the_picture(tmp_path):
    tone = np.sin(2 * np.pi * 2000 * np.arange(2 * RATE) / RATE)[None] * 0.1  # -20 dB re a full-scale sine
    audio.write(tmp_path / "tone.flac", audio.Audio(tone, RATE))
    encoded = sound(tmp_path / "tone.flac").spectrogram.partition(",")[2]
    picture = np.array(Image.open(io.BytesIO(base64.b64decode(encoded))))
    column = picture[:, picture.shape[1] // 2]
    assert abs((len(column) - 1 - column.argmax()) / (len(column) - 1) - 2000 / 8000) < 0.02
    assert column.max() == pytest.approx((100 - 20) / 100 * (SHADES - 1), abs=1)
    assert np.median(column) <= 1
    assert colours().shape == (SHADES, 3)


def test_players_are_left_out_where_the_page_would_grow_too_large(run, monkeypatch):
    monkeypatch.setattr(page_module, "LARGEST_PAGE", 420_000)
    text = page_of(run)
    left_out = 6 - Page(text).tags["audio"] // 2
    assert 0 < left_out <= 6
    assert f"The players of {left_out} pairs are left out" in text
    assert text.count("Player left out to keep the page small") == 2 * left_out
    assert len(text.encode()) <= 420_000 or left_out == 6


def test_missing_audio_is_told_and_nothing_else_is_lost(tmp_path):
    run = make_run(tmp_path / "run", categories=("speech",), codecs={"opus": (6000, 12000)}, seconds=0.1)
    shutil.rmtree(run.folder / "decoded")
    text = page_of(run)
    assert text.count("Its audio cannot be shown") == len(worst_clips(run, "speech")) > 0
    assert str(tmp_path) not in text
    assert "Rate-quality curve" in text


def test_worst_clips_stand_out_against_the_others_of_their_condition(quiet_run, tmp_path):
    scores = quiet_run.scores.copy()
    cell = (scores["clip"] == "clip-music-001") & (scores["condition"] == "mp3@24000")
    scores.loc[cell & (scores["quantity"] == "visqol_audio"), "value"] = 1.0
    first = worst_clips(with_tables(quiet_run, tmp_path, scores=scores), "music")[0]
    assert (first.clip, first.condition, first.quantity, first.value) == (
        "clip-music-001", "mp3@24000", "visqol_audio", 1.0,
    )  # fmt: skip
    others = scores[(scores["condition"] == "mp3@24000") & (scores["quantity"] == "visqol_audio")]
    others = others[(others["category"] == "music") & (others["clip"] != first.clip)]
    assert first.others == pytest.approx(others["value"].mean())


def test_worst_clips_without_visqol_and_where_lower_is_better(quiet_run, tmp_path):
    scores = quiet_run.scores[quiet_run.scores["quantity"] == "log_spectral_distance"].copy()
    cell = (scores["clip"] == "clip-speech-002") & (scores["condition"] == "opus@6000")
    scores.loc[cell, "value"] = 30.0
    first = worst_clips(with_tables(quiet_run, tmp_path, scores=scores), "speech")[0]
    assert (first.clip, first.condition, first.value) == ("clip-speech-002", "opus@6000", 30.0)


def test_runs_with_little_in_them(tmp_path):
    small = {"clips": 2, "categories": ("speech",), "codecs": {"opus": (6000, 12000)}, "seconds": 0.1}
    quiet_run = make_run(tmp_path / "0", **small, with_audio=False)
    none = {"value": math.nan, "reason": "broken"}
    runs = {
        "empty": with_tables(quiet_run, tmp_path / "1", encodings=quiet_run.encodings.head(0),
                             scores=quiet_run.scores.head(0)),
        "all failed": with_tables(
            quiet_run, tmp_path / "2", scores=quiet_run.scores.assign(status="failed", **none),
            encodings=quiet_run.encodings.assign(status="failed", reason="broken"),
        ),
        "nothing applies": with_tables(
            quiet_run, tmp_path / "3", scores=quiet_run.scores.assign(status="not_applicable", **none)
        ),
        "one clip": make_run(tmp_path / "4", **small | {"clips": 1}),
        "no codec": make_run(tmp_path / "5", **small | {"codecs": {}}),
        "no control": make_run(tmp_path / "6", **small, controls=()),
        "codecs without a bitrate": make_run(tmp_path / "7", **small | {"codecs": {"flac": (None,), "pcm": (None,)}}),
    }  # fmt: skip
    pages = {name: page_of(results) for name, results in runs.items()}
    for name, text in pages.items():
        assert "Methods" in Page(text).text, name
    assert "there is nothing to show" in pages["empty"]
    assert "broken" in pages["all failed"]


def test_every_series_has_a_look_of_its_own():
    looks = [(MARKERS[i % len(MARKERS)], str(LINES[i % len(LINES)])) for i in range(len(MARKERS) * len(LINES))]
    assert len(set(looks)) == len(looks) == 70
    assert legend_entry(Look(0), "speech") != legend_entry(Look(1), "speech")


def test_conditions_of_one_codec_make_one_series():
    assert series_of("opus@6000") == series_of("opus@12000") == "opus"
    assert series_of("pcm,bits=8") == "pcm,bits=8"
    assert series_of("a@b") == "a@b"


def test_labels_are_moved_apart():
    moved = spread([0.0, 0.01, 0.5, 0.99, 1.0], 0.05)
    assert (np.diff(moved) > 0.05 - 1e-4).all()
    assert moved[0] >= 0
    assert moved[-1] <= 1
    assert spread([], 0.05) == []


def test_a_browser_opens_it_without_complaint_and_sorts(chromium, text, tmp_path):
    tab, said = opened(chromium, text, tmp_path)
    tab.set_viewport_size({"width": 500, "height": 900})
    found = tab.evaluate("""() => {
      const table = document.querySelector("table.sortable"), heads = table.tHead.rows[0].cells;
      const names = () => [...table.tBodies[0].rows].map((row) => row.cells[0].innerText);
      heads[1].firstElementChild.click(); const up = names();
      heads[1].firstElementChild.click(); const down = names();
      return [up[0], down.at(-1), heads[1].getAttribute("aria-sort"), document.documentElement.scrollWidth];
    }""")
    assert found[:3] == ["encodec_24khz@1500", "encodec_24khz@1500", "descending"]
    assert found[3] <= 500
    assert said == []


def opened(chromium, text, folder):
    """A tab with the page, and what it complains of or asks others for."""
    (folder / "page.html").write_text(text, encoding="utf-8")
    tab, said = chromium.new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    tab.goto((folder / "page.html").as_uri())
    return tab, said


def test_reference_and_decoded_are_switched_in_step(chromium, text, tmp_path):
    tab, said = opened(chromium, text, tmp_path)
    first, second = tab.locator(".pair").nth(0), tab.locator(".pair").nth(1)
    first.locator(".play").click()
    first.locator(".play", has_text="Stop").wait_for()
    first.locator(".play").press("b")
    assert first.locator(".side[aria-pressed=true]").inner_text() == "B decoded"
    first.locator(".play").press("x")
    assert first.locator(".side[aria-pressed=true]").inner_text() == "A reference"
    tab.wait_for_function("document.querySelector('.pair .head').style.left !== ''")
    second.locator(".play").click()
    second.locator(".play", has_text="Stop").wait_for()
    assert first.locator(".play").inner_text() == "Play"
    assert said == []


def test_the_methods_and_their_references_can_be_pasted(run, text):
    parsed = Page(text)
    assert methods_tex(run, 0).split(". ")[0] in parsed.text
    assert "@inproceedings{chinen2020visqol," in parsed.text
