"""The audit of a dataset as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.report.references import Reference, overview
from bench.report.rendering import rendered


def audit_page(name: str, references: Sequence[Reference]) -> str:
    """The page as text: the same section as in the report of a run."""
    short = Path(name).name  # the page is sent to others: where the set lies on this machine is none of their business
    return rendered("audit.html.jinja", {"name": short, "references": overview(references, short)})
