"""Measures of whole sets in every form of the report."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from bench.report import render, to_json, write_report
from bench.report.set_tables import set_sheets, set_table
from bench.runs.results import SET_COLUMNS, Results
from tests.report.test_page import Page

REASON = "without some clips: 1 x failed: <b>bad</b>"
ABOUT = {
    "fad": {"unit": "dB²", "higher_is_better": False, "low": 0.0, "high": None, "summary": "how far", "metric": "fad"},
    "fad_inf": {"unit": "dB²", "higher_is_better": False, "low": 0.0, "high": None, "summary": "without end"},
    "usage": {"unit": "share", "higher_is_better": None, "low": 0.0, "high": 1.0, "summary": "how much of a codebook"},
}


def row(category: str, condition: str, quantity: str, **changes: object) -> dict[str, object]:
    base: dict[str, object] = {name: 0 if kind == "int64" else "" for name, kind in SET_COLUMNS.items()}
    measure = "books" if quantity == "usage" else "fad"
    base |= {"run": "made-up", "category": category, "condition": condition, "quantity": quantity, "measure": measure}
    return base | {
        "value": 12.5, "ci_low": math.nan, "ci_high": math.nan, "n": 4, "status": "ok", "details": "{}", **changes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def with_sets(quiet_run: Results) -> Results:
    nothing = {"value": math.nan, "n": 0}
    rows = [
        row("speech", "reference", "fad", value=0.0, ci_low=0.0, ci_high=0.0),
        row("speech", "reference", "fad_inf", value=0.0),
        row("speech", "reference", "usage", status="not_applicable", reason="it has no codes.", **nothing),
        row("speech", "opus@6000", "fad", ci_low=10.0, ci_high=15.0, n=3, n_failed=1, reason=REASON),
        row("speech", "opus@6000", "fad_inf", status="undefined", reason="80 frames; add clips.", **nothing),
        row("speech", "opus@6000", "usage", value=0.25, details=json.dumps({"codebooks": [0.2, 0.3]})),
        row("music", "opus@6000", "usage", status="not_applicable", reason="it has no codes.", **nothing),
    ]
    table = pd.DataFrame(rows, columns=list(SET_COLUMNS)).astype(SET_COLUMNS)
    return replace(quiet_run, sets=table, info=quiet_run.info | {"set_quantities": ABOUT})


def test_one_table_per_measure_without_what_does_not_apply(with_sets: Results) -> None:
    distance, books = set_sheets(with_sets)  # nothing applies to music
    assert (distance.category, distance.conditions, distance.roles) == (
        "speech", ["reference", "opus@6000"], ["control", "codec"],
    )  # fmt: skip
    assert [[str(cell) for cell in cells] for cells in distance.rows] == [
        ["0.00 [0.00, 0.00]", "0.00"],
        ["12.50 [10.00, 15.00] (n = 3)", "– (undefined)"],
    ]
    assert [str(column) for column in distance.columns] == ["fad (dB² ↓)", "fad_inf (dB² ↓)"]
    assert distance.notes == [f"fad, 1 condition: {REASON}", "fad, 1 condition: 80 frames; add clips."]
    assert (books.conditions, str(books.rows[0][0])) == (["opus@6000"], "0.250")


def test_every_form_of_the_report_has_them(with_sets: Results, tmp_path) -> None:
    paths = {path.name: path for path in write_report(with_sets, tmp_path)}
    table = pd.read_csv(paths["sets.csv"])
    assert list(table.columns) == list(set_table(with_sets).columns)
    assert len(table) == 7
    assert set(table["run"]) == {with_sets.name}

    text = paths["report.md"].read_text(encoding="utf-8")
    assert "## Measures of whole sets" in text
    assert "Small sets are biased" in text
    assert "| opus@6000 | 12.50 [10.00, 15.00] (n = 3) | – (undefined) |" in text
    assert "| fad_inf | dB² | lower is better |" in text

    page = Page(paths["report.html"].read_text(encoding="utf-8"))
    assert "sets" in page.ids
    assert REASON in page.text
    assert "80 frames; add clips." in page.text

    stream = io.StringIO()
    Console(file=stream, width=100).print(render(with_sets))
    assert "Speech, whole sets" in stream.getvalue()
    assert "[10.00, 15.00]" in stream.getvalue()

    found = json.loads(json.dumps(to_json(with_sets)))["sets"]
    assert found[5]["details"] == {"codebooks": [0.2, 0.3]}
    assert found[4]["value"] is None


def test_a_run_without_them_has_none(quiet_run: Results, tmp_path) -> None:
    assert quiet_run.sets.empty
    assert "sets.csv" not in [path.name for path in write_report(quiet_run, tmp_path)]
    assert "whole sets" not in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert 'id="sets"' not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert to_json(quiet_run)["sets"] == []
