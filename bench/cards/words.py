"""The sentences and short lines that both forms of a data card share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from bench.cards.facts import Card, Distribution
from bench.datasets.licence_terms import NOT_STATED
from bench.wording import counted, listed

SECONDS_BELOW_H = 0.05
SHOWN = 6  # values in the short list; the tables have all of them


def sentences(card: Card) -> Iterator[str]:
    """What it is, where it comes from, how to cite it."""
    if card.about:
        yield card.about
    if card.warning:
        yield card.warning
    (categories,) = (table for table in card.tables if table.key == "category")
    kinds = ", ".join(f"{one.clips} of {one.value}" for one in categories.counts)
    yield f"{counted(card.clips, 'clip')}, {hours(card.hours)} from {counted(card.sources, 'recording')}: {kinds}."
    if card.unreadable:
        yield f"{counted(card.unreadable, 'file')} cannot be read; they count as clips, and not in what is measured."
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
        without = (
            f", and {counted(card.without_speaker, 'clip')} of speech without a name" if card.without_speaker else ""
        )
        yield "Speakers", f"{card.speakers}{without}" if card.speakers else NOT_STATED
        yield "Languages", ", ".join(card.languages) or NOT_STATED
    by_key = {table.key: table for table in card.tables}
    for key in ("gender", "genre", "rate", "channels", "bandwidth"):
        if key in by_key:
            yield by_key[key].title, _most((one.value, one.clips) for one in by_key[key].counts)
    licences: Counter[str] = Counter()
    for row in card.licences:
        licences[" and ".join(name for name, _ in row.links) or row.stated] += row.clips
    yield "Licences", _most(licences.most_common())
    yield from card.more
    yield "Marks", ", ".join(f"{mark.name} ({mark.clips})" for mark in card.marks) or "none"


def _most(counts: Iterable[tuple[str, int]]) -> str:
    """The first few values with their numbers of clips."""
    return listed([f"{value} ({clips})" for value, clips in counts], SHOWN)


def number_range(one: Distribution) -> str:
    """Median and spread of a distribution in words."""
    low, first, median, third, high = (f"{value:.3g}" for value in np.quantile(one.all, [0, 0.25, 0.5, 0.75, 1]))
    text = f"Median {median} {one.unit}, half of the clips within {first} to {third}, all within {low} to {high}."
    return text + (f" {counted(one.without, 'clip')} without a value." if one.without else "")


def hours(value: float) -> str:
    """A duration that people read: ``2.5 h``, ``3.2 min``, ``48 s``.

    >>> hours(2.5), hours(0.053), hours(0.01)
    ('2.50 h', '3.2 min', '36 s')
    """
    if value >= 1:
        return f"{value:.2f} h"
    return f"{60 * value:.1f} min" if value >= SECONDS_BELOW_H else f"{3600 * value:.0f} s"
