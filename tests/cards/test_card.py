from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner

from bench import audio, auditing, datasets
from bench.audio import Audio
from bench.auditing import audit
from bench.cards.facts import card_of
from bench.cards.markdown import front_matter
from bench.cards.outputs import to_json, write_card
from bench.cards.plots import histogram
from bench.cards.words import hours
from bench.cli.app import app
from bench.datasets.base import DatasetContext, sha256_of
from bench.datasets.known import known_sets
from bench.datasets.manifest import write_manifest
from bench.domain import Clip
from bench.loading import clips_of
from tests.conftest import noise
from tests.datasets.known_trees import TREES
from tests.in_process import in_process, results

SETS = known_sets()


def measured(clips, folder):
    with in_process():
        return audit(clips, folder, workers=1)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedded")
    return measured(clips_of("embedded", DatasetContext(None, folder)), folder)


@pytest.fixture(scope="module")
def card(embedded):
    return card_of("embedded", embedded, SETS)


@pytest.fixture(scope="module")
def written(card, tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    return {path.name: path.read_text(encoding="utf-8") for path in write_card(card, folder)}


def table(card, key):
    [found] = [one for one in card.tables if one.key == key]
    return {one.value: one.clips for one in found.counts}


def distribution(card, key):
    [found] = [one for one in card.distributions if one.key == key]
    return found


class Tags(HTMLParser):
    """Whether tags are closed in order, and what they refer to."""

    def __init__(self):
        super().__init__()
        self.open, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_numbers_are_those_of_the_clips(card, embedded):
    assert (card.clips, card.unreadable, card.sources, card.speakers) == (12, 0, 12, 8)
    seconds = sum(row.clip.samples / row.clip.sample_rate for row in embedded)
    assert card.hours == pytest.approx(seconds / 3600)
    assert table(card, "category") == {"speech": 4, "noisy reverberant speech": 4, "music": 4}
    assert table(card, "rate") == {"24000 Hz": 8, "48000 Hz": 4}
    assert table(card, "channels") == {"1": 9, "2": 3}
    assert "unknown" not in table(card, "genre")  # speech has none and needs none
    for one in card.tables:
        if one.key != "genre":
            assert sum(count.hours for count in one.counts) == pytest.approx(card.hours)
    assert sum(row.clips for row in card.licences) == 12
    loudness = distribution(card, "loudness_lufs")
    assert loudness.all == sorted(row.facts.loudness_lufs for row in embedded)
    assert distribution(card, "snr_db").without == 8
    assert len(distribution(card, "rt60_s").all) == 4


def test_the_hash_is_what_a_shell_gives(card, embedded):
    lines = "".join(sorted(f"{row.clip.sha256}\n" for row in embedded))
    assert card.sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert card_of("x", embedded[::-1], SETS).sha256 == card.sha256
    assert card_of("x", embedded[1:], SETS).sha256 != card.sha256


def test_the_files_need_nothing_but_themselves(written):
    page = Tags()
    page.feed(written["card.html"])
    assert page.open == []
    assert all(link.startswith(("#", "data:", "https://")) for link in page.links)
    assert "prefers-color-scheme: dark" in written["card.html"]
    pictures = set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", written["card.md"]))
    assert pictures == {name for name in written if name.endswith(".svg")}
    for name in pictures:
        assert ET.fromstring(written[name]).tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme:dark" in written[name]


def test_cards_are_deterministic(card, written, tmp_path):
    again = {path.name: path.read_text(encoding="utf-8") for path in write_card(card, tmp_path)}
    assert again == written


def test_every_number_is_in_all_three_forms(card, written):
    for one in card.tables:
        for count in one.counts:
            assert count.value in written["card.html"]
            assert f"| {count.value} | {count.clips} | {hours(count.hours)} |" in written["card.md"]
    assert card.attribution.strip() in written["card.md"]
    assert card.sha256 in written["card.md"]
    assert card.sha256 in written["card.html"]
    assert json.loads(json.dumps(to_json(card)))["clips"] == 12


def test_hubs_can_read_the_head(written):
    head = yaml.safe_load(written["card.md"].split("---\n")[1])
    assert head["license"] == ["cc0-1.0"]
    assert head["size_categories"] == ["n<1K"]
    assert head["pretty_name"] == "embedded"


def test_a_known_set_brings_its_names(tmp_path):
    (tmp_path / "data").mkdir()
    known = SETS["librispeech_test_clean"]
    TREES[known.name].build(tmp_path / "data" / known.place)
    context = DatasetContext(tmp_path / "data", tmp_path / "cache")
    clips = datasets.make(known.name, {"name": "ls", "context": context})
    card = card_of("ls", measured(clips, tmp_path), SETS)
    assert card.title == known.title
    assert card.languages == ("en",)
    assert card.speakers == 2
    assert table(card, "gender") == {"male": 2, "female": 1}
    for part in (known.attribution, known.citation, known.licence_url, "3 clips", "CC BY 4.0"):
        assert part in card.attribution
    assert front_matter(card)["language"] == ["en"]
    text = {path.name: path.read_text(encoding="utf-8") for path in write_card(card, tmp_path / "card")}
    assert known.citation in text["card.md"]
    assert str(tmp_path) not in "".join(text.values())


@pytest.fixture
def two(tmp_path):
    """A manifest of a readable file and one that is none, both without a licence."""
    audio.write(tmp_path / "a.wav", noise(16_000, 1.0))
    (tmp_path / "b.wav").write_bytes(b"no audio")
    about = {"speaker": "<b>|`x`", "language": "en-GB", "sampling": {"seed": 7, "limit": 2}}
    clips = [
        Clip(f"x/{name}", "x", "speech", str(tmp_path / f"{name}.wav"), sha256_of(tmp_path / f"{name}.wav"), *facts,
             attributes=about)
        for name, facts in (("a", (16_000, 1, 16_000)), ("b", (0, 0, 0)))
    ]  # fmt: skip
    write_manifest(tmp_path / "two.jsonl", clips)
    return clips


def test_what_is_unknown_or_broken_is_shown(two, tmp_path):
    card = card_of("x", measured(two, tmp_path), {})
    text = {path.name: path.read_text(encoding="utf-8") for path in write_card(card, tmp_path / "card")}
    assert card.unreadable == 1
    assert card.clips == 2
    assert {mark.name: mark.clips for mark in card.marks}["unreadable"] == 1
    assert "1 file cannot be read" in text["card.md"]
    assert "Licence: UNKNOWN" in text["ATTRIBUTION.txt"]
    assert "| **not stated** |" in text["card.md"]
    assert '<strong class="unknown">not stated</strong>' in text["card.html"]
    assert front_matter(card)["license"] == ["unknown"]
    assert front_matter(card)["language"] == ["en"]
    assert distribution(card, "loudness_lufs").without == 1
    assert '"seed": 7' in text["card.md"]


def test_names_are_text_and_no_markup(two, tmp_path):
    wild = "<script>alert(1)</script> | `x` ```"
    clips = [replace(two[0], licence=wild, attributes={"genre": wild, "attribution": wild})]
    card = card_of("x", measured(clips, tmp_path), {}, title=wild, about=wild)
    text = {path.name: path.read_text(encoding="utf-8") for path in write_card(card, tmp_path / "card")}
    assert "<script>" not in text["card.html"]
    shown = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text["card.md"].split("---\n", 2)[2], flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in shown
    assert wild in text["ATTRIBUTION.txt"]


def test_authors_of_single_recordings_and_of_mixtures(two, tmp_path):
    song = replace(two[0], category="music", licence="CC BY 4.0",
                   attributes={"artist": "A. Singer", "title": "A song", "url": "https://example.org/1"})  # fmt: skip
    materials = [
        {"role": "speech", "name": "p228", "licence": "CC BY 4.0", "attribution": "VCTK"},
        {"role": "noise", "name": "rain"},
    ]
    mix = replace(two[0], id="x/mix", licence="speech: CC BY 4.0; noise: not stated", start_s=0.1, duration_s=0.5,
                  attributes={"materials": materials})  # fmt: skip
    text = card_of("x", measured([song, mix], tmp_path), {}).attribution
    assert "- “A song” by A. Singer, https://example.org/1" in text
    assert (
        "1 clip, cut from longer recordings, mixed from the recordings below, and so changed.\n"
        "Speech. Licence: CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)\n- VCTK\n"
        "Noise. Licence: UNKNOWN."
    ) in text
    assert "\n- rain\n" in text


def test_everybody_is_named_once_in_a_set_of_mixtures(two, tmp_path):
    clips = []
    for number in range(4):
        noise = {"role": "noise", "name": f"{number}.wav", "licence": "CC0" if number % 2 else "CC BY 3.0"}
        used = [{"role": "speech", "name": "p1", "licence": "CC BY 4.0", "attribution": "VCTK"}, noise]
        stated = f"speech: CC BY 4.0; noise: {noise['licence']}"
        told = {"materials": used, "attribution": "VCTK", "speaker": f"p{number % 2}", "language": "en"}
        clips.append(replace(two[0], id=f"x/{number}", licence=stated, attributes=told))
    card = card_of("x", measured(clips, tmp_path), {})
    assert card.attribution.count("VCTK") == 1
    assert "- 0.wav (authors: UNKNOWN; to name the authors" in card.attribution
    assert "- 1.wav\n- 3.wav\n" in card.attribution
    assert {row.stated: row.clips for row in card.licences} == {"CC BY 4.0": 4, "CC BY 3.0": 2, "CC0": 2}
    assert (card.speakers, card.without_speaker, card.languages) == (2, 0, ("en",))


def test_a_licence_that_asks_for_authors_who_are_not_known(two, tmp_path):
    rows = measured([replace(two[0], licence="CC BY 4.0", attributes={})], tmp_path)
    text = card_of("x", rows, {}, title="My recordings").attribution
    assert text.startswith(
        "My recordings: 1 clip.\nLicence: CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)\n"
    )
    assert "Authors: UNKNOWN. The licence asks to name the authors" in text
    free = measured([replace(two[0], licence="CC0 1.0", attributes={})], tmp_path)
    assert "UNKNOWN" not in card_of("x", free, {}).attribution


def test_nothing_that_could_be_measured(two, tmp_path):
    card = card_of("x", measured(two[1:], tmp_path), {})
    text = {path.name: path.read_text(encoding="utf-8") for path in write_card(card, tmp_path / "card")}
    assert "No clip could be measured" in text["card.html"]
    assert card.hours == 0


def test_histograms_count_every_clip(card):
    for one in card.distributions:
        heights = ET.fromstring(histogram(one).replace("var(--faint, #999999)", "x"))
        assert heights.tag == "svg"
    same = replace(distribution(card, "seconds"), values={"speech": (2.0, 2.0)})
    assert "<svg" in histogram(same)


def test_real_speech_full_band_and_not(real_data, tmp_path):
    names = ("vctk_p228_023.wav", "kerstin_de_rhasspy-0013.flac")
    clips = []
    for name in names:
        path = real_data(f"speech/{name}")
        header = audio.info(path)
        clips.append(Clip(f"x/{name}", "x", "speech", str(path), sha256_of(path), header.rate, header.channels,
                          header.length, licence="CC BY 4.0"))  # fmt: skip
    card = card_of("x", measured(clips, tmp_path), {})
    assert table(card, "bandwidth") == {"FB": 1, "WB": 1}  # the folder of real audio states 24 and 7.5 kHz
    assert -40 < min(distribution(card, "loudness_lufs").all) < max(distribution(card, "loudness_lufs").all) < -10


def test_the_command(two, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(auditing, "results", results)
    runner = CliRunner()
    shown = runner.invoke(app, ["data", "card", str(tmp_path / "two.jsonl"), "--title", "Two", "--workers", "1"])
    assert shown.exit_code == 0, shown.output
    assert (tmp_path / "results/cards/two/card.html").is_file()
    assert "not stated (2)" in shown.output
    found = runner.invoke(app, ["data", "card", str(tmp_path / "two.jsonl"), "--json", "--output", "elsewhere"])
    assert json.loads(found.stdout)["unreadable"] == 1
    assert (tmp_path / "elsewhere/card.md").is_file()


def test_a_sample_and_its_card(tmp_path, monkeypatch):
    for speaker in ("p1", "p2", "p3"):
        for number in range(3):
            audio.write(tmp_path / "c" / f"{speaker}_{number}.wav", Audio(noise(16_000, 0.5).samples, 16_000))
    asked = ["data", "sample", str(tmp_path / "c"), "--limit", "3", "--by", "speaker", "--seed", "5"]
    runner = CliRunner()
    done = runner.invoke(
        app, [*asked, "--attributes", "^(?P<speaker>p.)_", "--output", str(tmp_path / "s.jsonl"), "--json"]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [row["chosen"] for row in found["strata"]] == [1, 1, 1]
    clips = clips_of(str(tmp_path / "s.jsonl"), DatasetContext(None, tmp_path))
    assert len(clips) == 3
    assert clips[0].attributes["sampling"] == {"limit": 3, "seed": 5, "by": ["speaker"], "allocation": "equal"}
    wrong = runner.invoke(app, [*asked[:-2], "--allocation", "fair"])
    assert wrong.exit_code != 0
