"""Findings as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping

from bench.agreement.methods import methods
from bench.agreement.model import Findings
from bench.agreement.tables import COLUMNS, PAIR_COLUMNS, pair_row, row, scopes
from bench.report.rendering import rendered


def page(findings: Findings, figures: Mapping[tuple[str, str, str], str]) -> str:
    """The page as text; ``figures`` are ``<svg>`` elements by test, category and quantity."""
    sections = [
        {
            "title": scope.title,
            "counts": scope.counts,
            "agreements": scope.agreements,
            "rows": [(one.quantity, one.verdict.kind, row(one)) for one in scope.agreements],
            "pairs": [pair_row(one) for one in scope.comparisons],
            "charts": [
                (one.quantity, figures[key])
                for one in scope.agreements
                if (key := (one.test, one.category, one.quantity)) in figures
            ],
        }
        for scope in scopes(findings)
    ]
    values = {
        "findings": findings,
        "sections": sections,
        "columns": list(COLUMNS.values()),
        "pair_columns": PAIR_COLUMNS,
        "methods": methods(findings),
    }
    return rendered("agreement.html.jinja", values)
