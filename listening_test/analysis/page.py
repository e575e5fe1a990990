"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.wording import counted
from listening_test.analysis.analysed import Analysis
from listening_test.analysis.sections import TYPE_NAMES, sections_of
from listening_test.model import Test


def page(analysis: Analysis, test: Test | None = None, devices: Mapping[str, int] | None = None) -> str:
    """The whole page as text.

    Args:
        analysis: what to tell.
        test: the test that was built, where it is known: design, material, processing, anchors.
        devices: what people listened with, and how many.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text: str = environment.get_template("analysis.html.jinja").render(
        title=test.title if test and test.title else analysis.test or "Listening test",
        type_name=TYPE_NAMES.get(analysis.test_type, analysis.test_type),
        headline=headline(analysis),
        cautions=analysis.cautions,
        sections=sections_of(analysis, test, devices or {}),
    )
    return text


def headline(analysis: Analysis) -> list[str]:
    """How many listened, how many count, and how much they said."""
    people, used = analysis.listeners, analysis.used
    out = int(people["excluded"].sum())
    clips, conditions = len(used["clip"].unique()), len(used["condition"].unique())
    return [
        f"{counted(len(people), 'listener')}, {out} left out by screening ({analysis.screening.name}); "
        f"{counted(len(used), 'rating')} of {counted(conditions, 'condition')} on {counted(clips, 'clip')} count."
    ]
