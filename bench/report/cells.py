"""Numbers and headings as text: what every table for people is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "–"
DAGGER = "†"


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as text, with what stands smaller beside it, and the value to sort by.

    ``best`` is true where nothing can be better: the interval of ranks is 1 to 1, and not alone.
    """

    text: str
    interval: str = ""
    note: str = ""
    value: float = math.nan
    rank: str = ""
    best: bool = False

    def __str__(self) -> str:
        parts = (self.text, self.interval, self.rank and f"rank {self.rank}", self.note and f"({self.note})")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Heading:
    """Of a column: its name, its unit or direction, its definition, and a warning in ``mark``.

    ``key`` is what files and filters call it. ``numbers`` is False for a column of words.
    """

    name: str
    unit: str = ""
    hint: str = ""
    key: str = ""
    mark: str = ""
    numbers: bool = True

    def __str__(self) -> str:
        return " ".join(part for part in (self.name, self.unit and f"({self.unit})", self.mark.upper()) if part)


def number(value: float, digits: int = 2) -> str:
    """``value`` with fixed decimals; no minus before a zero."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{0 if abs(value) >= 1000 else digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def signed(value: float, digits: int = 2) -> str:
    """``value`` with its sign; NaN is a dash and zero has none."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and text.strip("0.") else text


def bounds(low: float, high: float, digits: int = 2) -> str:
    """An interval in brackets; empty where there is none."""
    return "" if math.isnan(low) else f"[{number(low, digits)}, {number(high, digits)}]"


def factor(value: float) -> str:
    """A speed as a multiple of real time: fewer decimals the faster it is."""
    return number(value, 2 if value < 1 else 1 if value < 100 else 0)


def kbps(bps: float) -> str:
    """Bit/s in kbit/s."""
    return number(bps / 1000, 2 if bps < 100_000 else 0)


def probability(p: float) -> str:
    """Three decimals, or that it is smaller."""
    return NOTHING if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def direction(about: Mapping[str, Any]) -> str:
    """An arrow to where quality is."""
    return {True: "↑", False: "↓", None: ""}[about.get("higher_is_better")]


def unit_of(about: Mapping[str, Any], without: str = "") -> str:
    """The unit of a quantity (or ``without`` where it has none) and its direction, for a heading or an axis."""
    return f"{about.get('unit') or without} {direction(about)}".strip()


def limits_of(about: Mapping[str, Any]) -> tuple[float, float]:
    """The range of a quantity; what is not stated is unlimited."""
    low, high = about.get("low"), about.get("high")
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def digits_of(about: Mapping[str, Any]) -> int:
    """Three decimals for quantities on a scale such as 0 to 1, two for all others."""
    low, high = limits_of(about)
    return 3 if high - low <= 2 else 2


def shortened(name: str, most: int = 26) -> str:
    """A long name without its middle."""
    return name if len(name) <= most else f"{name[: most - 9]}…{name[-8:]}"
