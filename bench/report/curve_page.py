"""Curves as files: one page that needs nothing but itself, drawings, Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.curves import Analysis, Family
from bench.curves.delta import METHOD
from bench.paths import file_name
from bench.report.cells import limits_of, unit_of
from bench.report.curve_tables import METHODS, Grid, Part, parts, points_grid, rings
from bench.report.files import csv_text, json_object, json_text, write_texts
from bench.report.markdown import document, escape, table
from bench.report.record import category_name
from bench.report.rendering import rendered

PAGE_FILE, TEXT_FILE, JSON_FILE = "curves.html", "curves.md", "curves.json"
POINTS_FILE, SAVINGS_FILE, NEEDED_FILE = "curves.csv", "savings.csv", "needed.csv"


@dataclass(frozen=True)
class Drawn:
    """The curve of one family and its points as a table."""

    title: str
    caption: str
    svg: str
    points: Grid


@dataclass(frozen=True)
class Section:
    """One category of a run or listening test."""

    anchor: str
    part: Part
    legend: list[tuple[str, str]]
    drawn: list[Drawn]


def write_curves(analysis: Analysis, folder: Path) -> list[Path]:
    """Write the page, the drawings and the tables into ``folder``; the same analysis gives the same bytes."""
    from bench.report.svg import standalone_svg

    texts = {
        PAGE_FILE: page(analysis),
        TEXT_FILE: markdown(analysis),
        JSON_FILE: json_text(to_json(analysis)),
        POINTS_FILE: csv_text(analysis.points),
    }
    if len(analysis.savings):
        texts[SAVINGS_FILE] = csv_text(analysis.savings)
    if len(analysis.needed):
        texts[NEEDED_FILE] = csv_text(analysis.needed)
    for family, found in _with_points(analysis):
        if _drawable(found):
            name = file_name(f"{family.source} {family.category} {family.quantity}")
            texts[f"svg/{name}.svg"] = standalone_svg(draw(analysis, family, found, legend=True))
    write_texts(folder, texts)
    return [folder / name for name in texts if not name.startswith("svg/")]


def to_json(analysis: Analysis) -> dict[str, Any]:
    """The three tables, and how they were made."""
    return json_object(
        {
            "anchor": analysis.anchor or None,
            "seed": analysis.seed,
            "draws": analysis.draws,
            "level": 0.95,
            "interpolation": METHOD,
            "points": analysis.points.to_dict("records"),
            "savings": analysis.savings.to_dict("records"),
            "needed": analysis.needed.to_dict("records"),
        }
    )


@document
def markdown(analysis: Analysis) -> Iterator[str]:
    """The tables as Markdown; every name is escaped."""
    yield "# Rate-quality curves"
    for part in parts(analysis):
        yield from ("", f"## {escape(part.title)}")
        for grid in part.grids:
            yield from ("", f"### {escape(grid.title)}", "")
            yield from table(grid.columns, grid.rows)
    yield from ("", "## Methods", "")
    yield from (f"- {sentence}" for sentence in METHODS)
    yield f"- {analysis.draws} draws, seed {analysis.seed}."


def page(analysis: Analysis) -> str:
    """The whole page as text."""
    values = {"sections": _sections(analysis), "methods": METHODS, "analysis": analysis}
    return rendered("curves.html.jinja", values)


def draw(analysis: Analysis, family: Family, found: Any, legend: bool = False) -> str:
    """The curve of a family as SVG: a ring around conditions of the front, dotted around undecided ones."""
    from bench.report.plots import rate_quality

    label = f"Rate-quality curve: {family.quantity}, {family.source}, {category_name(family.category).lower()}"
    styles = {name: look for name, look in _looks(analysis, family.source).items() if name in family.series}
    return rate_quality(
        found, styles, unit_of(family.about, "value"), label, limits_of(family.about), rings(found), legend
    )


def _sections(analysis: Analysis) -> list[Section]:
    from bench.report.plots import legend_entry

    sections = []
    for place, part in enumerate(parts(analysis)):
        drawn = []
        for family, found in _with_points(analysis):
            if (family.source, family.category) != (part.source, part.category):
                continue
            svg = draw(analysis, family, found) if _drawable(found) else ""
            caption = str(family.about.get("summary") or "")
            drawn.append(Drawn(family.quantity, caption, svg, points_grid(found, family.about)))
        looks = _looks(analysis, part.source)
        legend = [(name, legend_entry(look, f"{part.source} {part.category}")) for name, look in looks.items()]
        sections.append(Section(f"part-{place}", part, legend, drawn))
    return sections


def _looks(analysis: Analysis, source: str) -> dict[str, Any]:
    """One look for each series of a run or listening test, in the order of its configuration."""
    from bench.report.plots import Look

    names = dict.fromkeys(name for family in analysis.families if family.source == source for name in family.series)
    return {name: Look(index) for index, name in enumerate(names)}


def _with_points(analysis: Analysis) -> Iterator[tuple[Family, Any]]:
    keys = ["source", "category", "quantity"]
    by_family = dict(list(analysis.points.groupby(keys, sort=False)))
    for family in analysis.families:
        yield family, by_family[family.source, family.category, family.quantity]


def _drawable(found: Any) -> bool:
    return bool(((found["role"] == "codec") & np.isfinite(found["mean"]) & (found["actual_bps"] > 0)).any())
