"""An explanation as a whole: made, as text, as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import audio
from bench.errors import ConfigError, MissingRequirement
from bench.explain import drawn
from bench.explain.about import About, AboutSet, about, about_set, rows
from bench.explain.reaction import Curve, reaction
from bench.explain.sweeps import embedded_clip, with_room
from bench.metrics import sets
from bench.report.cells import unit_of
from bench.terminal import console

INDENT = 14


@dataclass(frozen=True, slots=True)
class Explained:
    """A quantity or a measure of sets in words, and its reaction on ``clip``; no curves where it was not measured."""

    about: About | AboutSet
    clip: str
    curves: list[Curve]
    plot: Path | None


def explained(name: str, clip: Path | None = None, plot: Path | None = None, measured: bool = True) -> Explained:
    """Everything about the quantity ``name``; its reaction is measured where it can be made, and drawn into ``plot``.

    Raises:
        UnknownName: no such quantity.
        ConfigError: a plot of what is not measured, or of an unknown format.
        MissingRequirement: a plot was asked for, and the metric cannot be made here.
        AudioError: the clip cannot be read.
        MetricUndefined: the clip has no value, not even against itself.
    """
    if plot is not None:
        drawn.check_format(plot)
        if not measured:
            raise ConfigError("--plot: there is nothing to draw with --no-reaction. Leave out one of the two.")
    if name in sets.names():
        if plot is not None or clip is not None:
            raise ConfigError(
                f"{name} measures whole sets: one clip has no reaction to show. Leave out --plot and --clip."
            )
        return Explained(about_set(name), "", [], None)
    found = about(name)
    if not measured or found.metric is None or found.quantity is None:
        if plot is not None:
            raise MissingRequirement(f"there is nothing to draw: {found.missing}")
        return Explained(found, "", [], None)
    if clip is None:
        clip_name, signal = embedded_clip(found.domain.categories)
    else:
        clip_name, signal = clip.name, audio.read(clip)
        found.metric.prepare(signal)  # before silence is added: is there a value at all?
        signal = with_room(signal)
    with console.counting("measuring") as tell:
        curves = reaction(found.metric, found.quantity.name, signal, tell)
    if plot is not None:
        drawn.save(plot, curves, f"{found.quantity.name} on {clip_name}", axis(found))
    return Explained(found, clip_name, curves, plot)


def axis(found: About | AboutSet) -> str:
    """Unit and an arrow to where quality is."""
    assert isinstance(found, About)
    assert found.quantity is not None
    return unit_of(asdict(found.quantity), "value")


def text(told: Explained, width: int) -> Iterator[str]:
    """Lines of at most ``width`` characters."""
    yield f"{told.about.name}: {told.about.summary}"
    told_rows = list(rows(told.about))
    indent = max(INDENT, 2 + max(len(term) for term, _ in told_rows))
    for term, words in told_rows:
        wrapped = textwrap.wrap(words, max(40, width - indent), break_long_words=False, break_on_hyphens=False)
        for index, line in enumerate(wrapped):
            yield f"{term if index == 0 else '':<{indent}}{line}"
    if told.curves:
        yield ""
        yield f"Reaction on {told.clip} ({axis(told.about)}); bars run from the smallest value of all to the largest."
        yield from drawn.lines(told.curves)
    if told.plot is not None:
        yield ""
        yield f"written: {told.plot}"


def to_json(told: Explained) -> dict[str, Any]:
    """The same for programs."""
    found = told.about
    words = {
        "name": found.name,
        "summary": found.summary,
        **{term.replace(" ", "_"): text for term, text in rows(found)},
    }
    if isinstance(found, AboutSet):
        return {**words, "quantities": [asdict(quantity) for quantity in found.quantities]}
    return {
        **words,
        "quantity": asdict(found.quantity) if found.quantity else None,
        "domain": asdict(found.domain),
        "reference_free": found.reference_free,
        "clip": told.clip or None,
        "reaction": [asdict(curve) for curve in told.curves],
        "plot": str(told.plot) if told.plot else None,
    }
