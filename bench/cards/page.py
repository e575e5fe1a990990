"""A data card as one HTML page that needs nothing but itself."""

from __future__ import annotations

from pathlib import Path

from bench.cards.facts import Card
from bench.cards.plots import histogram
from bench.cards.words import hours, lines_of, number_range, sentences
from bench.datasets.licence_terms import NOT_STATED
from bench.report.svg import SERIES_COLOURS

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 12  # rows of a table that stand open; the others unfold


def page(card: Card) -> str:
    """The whole page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    import bench.report

    styles = Path(bench.report.__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, styles]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["hours"] = hours
    text: str = environment.get_template("card.html.jinja").render(
        card=card,
        sentences=list(sentences(card)),
        lines=list(lines_of(card)),
        charts=[(one, histogram(one), number_range(one)) for one in card.distributions],
        shown=SHOWN,
        not_stated=NOT_STATED,
        series_colours=SERIES_COLOURS,
    )
    return text
