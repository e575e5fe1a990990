"""An explanation as a whole: made, as text, as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import audio, console
from bench.errors import ConfigError, MissingRequirement
from bench.explain import drawn
from bench.explain.about import About, about, rows
from bench.explain.reaction import Curve, reaction
from bench.explain.sweeps import embedded_clip, with_room

INDENT = 14


@dataclass(frozen=True, slots=True)
class Explained:
    """A quantity in words, and its reaction on ``clip``; no curves where it was not measured."""

    about: About
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
            raise ConfigError("--plot: there is nothing to draw with --no-reaction.")
    found = about(name)
    if not measured or found.metric is None or found.quantity is None:
        if plot is not None:
            raise MissingRequirement(f"there is nothing to draw: {found.missing}")
        return Explained(found, "", [], None)
    if clip is None:
        clip_name, signal = embedded_clip(found.domain.categories)
    else:
        clip_name, signal = clip.name, with_room(audio.read(clip))
    with console.counting("measuring") as tell:
        curves = reaction(found.metric, found.quantity.name, signal, tell)
    if plot is not None:
        drawn.save(plot, curves, f"{found.quantity.name} on {clip_name}", axis(found))
    return Explained(found, clip_name, curves, plot)


def axis(found: About) -> str:
    """Unit and an arrow to where quality is."""
    assert found.quantity is not None
    return f"{found.quantity.unit or 'value'} {'↑' if found.quantity.higher_is_better else '↓'}"


def text(told: Explained, width: int) -> Iterator[str]:
    """Lines of at most ``width`` characters."""
    yield f"{told.about.name}: {told.about.summary}"
    for term, words in rows(told.about):
        wrapped = textwrap.wrap(words, max(40, width - INDENT), break_long_words=False, break_on_hyphens=False)
        for index, line in enumerate(wrapped):
            yield f"{term if index == 0 else '':<{INDENT}}{line}"
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
    return {
        "name": found.name,
        "summary": found.summary,
        **{term.replace(" ", "_"): words for term, words in rows(found)},
        "quantity": asdict(found.quantity) if found.quantity else None,
        "domain": asdict(found.domain),
        "reference_free": found.reference_free,
        "clip": told.clip or None,
        "reaction": [asdict(curve) for curve in told.curves],
        "plot": str(told.plot) if told.plot else None,
    }
