from __future__ import annotations

import io
import json
import math
import subprocess
import sys

import pandas as pd
import pytest
from rich.console import Console

from bench.report import rates, render, summarise, to_json, write_report
from bench.report.markdown import escape
from bench.report.page import page as page_of
from bench.report.record import failures, headline
from bench.report.text import markdown
from bench.tables.bits import RATE_COLUMNS
from bench.tables.scores import SUMMARY_COLUMNS
from tests.report.build import make_run, with_tables

NASTY = '<b>&"x'


def printed(results, width=100) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=False).print(render(results))
    return stream.getvalue()


@pytest.fixture(scope="module")
def broken_run(tmp_path_factory):
    """One encoding failed and took its scores along; one score is undefined; the run is not complete."""
    run = make_run(tmp_path_factory.mktemp("whole"), clips=2, with_audio=False)
    encodings, scores = run.encodings.copy(), run.scores.copy()
    where = (encodings["condition"] == "opus@6000") & (encodings["clip"] == "clip-music-001")
    encodings.loc[where, ["status", "reason"]] = ["failed", "the encoder ended with code 1"]
    where = (scores["condition"] == "opus@6000") & (scores["clip"] == "clip-music-001")
    scores.loc[where, ["status", "reason", "value"]] = ["failed", "the encoder ended with code 1", math.nan]
    where = (
        (scores["condition"] == "reference") & (scores["quantity"] == "si_sdr") & (scores["clip"] == "clip-speech-000")
    )
    scores.loc[where, ["status", "reason", "value"]] = ["undefined", "the reference is silent", math.nan]
    info = run.info | {"complete": False, "warnings": ["a <warning>"]}
    return with_tables(run, tmp_path_factory.mktemp("broken"), encodings=encodings, scores=scores, info=info)


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    """The files of a report of ``run``."""
    return write_report(run, tmp_path_factory.mktemp("report") / "new")


@pytest.fixture(scope="module")
def broken_report(broken_run, tmp_path_factory):
    """The files of a report of ``broken_run``."""
    return write_report(broken_run, tmp_path_factory.mktemp("broken_report"))


def test_files_are_written_and_read_back(run, written):
    paths = written
    assert [path.name for path in paths] == [
        "summary.csv", "rates.csv", "report.md", "report.html", "methods.tex", "references.bib",
    ]  # fmt: skip
    assert sorted(paths[0].parent.parent.rglob("*.*")) == sorted(paths)  # no temporary file stays
    summary, rate_table = (pd.read_csv(path) for path in paths[:2])
    assert tuple(summary.columns) == SUMMARY_COLUMNS
    assert tuple(rate_table.columns) == RATE_COLUMNS
    pd.testing.assert_frame_equal(summary, summarise(run), check_dtype=False)
    pd.testing.assert_frame_equal(rate_table, rates(run), check_dtype=False)


def test_the_same_run_gives_the_same_bytes(run, written, tmp_path):
    second = write_report(run, tmp_path)
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in second]


def test_the_default_folder_is_the_run_s(tmp_path):
    run = make_run(tmp_path, clips=1, categories=("speech",), with_audio=False)
    assert {path.parent for path in write_report(run)} == {tmp_path}


def test_json_is_valid_and_exact(run):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    read = json.loads(json.dumps(to_json(run)), parse_constant=refuse)
    summary = summarise(run)
    assert len(read["summary"]) == len(summary)
    for told, row in zip(read["summary"], summary.to_dict("records"), strict=True):
        mean = {"Infinity": math.inf, None: math.nan}.get(told["mean"], told["mean"])
        assert mean == row["mean"] or (math.isnan(mean) and math.isnan(row["mean"]))
        assert isinstance(told["n"], int)
    assert any(told["mean"] == "Infinity" for told in read["summary"])
    assert read["record"]["quantities"]["si_sdr"]["low"] == "-Infinity"
    assert read["rates"][0]["nominal_bps"] is None
    assert read["complete"] is True


def test_a_partial_run_is_marked_everywhere(broken_run, broken_report):
    summary, rate_table, text, page = broken_report[:4]
    assert not pd.read_csv(summary)["complete"].any()
    assert not pd.read_csv(rate_table)["complete"].any()
    assert "(partial run)" in text.read_text().splitlines()[0]
    assert page.read_text().count("partial run") >= 4
    assert to_json(broken_run)["complete"] is False
    assert "Speech (partial run)" in printed(broken_run)


def test_a_complete_run_is_not(run, written):
    text = "".join(path.read_text() for path in written[:4]) + printed(run)
    assert "partial run" not in text


def test_failures_are_told_with_their_reason(broken_run, broken_report):
    rows = failures(broken_run)
    assert rows["what"].tolist() == ["si_sdr", "encoding, visqol_audio, pesq_wb, si_sdr, log_spectral_distance"]
    assert rows["rows"].tolist() == [1, 5]
    told = headline(broken_run)
    assert (told.cells_failed, told.scores_failed, told.scores_undefined) == (1, 4, 1)
    texts = [path.read_text() for path in broken_report[2:4]] + [printed(broken_run, 300)]
    for text in texts:
        assert "the encoder ended with code 1" in text
        assert "the reference is silent" in text


def test_a_broken_file_is_one_line_whatever_was_planned_for_it(quiet_run, tmp_path):
    clip, why = quiet_run.clips["clip"].iloc[0], "a.wav cannot be read"
    coded, scores = quiet_run.encodings, quiet_run.scores
    of_coded, of_scores = coded["clip"] == clip, scores["clip"] == clip
    coded = coded.assign(status=coded["status"].astype(str).where(~of_coded, "failed"), reason="")
    scores = scores.assign(status=scores["status"].astype(str).where(~of_scores, "failed"), reason="")
    coded.loc[of_coded, "reason"], scores.loc[of_scores, "reason"] = why, f"no decoded audio: {why}"
    scores.loc[of_scores, "value"] = math.nan
    run = with_tables(quiet_run, tmp_path / "run", encodings=coded, scores=scores)
    assert len(failures(run)) == coded.loc[of_coded, "condition"].nunique()
    assert printed(run, 300).count(why) == 1


def test_many_failures_are_capped_and_counted(quiet_run, tmp_path):
    scores = quiet_run.scores.assign(status="failed", value=math.nan)
    scores = scores.assign(reason=[f"reason {i}" for i in range(len(scores))])
    run = with_tables(quiet_run, tmp_path / "run", scores=scores)
    text, page = (made(run, 0) for made in (markdown, page_of))
    assert f"{len(scores) - 50} more are in" in text
    assert f"{len(scores) - 200} more are in" in page
    assert f"and {len(scores) - 10} more" in printed(run)


def test_markdown_tables_have_rows_of_one_width(broken_report):
    text = broken_report[2].read_text()
    tables = [block.splitlines() for block in text.split("\n\n") if block.lstrip().startswith("|")]
    assert len(tables) == 7  # two categories and their fronts, costs, failures, quantities
    for table in tables:
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1


def test_markdown_escapes_what_it_would_read_as_markup():
    assert escape(f"{NASTY} a|b *c* `d` [e](f) snake_case\nnew") == (
        '&lt;b&gt;&amp;"x a\\|b \\*c\\* \\`d\\` [e\\](f) snake_case new'
    )


def test_the_terminal_shows_every_column_at_any_width(run):
    for width in (60, 100, 250):
        text = printed(run, width)
        assert max(map(len, text.splitlines())) <= width
        for word in ("visqol_audio", "log_spectral_distance", "delay", "encodec_24khz@1500", "Music"):
            assert word in text
        assert "…" not in text


def test_names_are_no_markup_in_the_terminal(tmp_path):
    run = make_run(tmp_path, clips=2, categories=("speech",), codecs={"[bold]x": (6000,)}, with_audio=False)
    assert "[bold]x@6000" in printed(run)


def test_neither_torch_nor_streamlit_is_imported_and_matplotlib_only_to_plot(run):
    code = (
        "import sys; from bench.report import summarise, rates, render, wide, to_json;"
        "from bench.runs.results import load_results; from rich.console import Console;"
        f"r = load_results({str(run.folder)!r}); summarise(r); rates(r); wide(r); to_json(r); render(r);"
        "print({'torch', 'streamlit', 'matplotlib', 'jinja2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
