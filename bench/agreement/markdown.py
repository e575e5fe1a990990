"""Findings as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.agreement.methods import methods
from bench.agreement.model import Findings
from bench.agreement.tables import COLUMNS, PAIR_COLUMNS, pair_row, row, scopes
from bench.report.markdown import LATER, document, escape, table


@document
def markdown(findings: Findings, pictures: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The whole text; ``pictures`` are titles and names of files beside it."""
    yield "# Do the metrics speak for the ears?"
    yield from ("", f"Runs: {escape(', '.join(findings.runs))}. Tests: {escape(', '.join(findings.tests))}.")
    yield ""
    yield from (f"- {escape(note)}" for note in findings.notes)
    for scope in scopes(findings):
        yield from ("", f"## {escape(scope.title)}", "", escape(scope.counts), "")
        yield from (f"- {escape(one.verdict.sentence)}" for one in scope.agreements)
        yield ""
        rows = [[one.quantity, *row(one)] for one in scope.agreements]
        yield from table(["metric", *COLUMNS.values()], rows, LATER)
        if scope.comparisons:
            yield from ("", "Two metrics on the same files:", "")
            yield from table(PAIR_COLUMNS, [pair_row(one) for one in scope.comparisons], LATER)
    yield ""
    yield from (f"![{escape(title)}]({name})" for title, name in pictures)
    yield from ("", "## Methods", "")
    yield from (f"- {term}: {escape(text)}" for term, text in methods(findings))
