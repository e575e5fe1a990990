"""The sentences and short lines that both forms of a data card share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.cards.facts import Card, Distribution

SECONDS_BELOW_H = 0.05


def sentences(card: Card) -> Iterator[str]:
    """What it is, where it comes from, how to cite it."""
    if card.about:
        yield card.about
    (categories,) = (table for table in card.tables if table.key == "category")
    kinds = ", ".join(f"{one.clips} of {one.value}" for one in categories.counts)
    yield f"{card.clips} clips, {hours(card.hours)} from {plural(card.sources, 'recording')}: {kinds}."
    if card.unreadable:
        yield f"{plural(card.unreadable, 'file')} cannot be read; they count as clips, and not in what is measured."
    for known in card.sets:
        yield f"{known.title}: {known.homepage}"
        if known.citation:
            yield f"Cite: {known.citation}"


def lines_of(card: Card) -> Iterator[tuple[str, str]]:
    """The numbers that people look for first."""
    yield "Clips", str(card.clips)
    yield "Duration", hours(card.hours)
    yield "Recordings", str(card.sources)
    if any(table.key == "category" and any("speech" in one.value for one in table.counts) for table in card.tables):
        yield "Speakers", str(card.speakers or "not stated")
        yield "Languages", ", ".join(card.languages) or "not stated"
    by_key = {table.key: table for table in card.tables}
    for key in ("gender", "genre", "rate", "channels", "bandwidth"):
        if key in by_key:
            counts = by_key[key].counts
            shown = ", ".join(f"{one.value} ({one.clips})" for one in counts[:6])
            yield by_key[key].title, shown + (f" and {len(counts) - 6} more" if len(counts) > 6 else "")
    yield "Licences", ", ".join(f"{row.stated} ({row.clips})" for row in card.licences)
    yield "Marks", ", ".join(f"{mark.name} ({mark.clips})" for mark in card.marks) or "none"


def number_range(one: Distribution) -> str:
    """Median and spread of a distribution in words."""
    low, first, median, third, high = (f"{value:.3g}" for value in np.quantile(one.all, [0, 0.25, 0.5, 0.75, 1]))
    text = f"Median {median} {one.unit}, half of the clips within {first} to {third}, all within {low} to {high}."
    return text + (f" {plural(one.without, 'clip')} without a value." if one.without else "")


def hours(value: float) -> str:
    """A duration that people read: ``2.5 h``, ``3.2 min``, ``48 s``.

    >>> hours(2.5), hours(0.053), hours(0.01)
    ('2.50 h', '3.2 min', '36 s')
    """
    if value >= 1:
        return f"{value:.2f} h"
    return f"{60 * value:.1f} min" if value >= SECONDS_BELOW_H else f"{3600 * value:.0f} s"


def plural(count: int, what: str) -> str:
    """``1 clip``, ``2 clips``."""
    return f"{count} {what}" + ("" if count == 1 else "s")
