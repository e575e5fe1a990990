"""A report as files and as JSON."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import pandas as pd

from bench.report.record import headline
from bench.report.set_tables import set_table
from bench.runs.results import Results
from bench.stats import DRAWS
from bench.storage import Place, place
from bench.store import write_bytes
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
    summary, rate_table = summarise(results, seed), rates(results)
    compared = against(results, anchor, seed)
    texts = {
        SUMMARY_FILE: summary.to_csv(index=False, lineterminator="\n"),
        RATES_FILE: rate_table.to_csv(index=False, lineterminator="\n"),
        TEXT_FILE: markdown(results, summary, rate_table, seed, compared),
        PAGE_FILE: page(results, summary, rate_table, seed, compared),
        METHODS_FILE: methods_tex(results, seed, compared),
        REFERENCES_FILE: references_bib(results, compared),
    }
    if len(results.sets):
        texts[SETS_FILE] = set_table(results).to_csv(index=False, lineterminator="\n")
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in texts]


def to_json(results: Results, seed: int = 0) -> dict[str, Any]:
    """The long tables and the record of the run, at full precision.

    NaN and missing values become ``null``, infinities the strings ``"Infinity"`` and ``"-Infinity"``, so that every
    JSON parser can read it.
    """
    summary, rate_table = summarise(results, seed), rates(results)
    told = headline(results)
    whole = {
        "run": results.name,
        "complete": is_complete(results),
        "interval": {"level": 0.95, "method": "clustered bootstrap, widened percentile", "draws": DRAWS, "seed": seed},
        "clips": told.clips,
        "sources": told.sources,
        "summary": summary.to_dict("records"),
        "rates": rate_table.to_dict("records"),
        "sets": [{**row, "details": parse_json(str(row["details"]))} for row in set_table(results).to_dict("records")],
        "record": results.info,
    }
    plain: dict[str, Any] = json_value(whole)
    return plain


def json_value(value: Any) -> Any:
    """``value`` in the types of JSON."""
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, bool | int | float) else str(value)
