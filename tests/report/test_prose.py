from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from bench.citations import CODECS, CURVES, MEASURES, METHODS, QUANTITIES, SOFTWARE, bibtex, entries
from bench.metrics import CORE, MOS, SEMANTIC, SIGNAL
from bench.metrics.sets import TABLE
from bench.report.latex import escape
from bench.report.prose import methods_tex, references_bib
from bench.runs.results import load_results
from tests.report.build import make_run, with_tables


def test_every_quantity_and_measure_says_what_to_cite():
    assert {entry.name for group in (CORE, SIGNAL, MOS, SEMANTIC) for entry in group} <= set(QUANTITIES)
    assert {entry.name for entry in TABLE} == set(MEASURES)


def test_every_citation_is_in_the_list_and_every_entry_is_cited_somewhere():
    cited = {key for table in (QUANTITIES, MEASURES, CODECS) for keys in table.values() for key in keys}
    assert cited | set(METHODS) <= set(entries())
    assert set(entries()) - cited - set(METHODS) <= {*CURVES, *SOFTWARE, "itu2015bs1534"}


@pytest.mark.parametrize("text", entries().values(), ids=list(entries()))
def test_entries_are_whole(text):
    assert text.count("{") == text.count("}")
    fields = set(re.findall(r"^\s+(\w+)\s*=", text, re.MULTILINE))
    assert {"author", "title", "year"} <= fields
    kind = re.match(r"@(\w+)", text)[1]
    assert {"article": "journal", "inproceedings": "booktitle", "techreport": "institution", "misc": "howpublished"}[
        kind
    ] in fields


def test_what_the_text_cites_is_in_the_references(quiet_run):
    text, references = methods_tex(quiet_run, 0), references_bib(quiet_run)
    cited = {key for keys in re.findall(r"\\cite\{([^}]+)\}", text) for key in keys.split(",")}
    assert cited == set(re.findall(r"@\w+\{([^,]+),", references))
    assert {"leroux2019sdr", "chinen2020visqol", "hesterberg2015bootstrap", "codecbench"} <= cited
    assert "  " not in text


def test_the_text_says_what_was_measured(quiet_run):
    text = methods_tex(quiet_run, 5)
    assert "3 clips of speech from 2 recordings (2~s; made-up)" in text
    assert r"encodec\_24khz" in text
    assert "at 1.5, 3, 6 and 12~kbit/s" in text
    assert "seed 5" in text
    assert "not complete" not in text
    assert "failed" not in text
    assert text.count("{") == text.count("}")


def test_failures_partial_runs_and_stated_bits_are_told(quiet_run, tmp_path):
    encodings = quiet_run.encodings.copy()
    encodings.loc[0, ["status", "reason"]] = ["failed", "no"]
    encodings.loc[encodings["condition"] == "mp3@24000", "bits_are"] = "stated"
    info = {**quiet_run.info, "complete": False, "alignment": "Files as given & not moved."}
    text = methods_tex(with_tables(quiet_run, tmp_path, encodings=encodings, info=info), 0)
    assert f"1 of {len(encodings)} encodings failed" in text
    assert "The bitrates of mp3@24000 are stated, not counted." in text
    assert r"Files as given \& not moved." in text
    assert "probe signal" not in text
    assert "The run is not complete" in text


def test_the_band_limited_rule_is_told_only_of_clips_that_were_audited(quiet_run):
    assert "band (20~kHz at most)" in methods_tex(quiet_run, 0)
    old = replace(quiet_run, clips=quiet_run.clips.drop(columns="edge_hz"))
    assert "References whose content" not in methods_tex(old, 0)


def test_files_from_elsewhere_were_not_coded_here(tmp_path):
    run = make_run(tmp_path, clips=2, with_audio=False, codecs={"theirs": (8000,)})
    theirs = run.encodings["role"] == "codec"
    encodings = run.encodings.assign(
        codec_version=run.encodings["codec_version"].mask(theirs, "decoded 1"),
        bits_are=run.encodings["bits_are"].mask(theirs, "stated"),
    )
    text = methods_tex(replace(run, encodings=encodings), 0)
    assert "coded and decoded elsewhere were judged as theirs at 8~kbit/s" in text
    assert "The bitrates of theirs@8000 are stated, not counted." in text
    for claim in ("We coded", "fresh decoder", "Bitrates are counted", "probe signal"):
        assert claim not in text


def test_a_codec_without_a_version_is_told_so(quiet_run, tmp_path):
    encodings = quiet_run.encodings.assign(codec_version=None)
    with_tables(quiet_run, tmp_path, encodings=encodings)
    assert "opus (version unknown)" in methods_tex(load_results(tmp_path), 0)


def test_names_are_escaped_for_escape():
    assert escape("a<b>|c") == r"a\textless{}b\textgreater{}\textbar{}c"
    assert escape(r"50 %_{a}&\b^~#$") == r"50 \%\_\{a\}\&\textbackslash{}b\textasciicircum{}\textasciitilde{}\#\$"


def test_keys_are_listed_once_in_the_order_of_the_file():
    both = bibtex(["rix2001pesq", "leroux2019sdr", "rix2001pesq"])
    assert re.findall(r"@\w+\{([^,]+),", both) == ["leroux2019sdr", "rix2001pesq"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex (Debian: apt install texlive-latex-base)")
def test_latex_sets_it(tmp_path):
    run = make_run(tmp_path / "run", clips=2, with_audio=False, clip_name="50 %_&")
    (tmp_path / "methods.tex").write_text(methods_tex(run, 0))
    (tmp_path / "a.tex").write_text(r"\documentclass{article}\begin{document}\input{methods}\end{document}")
    subprocess.run(["pdflatex", "-halt-on-error", "a.tex"], cwd=tmp_path, check=True, capture_output=True)
