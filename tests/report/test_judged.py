from __future__ import annotations

import io
import json
import math

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from bench import runner
from bench.audio import Audio, write
from bench.report import render, summarise, wide, write_report
from bench.report.plots import per_clip
from bench.report.wide import sheets
from bench.report.worst import worst_clips
from bench.runs.results import load_results
from bench.tables import band_limited, bitrates_of_means, rates
from tests.conftest import noise
from tests.listening.browser import browser
from tests.report.build import make_run, with_tables
from tests.report.test_page import page_of

INCLUDED = {"band_limited": "include"}
AUDITED = ["bandwidth_hz", "edge_hz", "marks", "loudness_lufs"]


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """Four clips each of speech and music, files and codecs at 16 kHz; two of speech and all music end far below."""
    results = make_run(tmp_path_factory.mktemp("audited"), with_audio=False)
    edges = [4_000.0, None, 4_000.0, None, 3_000.0, 3_000.0, 3_000.0, 3_000.0]
    marks = [json.dumps({"band_limited": f"ends at {edge}"} if edge else {}) for edge in edges]
    clips = results.clips.assign(edge_hz=edges, marks=marks, bandwidth_hz=7_000.0, loudness_lufs=-20.0)
    return with_tables(results, results.folder, clips=clips)


@pytest.fixture(scope="module")
def report_of_audited(audited):
    """The texts of ``summary.csv``, ``rates.csv``, ``report.md`` and ``report.html``."""
    return [path.read_text() for path in write_report(audited)[:4]]


def of(results, **cell):
    table = summarise(results)
    for column, value in cell.items():
        table = table[table[column] == value]
    (row,) = table.to_dict("records")
    return row


def test_a_limited_reference_leaves_the_mean_and_is_counted(audited):
    row = of(audited, category="speech", condition="opus@6000", quantity="pesq_wb")
    kept = audited.scores.query("condition == 'opus@6000' and quantity == 'pesq_wb' and category == 'speech'")
    kept = kept[kept["clip"].isin(["clip-speech-001", "clip-speech-003"])]
    assert row["mean"] == pytest.approx(kept["value"].mean())
    assert (row["n"], row["n_band_limited"], row["n_failed"], row["n_undefined"], row["n_sources"]) == (2, 2, 0, 0, 2)


def test_where_all_are_limited_there_is_no_mean_and_the_report_says_why(audited, report_of_audited):
    row = of(audited, category="music", condition="opus@6000", quantity="visqol_audio")
    assert math.isnan(row["mean"])
    assert (row["n"], row["n_band_limited"]) == (0, 4)
    assert wide(audited)["music"].loc["opus@6000", "visqol_audio (MOS-LQO ↑)"] == "–† (4 band-limited)"
    for told in (report_of_audited[2], report_of_audited[3]):
        assert "No mean where every reference with a value is band-limited" in told
        assert "†" in told
    assert worst_clips(audited, "music") == []


def test_a_codec_that_works_at_a_lower_rate_is_judged(audited):
    slow = audited.encodings.assign(
        sample_rate=audited.encodings["sample_rate"].mask(audited.encodings["condition"] == "opus@6000", 8_000)
    )
    results = with_tables(audited, audited.folder.parent / "slow", encodings=slow)
    assert of(results, category="speech", condition="opus@6000", quantity="pesq_wb")["n"] == 4
    assert of(results, category="speech", condition="opus@12000", quantity="pesq_wb")["n"] == 2


def test_a_run_at_a_lower_rate_judges_all(audited):
    results = with_tables(audited, audited.folder.parent / "low", info=audited.info | {"sample_rate": 8_000})
    assert of(results, category="speech", condition="opus@6000", quantity="pesq_wb")["n_band_limited"] == 0
    results = with_tables(audited, audited.folder.parent / "high", info=audited.info | {"sample_rate": 48_000},
                          encodings=audited.encodings.assign(sample_rate=48_000))  # fmt: skip
    assert of(results, category="speech", condition="opus@6000", quantity="pesq_wb")["n"] == 0  # 16 kHz files


def test_included_they_are_marked_and_count(audited):
    results = with_tables(audited, audited.folder.parent / "all", info=audited.info | {"band_limited": "include"})
    cell = {"category": "speech", "condition": "opus@6000", "quantity": "pesq_wb"}
    row = of(results, **cell)
    plain = audited.scores.query("condition == 'opus@6000' and quantity == 'pesq_wb' and category == 'speech'")
    assert (row["n"], row["n_band_limited"]) == (4, 2)
    assert row["mean"] == pytest.approx(plain["value"].mean())
    assert "†" in wide(results)["speech"].loc["opus@6000", "pesq_wb (MOS-LQO ↑)"]
    assert len(per_clip(results, "speech", "pesq_wb")["opus@6000"]) == 4
    assert len(per_clip(audited, "speech", "pesq_wb")["opus@6000"]) == 2


def test_a_run_from_before_the_audit_is_read_as_it_was(audited):
    old = with_tables(audited, audited.folder.parent / "before")
    old.clips.drop(columns=AUDITED).to_parquet(old.folder / "clips.parquet")
    old = load_results(old.folder)
    assert not band_limited(old).any()
    assert of(old, category="speech", condition="opus@6000", quantity="pesq_wb")["n"] == 4
    assert "The references" not in page_of(old)


def test_the_page_shows_the_references(report_of_audited):
    summary, _, text, page = report_of_audited
    assert "n_band_limited" in summary.splitlines()[0]
    assert '<section id="references"' in page
    assert "8 clips" in text
    assert "| band_limited | 4 |" in text


def test_a_run_finds_and_leaves_out_what_is_not_full_band(tmp_path):
    """From the file to the table: 48 kHz files, one of which has nothing above 8 kHz."""
    folder = tmp_path / "data"
    for index in range(2):
        write(folder / f"full{index}.wav", noise(48_000, 1.0, seed=index), "PCM_16")
    narrow = noise(16_000, 1.0, seed=5)
    write(folder / "narrow.wav", narrow.at(48_000), "PCM_16")
    write(folder / "twice.wav", Audio(noise(48_000, 1.0, seed=1).samples.repeat(2, axis=0), 48_000), "PCM_16")
    config = {
        "name": "audited",
        "datasets": [{"loader": "folder", "name": "speech", "category": "speech", "path": str(folder)}],
        "codecs": ["passthrough", {"name": "mp3", "bitrates_bps": [16_000], "options": {"sample_rate": 16_000}}],
        "metrics": ["snr"],
    }
    results = runner.run(config, output=tmp_path / "run", workers=1)
    clips = results.clips.set_index("clip")
    assert clips.loc["speech/narrow", "edge_hz"] == pytest.approx(8_000, abs=400)
    assert clips["edge_hz"].drop("speech/narrow").isna().all()
    assert clips.loc["speech/twice", "stereo"] == "dual_mono"
    assert clips["format"].eq("PCM_16").all()
    assert clips["loudness_lufs"].between(-25, -10).all()
    marks = {clip.partition("/")[2]: set(json.loads(text)) - {"no_licence"} for clip, text in clips["marks"].items()}
    assert "band_limited" in marks["narrow"]
    assert marks["twice"] >= {"dual_mono"}
    assert any(line.startswith("band_limited, 1 of 4") for line in results.info["warnings"])
    assert any(line.startswith("no_licence, 4 of 4") for line in results.info["warnings"])
    table = summarise(results).set_index("condition")
    assert table["n"].tolist() == [3, 4]
    assert table["n_band_limited"].tolist() == [1, 0]
    assert len(results.scores) == 8, "raw rows are never removed"
    assert np.isfinite(results.scores["value"]).sum() + np.isinf(results.scores["value"]).sum() == 8
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(render(results))
    assert "1 band-limited" in console.export_text()
    pd.testing.assert_frame_equal(runner.run(config, output=tmp_path / "run", workers=1).clips, results.clips)


def test_a_curve_has_the_bitrate_of_the_clips_in_its_mean(audited):
    everything = bitrates_of_means(with_tables(audited, audited.folder.parent / "in", info=audited.info | INCLUDED))
    table = rates(audited).set_index(["category", "condition"])["actual_bps"]
    for row in everything.to_dict("records"):
        assert row["actual_bps"] == table[row["category"], row["condition"]]
    (bps,) = bitrates_of_means(audited).query(
        "category == 'speech' and condition == 'opus@6000' and quantity == 'pesq_wb'"
    )["actual_bps"]
    coded = audited.encodings.query("condition == 'opus@6000'").set_index("clip")
    coded = coded.loc[["clip-speech-001", "clip-speech-003"]]
    assert bps == pytest.approx(coded["payload_bits"].sum() / coded["seconds"].sum())
    assert bps != table["speech", "opus@6000"]
    assert set(bitrates_of_means(audited)["category"]) == {"speech"}, "no clip of music counts"


def test_the_dagger_warns_of_other_clips(audited):
    (sheet, _) = sheets(audited)
    assert "compare it only with means over the same clips" in sheet.notes[0]
    included = with_tables(audited, audited.folder.parent / "in", info=audited.info | INCLUDED)
    (sheet, _) = sheets(included)
    assert "compare" not in sheet.notes[0]


def test_the_advice_of_marks_shows_code(audited):
    clips = audited.clips.assign(marks=json.dumps({"dual_mono": "`<b>` and `"}))
    page = page_of(with_tables(audited, audited.folder.parent / "code", clips=clips))
    assert "<code>channels: 1</code>" in page
    assert "<code>&lt;b&gt;</code> and `" in page


def test_the_table_of_references_fits_into_a_window(audited, tmp_path):
    marks = json.dumps({"lossy": "41 % of the frames end in a step of 17 dB at cut-offs that move " + 9 * "and move "})
    names = [f"corpus/wav48_silence_trimmed/p228/{name}" for name in audited.clips["clip"]]
    clips = audited.clips.assign(
        marks=marks, clip=names, category="noisy_reverberant_speech", noise_floor_dbfs=-61.2, rt60_s=0.31
    )
    (tmp_path / "page.html").write_text(page_of(with_tables(audited, tmp_path / "wide", clips=clips)))
    with browser() as opened:
        tab = opened.new_page(viewport={"width": 1300, "height": 900})
        tab.goto((tmp_path / "page.html").as_uri())
        box = tab.locator("table.clips").locator("..")
        assert box.evaluate("(one) => one.scrollWidth <= one.clientWidth")
