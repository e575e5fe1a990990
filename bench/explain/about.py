"""What a quantity is: everything that its metric says of itself."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench import metrics
from bench.domain import Category
from bench.errors import CodecbenchError, MissingRequirement
from bench.explain.sections import BLIND_SPOTS, DEFINITION, RAISES, SOURCE, sections
from bench.metrics import sets
from bench.metrics.base import ChannelPolicy, Domain, Metric, Quantity
from bench.metrics.sets.base import SetQuantity
from bench.registry import Entry

NOT_STATED = "not stated"
_CLASS_OF_ERROR = re.compile(r"\b(MetricUndefined|MissingRequirement|NotApplicable|AudioError): ")
CHANNELS: dict[ChannelPolicy, str] = {
    "per_channel_mean": "the mean over channels of the value of each",
    "mixdown": "a mono mix first",
    "joint": "one value of all channels together",
}
DIRECTIONS = {True: "higher", False: "lower", None: "neither, it describes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What is said of everything; ``missing`` says why it cannot be made here."""

    name: str
    summary: str
    identity: str
    text: dict[str, list[str]]
    missing: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class About(_Told):
    """A quantity in words. ``metric`` is None where it cannot be made here."""

    quantity: Quantity | None
    domain: Domain
    reference_free: bool
    metric: Metric | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutSet(_Told):
    """A measure of a whole set in words."""

    quantities: tuple[SetQuantity, ...]
    categories: tuple[Category, ...]
    reads_codes: bool


def about_set(name: str) -> AboutSet:
    """What the measure of a set called ``name`` says of itself; also where its package or its weights are absent.

    Raises:
        UnknownName: with the nearest known name.
        MissingRequirement: not even its module can be imported.
    """
    made, told = _made(sets.registry.entry(name), lambda: sets.make(name))
    return AboutSet(quantities=made.quantities, categories=made.categories, reads_codes=made.reads_codes, **told)


def about(name: str) -> About:
    """What the metric that gives ``name`` says of itself; also where its package or its weights are absent.

    Raises:
        UnknownName: with the nearest known name.
        MissingRequirement: not even its module can be imported.
    """
    made, told = _made(metrics.registry.entry(name), lambda: metrics.make([name])[0])
    quantities: tuple[Quantity, ...] = getattr(made, "quantities", ())
    return About(
        quantity=next((q for q in quantities if q.name == name), quantities[0] if quantities else None),
        domain=getattr(made, "domain", Domain()),
        reference_free=bool(getattr(made, "reference_free", False)),
        metric=None if told["missing"] else made,
        **told,
    )


def _made(entry: Entry, make: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What ``entry`` stands for, or its class where it cannot be made here, and the fields of :class:`_Told`."""
    missing = ""
    try:
        made = make()
        factory = type(made)
    except MissingRequirement as error:
        missing = str(error)
        made = factory = _factory(entry.target, missing)
    return made, {
        "name": entry.name,
        "summary": entry.summary,
        "identity": "" if missing else str(made.identity),
        "text": dict(sections(factory.__doc__)),
        "missing": missing,
        "licence": getattr(factory, "licence", ""),
    }


def rows(found: About | AboutSet) -> Iterator[tuple[str, str]]:
    """Term and text, in the order in which people ask."""
    yield "definition", _told(found, DEFINITION)
    yield from _facts(found) if isinstance(found, About) else _facts_of_set(found)
    yield "undefined", _told(found, RAISES)
    yield "blind spots", _told(found, BLIND_SPOTS)
    yield "source", _told(found, SOURCE)
    if found.licence:
        yield "licence", f"{found.licence}, of the weights"
    if found.identity:
        yield "version", found.identity
    if found.missing:
        yield "missing", found.missing


def _facts_of_set(found: AboutSet) -> Iterator[tuple[str, str]]:
    for quantity in found.quantities:
        unit = f"{quantity.unit}; " if quantity.unit not in ("", "-") else ""
        better = f"better: {DIRECTIONS[quantity.higher_is_better]}"
        yield quantity.name, f"{quantity.summary}; {unit}{better}; {_bound(quantity.low)} to {_bound(quantity.high)}"
    what = "their codes" if found.reads_codes else "decoded audio against the references"
    yield "judges", f"all clips of a category under a condition together: {what}"
    yield "clips", ", ".join(category.replace("_", " ") for category in found.categories)


def _facts(found: About) -> Iterator[tuple[str, str]]:
    quantity, domain = found.quantity, found.domain
    if quantity:
        yield "unit", quantity.unit or "none"
        yield "better", DIRECTIONS[quantity.higher_is_better]
        yield "range", f"{_bound(quantity.low)} to {_bound(quantity.high)}"
    yield "judges", "the degraded signal alone" if found.reference_free else "the degraded signal against its reference"
    yield "clips", ", ".join(category.replace("_", " ") for category in domain.categories)
    yield "works at", f"{domain.sample_rate / 1000:g} kHz" if domain.sample_rate else "the reference's own rate"
    yield "stereo", CHANNELS[domain.channels]
    upper = "up" if math.isinf(domain.maximum_s) else f"to {domain.maximum_s:g} s"
    yield "clip length", f"{domain.minimum_s:g} s {upper}"


def _told(found: About | AboutSet, heading: str) -> str:
    text = " ".join(found.text.get(heading, ()))
    return _CLASS_OF_ERROR.sub("", text) or NOT_STATED


def _bound(value: float) -> str:
    return f"{value:.10g}".replace("inf", "∞")


def _factory(target: str, missing: str) -> Any:
    """The class itself, which says what it is without what it needs to work."""
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except CodecbenchError:
        raise
    except Exception as error:
        raise MissingRequirement(missing) from error
