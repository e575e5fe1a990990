"""The references of a run, or the clips of an audit, for people: what was measured of each, and its marks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.audit.marks import MARKS, TABLE, Mark
from bench.report.svg import Chart, figure_style, inline_svg, series_colour
from bench.runs.results import Results
from bench.tables import once_per_run
from bench.untrusted import parse_json
from bench.wording import counted, listed

if TYPE_CHECKING:
    from bench.auditing import AuditRow

SHOWN = 200
BANDS_KHZ = (4, 8, 12, 16, 20)
FACTS = ("clip", "category", "sample_rate", "channels", "samples", "start_s", "duration_s", "marks")
MEASURES = ("bandwidth_hz", "loudness_lufs", "noise_floor_dbfs", "rt60_s")
BAR = 40  # characters of the longest bar of a histogram in text


@dataclass(frozen=True)
class Reference:
    """One clip; NaN where a measure has no value. ``marks``: the reason of each."""

    clip: str
    category: str
    sample_rate: int
    channels: int
    seconds: float
    bandwidth_hz: float
    loudness_lufs: float
    noise_floor_dbfs: float
    rt60_s: float
    marks: Mapping[str, str]

    @property
    def serious(self) -> bool:
        return any(MARKS[name].serious for name in self.marks if name in MARKS)


@dataclass(frozen=True)
class Overview:
    """Everything that a page shows of references: the marked ones first, as many as fit."""

    sentences: list[str]
    counts: list[tuple[Mark, int]]
    shown: list[Reference]
    more: int
    charts: list[Chart]


@once_per_run
def of_results(results: Results) -> list[Reference]:
    """The references of a run; none of a run whose clips were not audited."""
    clips = results.clips
    if "marks" not in clips or clips["bandwidth_hz"].isna().all():
        return []
    return [
        Reference(
            clip=str(row["clip"]),
            category=str(row["category"]),
            sample_rate=int(row["sample_rate"]),
            channels=int(row["channels"]),
            seconds=_seconds(row),
            **{name: _number(row[name]) for name in MEASURES},
            marks=parse_json(row["marks"]) if isinstance(row["marks"], str) else {},
        )
        for row in clips[[*FACTS, *MEASURES]].to_dict("records")
    ]


def of_audit(rows: Iterable[AuditRow]) -> list[Reference]:
    """The clips of an audit."""
    return [_of_audit(row) for row in rows]


def overview(references: Sequence[Reference], key: str) -> Overview:
    """What a page shows; ``key`` tells its figures from others."""
    ranked = sorted(references, key=lambda one: (not one.serious, not one.marks))
    return Overview(
        sentences(references),
        [(mark, count) for mark, count in counts(references).items() if count],
        ranked[:SHOWN],
        max(0, len(ranked) - SHOWN),
        _charts(references, key),
    )


def counts(references: Iterable[Reference]) -> dict[Mark, int]:
    """How many references have each mark, in the order of the table."""
    found = Counter(name for one in references for name in one.marks)
    return {mark: found[mark.name] for mark in TABLE}


def sentences(references: Sequence[Reference]) -> list[str]:
    """How much there is, of what kind, how loud."""
    seconds = [one.seconds for one in references if math.isfinite(one.seconds)]
    rates = Counter(one.sample_rate for one in references if one.sample_rate)
    channels = Counter(one.channels for one in references if one.channels)
    marked = sum(bool(one.marks) for one in references)
    told = [
        f"{counted(len(references), 'clip')}, {_duration(math.fsum(seconds))}; {marked} with marks, "
        f"{sum(one.serious for one in references)} of them serious.",
        "Rates: " + _shares((f"{rate / 1000:g} kHz", n) for rate, n in sorted(rates.items())) + ". Channels: "
        + _shares((_channels(count), n) for count, n in sorted(channels.items())) + ".",
    ]  # fmt: skip
    for name, unit, values in (
        ("Loudness", "LUFS", [one.loudness_lufs for one in references]),
        ("Noise floor", "dBFS", [one.noise_floor_dbfs for one in references]),
        ("Reverberation time of speech", "s", [one.rt60_s for one in references]),
    ):
        known = [value for value in values if math.isfinite(value)]
        if known:
            digits = 2 if unit == "s" else 1
            low, middle, high = (f"{value:.{digits}f}" for value in np.quantile(known, [0, 0.5, 1]))
            told.append(f"{name}: {low} to {high} {unit}, median {middle} ({counted(len(known), 'clip')}).")
    return told


def bandwidths(references: Iterable[Reference]) -> dict[str, int]:
    """How many references reach how far up."""
    edges = [0, *BANDS_KHZ, math.inf]
    names = [f"under {BANDS_KHZ[0]} kHz", *(f"{low} to {high} kHz" for low, high in pairwise(BANDS_KHZ))]
    values = [one.bandwidth_hz / 1000 for one in references if math.isfinite(one.bandwidth_hz)]
    found, _ = np.histogram(values, edges)
    return dict(zip([*names, f"{BANDS_KHZ[-1]} kHz and more"], map(int, found), strict=True))


def histogram(numbers: Mapping[str, int]) -> list[str]:
    """One line with a bar of characters for each entry."""
    most, width = max([1, *numbers.values()]), max(map(len, numbers), default=0)
    return [f"{name:>{width}}  {'█' * math.ceil(BAR * n / most)} {n}" for name, n in numbers.items()]


def by_reason(references: Iterable[Reference]) -> list[tuple[str, int, str, str]]:
    """``(mark, number of clips, clips, reason)``: clips with one mark for one reason together, in table order."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in references:
        for name, reason in one.marks.items():
            found.setdefault((name, reason), []).append(one.clip)
    order = {name: place for place, name in enumerate(MARKS)}
    ranked = sorted(found.items(), key=lambda item: order.get(item[0][0], len(order)))
    return [(name, len(clips), listed(clips), reason) for (name, reason), clips in ranked]


def _of_audit(row: AuditRow) -> Reference:
    clip, facts = row.clip, row.facts
    return Reference(
        clip=clip.id,
        category=clip.category,
        sample_rate=facts.sample_rate if facts else clip.sample_rate,
        channels=facts.channels if facts else clip.channels,
        seconds=facts.seconds if facts else math.nan,
        bandwidth_hz=facts.bandwidth_hz if facts else math.nan,
        loudness_lufs=_number(facts and facts.loudness_lufs),
        noise_floor_dbfs=_number(facts and facts.noise_floor_dbfs),
        rt60_s=_number(row.rt60_s),
        marks=dict(row.marks),
    )


def _charts(references: Sequence[Reference], key: str) -> list[Chart]:
    reach = [one.bandwidth_hz / 1000 for one in references if math.isfinite(one.bandwidth_hz)]
    loud = [one.loudness_lufs for one in references if math.isfinite(one.loudness_lufs)]
    charts = []
    if reach:
        bins = np.arange(0, max(24.0, max(reach)) + 1, 1.0)
        charts.append(Chart("Bandwidth", _bars(reach, bins, "content up to, kHz", f"bandwidths {key}")))
    if loud:
        bins = np.arange(math.floor(min(loud)), math.ceil(max(loud)) + 2, 1.0)
        charts.append(Chart("Loudness", _bars(loud, bins, "LUFS", f"loudness {key}")))
    return charts


def _bars(values: Sequence[float], bins: np.ndarray[Any, Any], axis: str, key: str) -> str:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with figure_style():
        figure = Figure(figsize=(4.6, 2.2))
        axes = figure.add_axes((0.1, 0.2, 0.87, 0.74))
        axes.hist(values, bins=bins.tolist(), color=series_colour(0), rwidth=0.86)
        axes.set_xlim(float(bins[0]), float(bins[-1]))
        axes.set_xlabel(axis)
        axes.set_ylabel("clips")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(visible=False, axis="x")
        return inline_svg(figure, key, f"Histogram: {key}")


def _seconds(row: Mapping[Any, Any]) -> float:
    if not pd.isna(row["duration_s"]):
        return float(row["duration_s"])
    return row["samples"] / row["sample_rate"] - row["start_s"] if row["sample_rate"] else math.nan


def _number(value: object) -> float:
    return math.nan if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 360 else f"{seconds:.1f} s"


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _shares(numbers: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({n})" for name, n in numbers) or "unknown"
