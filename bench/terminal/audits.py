"""What an audit found, for a terminal, a program, a spreadsheet, a browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.audit.facts import Facts
from bench.auditing import AuditRow
from bench.report.audit_page import audit_page
from bench.report.references import Reference, bandwidths, by_reason, counts, histogram, of_audit, sentences
from bench.store import write_bytes
from bench.terminal import console

SHOWN = 12  # reasons of one mark that a terminal shows
CLIP_FIELDS = ("clip", "dataset", "category", "path", "licence", "format")
FACT_FIELDS = tuple(field.name for field in fields(Facts))


def print_audit(name: str, references: Sequence[Reference]) -> None:
    """Marks with their counts, the marked clips with the reason, and what the set is like."""
    found = [(mark, n) for mark, n in counts(references).items() if n]
    if found:
        rows = [[mark.name, n, "" if mark.serious else "notice", mark.meaning, mark.advice] for mark, n in found]
        console.print_table(f"{name}: marks", ["mark", "clips", "", "what it means", "what to do"], rows)
        columns = ["mark", "clips", "which", "why"]
        console.print_table(f"{name}: marked clips", columns, _reasons(references))
    console.say(*sentences(references))
    console.out.print("Bandwidth:")
    console.say(*(f"  {line}" for line in histogram(bandwidths(references))))


def _reasons(references: Sequence[Reference]) -> list[list[object]]:
    """The first reasons of each mark, and of how many clips they leave out."""
    rows: list[list[object]] = []
    for name, same in groupby(by_reason(references), key=lambda found: found[0]):
        found = list(same)
        rows += [list(one) for one in found[:SHOWN]]
        if more := sum(n for _, n, _, _ in found[SHOWN:]):
            rows.append([name, more, "more clips", "--json and --output have them all"])
    return rows


def as_json(name: str, rows: Sequence[AuditRow]) -> dict[str, Any]:
    """Everything, for programs."""
    references = of_audit(rows)
    return {
        "dataset": name,
        "summary": sentences(references),
        "bandwidths": bandwidths(references),
        "marks": {mark.name: {"clips": n, "serious": mark.serious} for mark, n in counts(references).items() if n},
        "clips": [_columns(row) | {"marks": dict(row.marks)} for row in rows],
    }


def write_audit(path: Path, name: str, rows: Sequence[AuditRow]) -> None:
    """Every clip as CSV, or a page; by the suffix of ``path``, whole or not at all."""
    text = _csv(rows) if path.suffix == ".csv" else audit_page(name, of_audit(rows))
    write_bytes(path, text.encode())


def _csv(rows: Sequence[AuditRow]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*CLIP_FIELDS, *FACT_FIELDS, "marks", "reasons"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        marks = {"marks": " ".join(row.marks), "reasons": "; ".join(f"{k}: {v}" for k, v in row.marks.items())}
        writer.writerow(_columns(row) | marks)
    return buffer.getvalue()


def _columns(row: AuditRow) -> dict[str, Any]:
    clip = row.clip
    facts = dict.fromkeys(FACT_FIELDS) if row.facts is None else row.facts.as_dict() | {"rt60_s": row.rt60_s}
    about = (clip.id, clip.dataset, clip.category, clip.path, clip.licence, row.sample_format)
    return dict(zip(CLIP_FIELDS, about, strict=True)) | facts
