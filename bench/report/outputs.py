"""A report as files and as JSON."""

from __future__ import annotations

import os
from typing import Any

from bench.report.files import csv_text, json_object, write_texts
from bench.report.record import headline
from bench.report.set_tables import set_table
from bench.runs.results import Results
from bench.stats import DRAWS
from bench.storage import Place, place
from bench.tables import is_complete, rates, summarise
from bench.untrusted import parse_json

SUMMARY_FILE, RATES_FILE, TEXT_FILE, PAGE_FILE = "summary.csv", "rates.csv", "report.md", "report.html"
SETS_FILE = "sets.csv"
METHODS_FILE, REFERENCES_FILE = "methods.tex", "references.bib"


def write_report(
    results: Results, folder: str | os.PathLike[str] | Place | None = None, seed: int = 0, anchor: str = ""
) -> list[Place]:
    """Write the report into ``folder`` (default: the run's): tables as CSV, Markdown, a page, and text for a paper.

    A run with measures of whole sets has ``sets.csv`` too.
    ``anchor``: the series that the others are compared with; see :func:`bench.report.against.against`.
    The same run and seed give the same bytes. Returns the paths written.
    """
    from bench.report.against import against
    from bench.report.page import page
    from bench.report.prose import methods_tex, references_bib
    from bench.report.text import markdown

    folder = results.folder if folder is None else place(folder)
    compared = against(results, anchor, seed)
    texts = {
        SUMMARY_FILE: csv_text(summarise(results, seed)),
        RATES_FILE: csv_text(rates(results)),
        TEXT_FILE: markdown(results, seed, compared),
        PAGE_FILE: page(results, seed, compared),
        METHODS_FILE: methods_tex(results, seed, compared),
        REFERENCES_FILE: references_bib(results, compared),
    }
    if len(results.sets):
        texts[SETS_FILE] = csv_text(set_table(results))
    return write_texts(folder, texts)


def to_json(results: Results, seed: int = 0) -> dict[str, Any]:
    """The long tables and the record of the run, as of :func:`bench.report.files.json_object`."""
    told = headline(results)
    return json_object({
        "run": results.name,
        "complete": is_complete(results),
        "interval": {"level": 0.95, "method": "clustered bootstrap, widened percentile", "draws": DRAWS, "seed": seed},
        "clips": told.clips,
        "sources": told.sources,
        "summary": summarise(results, seed).to_dict("records"),
        "rates": rates(results).to_dict("records"),
        "sets": [{**row, "details": parse_json(str(row["details"]))} for row in set_table(results).to_dict("records")],
        "record": results.info,
    })  # fmt: skip
