"""A data card as one HTML page that needs nothing but itself."""

from __future__ import annotations

from bench.cards.facts import Card
from bench.cards.plots import histogram
from bench.cards.words import hours, lines_of, number_range, sentences
from bench.datasets.licence_terms import NOT_STATED
from bench.report.rendering import rendered

SHOWN = 12  # rows of a table that stand open; the others unfold


def page(card: Card) -> str:
    """The whole page as text."""
    values = {
        "card": card,
        "sentences": list(sentences(card)),
        "lines": list(lines_of(card)),
        "charts": [(one, histogram(one), number_range(one)) for one in card.distributions],
        "shown": SHOWN,
        "not_stated": NOT_STATED,
    }
    return rendered("card.html.jinja", values, {"hours": hours})
