"""Every output is read back."""

# ruff: noqa: PD011  # the values of an entry are no frame

from __future__ import annotations

import io
import json
import math
import re
import shutil
import subprocess
import sys

import jsonschema
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from bench.cli.app import app
from bench.errors import CodecbenchError
from bench.leaderboard import Rendered, as_json, build, columns, schema, write
from bench.leaderboard.latex import latex
from bench.leaderboard.markdown import markdown
from bench.leaderboard.sheets import sheet
from bench.leaderboard.table import as_frame
from bench.report.files import csv_text
from bench.report.latex import escape
from tests.leaderboard.conftest import MEANS
from tests.leaderboard.made import make_ratings, make_run
from tests.leaderboard.test_building import PAPER
from tests.report.build import with_tables

ODD = "a|b_c&d%e$f#g{h}~i^j\\k<l>[m]\"n'o*p`q"


REGRESSION = """\
| rank | condition | source | measured (kbit/s) | nominal (kbit/s) | visqol_audio (MOS-LQO ↑) | pesq_wb (MOS-LQO ↑) | encode (× real time) | decode (× real time) | n (clips) | failed (clips) |
|--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|
| – | passthrough (control) | first | 384 | – | 4.64 [4.64, 4.64] | 4.64 [4.64, 4.64] | 50.0 | 100 | 8 | 0 |
| 1 of 3 | mp3@64000 | first | 64.01 | 64.00 | **4.51 [4.42, 4.58] rank 1 of 3** | **4.48 [4.40, 4.56] rank 1 of 3** | 50.0 | 100 | 8 | 0 |
| 2 of 3 | opus@12000 | first | 12.01 | 12.00 | 3.42 [3.35, 3.50] rank 2 of 3 | 3.49 [3.42, 3.56] rank 2 of 3 | 50.0 | 100 | 8 | 0 |
| 3 of 3 | opus@6000 | first | 6.01 | 6.00 | 2.57 [2.50, 2.65] rank 3 of 3 | 2.55 [2.47, 2.63] rank 3 of 3 | 50.0 | 100 | 8 | 0 |
"""  # noqa: E501
"""Means and intervals are those of this code; ranks by hand, see test_building.py."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two runs, of which one is partial and has gaps, a simulated test, a paper, odd names."""
    folder = tmp_path_factory.mktemp("whole")
    run = make_run(folder / "a", f"run {ODD}", conditions={ODD: (6000, 2.0), "opus@12000": (12000, 3.0)})
    scores = run.scores.copy()
    gap = (scores["condition"] == ODD) & (scores["clip"] == "s0") & (scores["quantity"] == "pesq_wb")
    scores.loc[gap, ["status", "value"]] = ["failed", math.nan]
    scores.loc[(scores["condition"] == "opus@12000") & (scores["quantity"] == "pesq_wb"), "value"] = math.inf
    run = with_tables(run, folder / "b", scores=scores)
    partial = make_run(folder / "c", "partial", [f"s{number}" for number in range(3)], complete=False)
    make_ratings(folder / "r.parquet", run, {ODD: 40.0, "opus@12000": 60.0}, simulated=True, listeners=9)
    return build([run, partial], [folder / "r.parquet"], PAPER, with_simulated=True)


def test_json_is_what_its_schema_says(whole):
    text = json.dumps(as_json(whole), allow_nan=False)
    checker = jsonschema.Draft202012Validator(schema())
    checker.check_schema(schema())
    checker.validate(json.loads(text))
    broken = json.loads(text)
    broken["boards"][0]["entries"][0]["n"] = "8"
    assert not checker.is_valid(broken)
    assert broken["version"] == 1


def test_json_holds_every_number(whole):
    found = as_json(whole)
    for board, told in zip(whole.boards, found["boards"], strict=True):
        for entry, row in zip(board.entries, told["entries"], strict=True):
            for key, value in entry.values.items():
                wanted = None if math.isnan(value.mean) else "Infinity" if math.isinf(value.mean) else value.mean
                assert row["values"][key]["mean"] == wanted
                assert (row["values"][key]["rank"] or {}).get("worst") == (value.rank[1] if value.rank else None)


def test_csv_is_read_back_by_pandas(whole):
    frame = pd.read_csv(io.StringIO(csv_text(as_frame(whole))))
    assert len(frame) == sum(len(board.entries) for board in whole.boards)
    rows = frame.set_index(["sample_rate", "category", "source", "condition"]).sort_index()
    for board in whole.boards:
        for entry in board.entries:
            row = rows.loc[(board.sample_rate, board.category, entry.source, entry.condition)]
            for column in board.columns:
                value = entry.values.get(column.key)
                if value is not None:
                    assert row[column.name] == pytest.approx(value.mean, nan_ok=True)
                    assert row[f"{column.name}:n"] == value.n
                    assert (row[f"{column.name}:rank_worst"] == value.rank[1]) if value.rank else True
    assert "mushra:test1 (simulated)" in frame
    assert not frame.loc[frame["source"] == "partial", "complete"].any()


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def plain(text):
    text = re.sub(r"\\(.)", r"\1", text.removeprefix("**").removesuffix("**"))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_markdown_cells_are_those_of_the_sheets(whole):
    lines = [line for line in markdown(whole).splitlines() if line.startswith("|") and "--" not in line[:5]]
    for board in whole.boards:
        made = sheet(board)
        assert [plain(cell) for cell in cells(lines.pop(0))] == [str(heading) for heading in made.headings]
        for row in made.rows:
            assert [plain(cell) for cell in cells(lines.pop(0))] == [str(cell) for cell in row]
    assert not lines


def test_the_table_of_a_small_run(run):
    assert "\n".join(line for line in markdown(build([run])).splitlines() if line.startswith("|")) + "\n" == REGRESSION


def test_ties_and_gaps_are_words_of_the_sheet(whole):
    made = sheet(whole.boards[0])
    texts = [str(cell) for row in made.rows for cell in row]
    assert any(re.search(r"rank 1–\d of \d", text) for text in texts)
    assert any("† " in text and "n = 7" in text and "1 failed" in text for text in texts)
    assert any("partial (partial)" in text for text in texts)
    assert any(heading.mark == "simulated" for heading in made.headings)
    assert any("published, not measured here" in note for note in made.notes)


def test_latex_is_balanced_and_bold_is_certain(whole):
    text = latex(whole)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\toprule")
    opened = 0
    for letter in re.sub(r"\\[{}\\]", "", text):
        opened += (letter == "{") - (letter == "}")
        assert opened >= 0
    assert opened == 0
    for block in re.findall(r"\\begin\{tabular\}\{@\{\}([lr]+)@\{\}\}(.*?)\\end\{tabular\}", text, re.DOTALL):
        for line in block[1].split("\\\\\n")[:-1]:
            assert len(re.split(r"(?<!\\)&", line)) == len(block[0])
    sure = [value for board in whole.boards for one in board.entries for value in one.values.values()
            if value.rank == (1, 1) and value.rank_of > 1]  # fmt: skip
    assert text.count(r"\textbf{") == len(sure) > 0
    for one in whole.boards:  # no row is lost where a table is cut
        for row in sheet(one).rows:
            for cell in row:
                assert escape(cell.text) in text
    assert "SIMULATED" in text
    assert text.isascii() or not re.search(r"[^\x00-\u017f]", text)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles_with_booktabs_alone(whole, tmp_path):
    body = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{leaderboard}\\end{document}"
    (tmp_path / "main.tex").write_text(body)
    (tmp_path / "leaderboard.tex").write_text(latex(whole), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "too large" not in done.stdout


def test_a_latex_table_ends_with_its_page(tmp_path):
    """Thirty codecs in two runs, with long names: a table for each few columns and rows, each with every name once."""
    codecs = {f"a_codec_with_a_name_{i}@{1000 * i}": (1000 * i, 1 + 0.1 * i) for i in range(1, 31)}
    runs = [make_run(tmp_path / name, name, conditions=codecs) for name in ("first", "second_and_longer")]
    blocks = re.findall(r"\\midrule(.*?)\\bottomrule", latex(build(runs)), re.DOTALL)
    named = [re.findall(r"a\\_codec\\_with\\_a\\_name\\_\d+@\d+", block) for block in blocks]
    assert max(map(len, named)) < 60
    assert sum(map(len, named)) % 60 == 0


def test_latex_shows_every_letter_as_it_is():
    assert escape("a_b & 5 % -1.5") == r"a\_b \& 5 \% $-$1.5"
    assert escape("\\cmd{x} ~^") == r"\textbackslash{}cmd\{x\} \textasciitilde{}\textasciicircum{}"
    assert escape("Défossez 模 1–3 †") == r"Défossez ? 1--3 \textdagger{}"


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_keeps_to_its_width(whole, width):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(Rendered(whole))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    for word in ("SIMULATED", "(partial)", "opus@12000", "24 kHz mono, speech", "1 failed", "∞", "PUBLISHED"):
        assert word in text


def test_every_column_of_the_table_has_a_meaning(whole):
    scores = dict.fromkeys(column.name for board in whole.boards for column in board.columns)
    named = [f"{name}:{what}" if what else name for name in scores for what in columns.SCORES]
    assert set(as_frame(whole).columns) == {*columns.FIXED, *named}


def test_the_same_runs_give_the_same_bytes(run, rated, tmp_path):
    for name in ("one", "two"):
        write(build([run], [rated]), tmp_path / name)
    for file in ("leaderboard.md", "leaderboard.csv", "leaderboard.json", "leaderboard.tex"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_command_writes_and_prints(run, rated, tmp_path):
    arguments = ["leaderboard", str(run.folder), "--ratings", str(rated), "--output", str(tmp_path)]
    done = CliRunner().invoke(app, [*arguments, "--only", "opus*", "--sort", "pesq_wb"])
    assert done.exit_code == 0, done.output
    assert "24 kHz mono, speech" in done.output
    assert "low_anchor" not in done.output
    told = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(told.stdout) == json.loads((tmp_path / "leaderboard.json").read_text(encoding="utf-8"))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".html", ".json", ".md", ".tex"]
    assert CliRunner().invoke(app, [*arguments, "--check"]).exit_code == 0
    (tmp_path / "leaderboard.md").unlink()
    checked = CliRunner().invoke(app, [*arguments, "--check"])
    assert checked.exit_code == 1
    assert "leaderboard.md" in checked.output


def test_the_command_refuses_what_is_not_there(run, tmp_path):
    make_ratings(tmp_path / "r.parquet", run, MEANS, simulated=True, listeners=2)
    for arguments, wanted in (
        (["--sort", "pesq"], "Did you mean 'pesq_wb'"),
        (["--ratings", str(tmp_path / "nothing")], "expected ratings.parquet"),
        (["--ratings", str(tmp_path / "r.parquet")], "--with-simulated"),
    ):
        command = ["leaderboard", str(run.folder), "--output", str(tmp_path / "o"), *arguments]
        with pytest.raises(CodecbenchError, match=wanted):
            CliRunner().invoke(app, command, catch_exceptions=False)
    assert not (tmp_path / "o").exists()


def test_neither_torch_nor_streamlit_is_imported(run, tmp_path):
    code = (
        "import sys; from bench.cli.app import app\n"
        f"app(['leaderboard', {str(run.folder)!r}, '--output', {str(tmp_path)!r}], standalone_mode=False)\n"
        "assert not {'torch', 'streamlit'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
