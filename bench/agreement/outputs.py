"""Findings as files and as JSON."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.agreement import plots
from bench.agreement.markdown import markdown
from bench.agreement.model import Agreement, Findings
from bench.agreement.page import page
from bench.agreement.tables import long_table, pair_table, scopes
from bench.report.files import csv_text, json_object, json_text, write_texts
from bench.report.svg import standalone_svg
from bench.store import write_bytes

TABLE_FILE, PAIRS_FILE, FILES_FILE = "agreement.csv", "agreement_pairs.csv", "agreement_files.csv"
JSON_FILE, TEXT_FILE, PAGE_FILE = "agreement.json", "agreement.md", "agreement.html"


def write_all(findings: Findings, folder: Path) -> list[Path]:
    """Write tables, pictures, text and page into ``folder``; returns the paths, the page last.

    The same runs, ratings and seed give the same bytes.
    """
    styles = plots.looks(findings)
    figures: dict[tuple[str, str, str], str] = {}
    pictures: list[tuple[str, str]] = []
    written: list[Path] = []
    for scope in scopes(findings):
        for one in scope.agreements:
            if not one.n_files:
                continue
            figure = plots.svg(findings, scope, one, styles)
            figures[one.test, one.category, one.quantity] = figure
            name = f"agreement_{len(pictures):02d}_{_plain(scope.category)}_{_plain(one.quantity)}"
            pictures.append((f"{one.quantity}, {scope.title}", f"{name}.svg"))
            write_bytes(folder / f"{name}.svg", standalone_svg(figure).encode())
            write_bytes(folder / f"{name}.png", plots.png(findings, scope, one, styles))
            written += [folder / f"{name}.svg", folder / f"{name}.png"]
    tables = {
        TABLE_FILE: long_table(findings),
        PAIRS_FILE: pair_table(findings),
        FILES_FILE: findings.files.assign(source=findings.files["source"].str.replace("\n", "/")),
    }
    texts = {
        **{file: csv_text(table) for file, table in tables.items()},
        JSON_FILE: json_text(as_json(findings)),
        TEXT_FILE: markdown(findings, pictures),
        PAGE_FILE: page(findings, figures),
    }
    write_texts(folder, texts)
    return [*written, *(folder / name for name in texts)]


def as_json(findings: Findings) -> dict[str, Any]:
    """Everything but the files, at full precision; NaN is ``null``."""
    return json_object({
        "runs": findings.runs,
        "tests": findings.tests,
        "interval": {"level": 0.95, "method": "bootstrap over sources", "draws": findings.draws, "seed": findings.seed},
        "notes": findings.notes,
        "agreements": [_of(one) for one in findings.agreements],
        "comparisons": [
            {**{name: getattr(one, name) for name in one.__slots__}, "difference": one.difference._asdict()}
            for one in findings.comparisons
        ],
    })  # fmt: skip


def _of(one: Agreement) -> dict[str, Any]:
    fields = {name: getattr(one, name) for name in one.__slots__ if name not in ("estimates", "mapping", "verdict")}
    levels: dict[str, dict[str, Any]] = {}
    for key, found in one.estimates.items():
        level, _, statistic = key.partition(".")
        levels.setdefault(level, {})[statistic] = found._asdict()
    mapping = None if one.mapping is None else one.mapping._asdict()
    return {**fields, "levels": levels, "mapping": mapping, "verdict": asdict(one.verdict)}


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
