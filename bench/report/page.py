"""The report as one HTML page that needs nothing but itself: no network, no other file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.errors import CodecbenchError
from bench.report.cells import digits_of, limits_of, number, unit_of
from bench.report.costs import COST_HINTS, cost_table
from bench.report.prose import methods_tex, references_bib
from bench.report.record import category_name, definitions, failures, headline, methods
from bench.report.references import of_results, overview
from bench.report.rendering import rendered
from bench.report.set_tables import EXPLANATION, set_sheets
from bench.report.sounds import LONGEST_S, Sound, colours, sound
from bench.report.standing import standing
from bench.report.svg import Chart
from bench.report.wide import Sheet, sheets, shown_quantities
from bench.report.worst import Worst, worst_clips
from bench.runs.results import Results
from bench.tables import bitrates_of_means, rates, summarise

if TYPE_CHECKING:
    from bench.report.against import Against
    from bench.report.plots import Look

TEMPLATE = "report.html.jinja"
SHOWN_FAILURES = 200
LARGEST_PAGE = 15_000_000  # bytes: what a browser opens and a mail server forwards without complaint


@dataclass(frozen=True)
class Pair:
    """One of the worst clips, seen and heard."""

    worst: Worst
    value: str
    others: str
    sounds: list[tuple[str, Sound]]
    problem: str = ""
    with_players: bool = True


@dataclass(frozen=True)
class Section:
    """Everything about one category."""

    anchor: str
    title: str
    sheet: Sheet
    legend: list[tuple[str, str]]
    curves: list[Chart]
    distributions: list[Chart]
    pairs: list[Pair]
    standing: Chart | None
    against: Against | None


def page(results: Results, seed: int, compared: Mapping[str, Against] | None = None) -> str:
    """The whole page as text. Players are left out, and the page says so, where they would make it too large."""
    compared = compared or {}
    sections = [
        _section(results, sheet, index, seed, compared.get(sheet.category))
        for index, sheet in enumerate(sheets(results, seed))
    ]
    failed = failures(results)
    values = {
        "results": results,
        "headline": headline(results),
        "sections": sections,
        "failures": failed.head(SHOWN_FAILURES).to_dict("records"),
        "more_failures": max(0, len(failed) - SHOWN_FAILURES),
        "costs": _costs(results),
        "set_sheets": set_sheets(results),
        "set_explanation": EXPLANATION,
        "methods": methods(results, seed),
        "definitions": definitions(results),
        "paper": {"methods": methods_tex(results, seed, compared), "references": references_bib(results, compared)},
        "config": str(results.info.get("config_text") or ""),
        "references": overview(found, results.name) if (found := of_results(results)) else None,
        "shades": [f"rgb({r} {g} {b})" for r, g, b in colours()[::9].tolist()],
        "seconds": LONGEST_S,
    }
    without = rendered(TEMPLATE, {**values, "sections": [_limited(section, 0)[0] for section in sections]})
    budget = LARGEST_PAGE - len(without.encode())
    for index, section in enumerate(sections):
        sections[index], budget = _limited(section, budget)
    left_out = sum(bool(pair.sounds) and not pair.with_players for section in sections for pair in section.pairs)
    return rendered(TEMPLATE, {**values, "sections": sections, "players_left_out": left_out})


def _costs(results: Results) -> dict[str, Any]:
    table = cost_table(results)
    rows = [(str(name), row) for name, row in zip(table.index, table.to_numpy().tolist(), strict=True)]
    return {"columns": list(COST_HINTS.items()), "rows": rows}


def _section(results: Results, sheet: Sheet, index: int, seed: int, against: Against | None) -> Section:
    from bench.report.plots import distributions, legend_entry, looks, per_clip, rate_quality

    category, title = sheet.category, category_name(sheet.category)
    summary, rate_table = summarise(results, seed), rates(results)
    rates_here = rate_table[rate_table["category"] == category]
    joined = summary[summary["category"] == category].merge(rates_here[["condition", "role"]], "left")
    joined = joined.merge(bitrates_of_means(results), "left")
    styles = looks(results)
    roles = dict(zip(sheet.conditions, sheet.roles, strict=True))
    curves, spreads = [], []
    for quantity in shown_quantities(results, joined):
        about = results.quantities.get(quantity, {})
        rows = joined[joined["quantity"] == quantity]
        caption = str(about.get("summary") or "")
        named = f"{quantity}, {title.lower()}"
        axis = unit_of(about, "value")
        if ((rows["role"] == "codec") & rows["mean"].abs().lt(math.inf) & (rows["actual_bps"] > 0)).any():
            label = f"Rate-quality curve: {named}"
            ringed = against.ringed if against and against.quantity == quantity else None
            svg = rate_quality(rows, styles, axis, label, limits_of(about), ringed)
            curves.append(Chart(quantity, svg, caption))
        values = per_clip(results, category, quantity)
        label = f"Values of the single clips: {named}"
        if values:
            spreads.append(Chart(quantity, distributions(values, roles, styles, axis, label)))
    legend = [(name, legend_entry(look, category)) for name, look in styles.items()]
    pairs = [_pair(results, worst) for worst in worst_clips(results, category)]
    first = _standing(results, category, styles, seed)
    return Section(f"category-{index}", title, sheet, legend, curves, spreads, pairs, first, against)


def _standing(results: Results, category: str, styles: Mapping[str, Look], seed: int) -> Chart | None:
    from bench.report.plots import forest

    found = standing(results, category, seed)
    if found is None:
        return None
    about = results.quantities.get(found.quantity, {})
    axis = f"{found.quantity}, {unit_of(about, 'value')}"
    label = f"Means and ranks by {found.quantity}: {category_name(category).lower()}"
    return Chart(found.quantity, forest(found.places, styles, axis, label), found.sentence())


def _pair(results: Results, worst: Worst) -> Pair:
    digits = digits_of(results.quantities.get(worst.quantity, {}))
    value, others = number(worst.value, digits), number(worst.others, digits)
    try:
        reference = sound(results.reference(worst.clip))
        degraded = sound(results.decoded(worst.clip, worst.condition), reference.khz * 1000)
    except (CodecbenchError, OSError, KeyError) as error:
        # Audio may be deleted to save room; the numbers stand without it.
        return Pair(worst, value, others, [], f"Its audio cannot be shown: {_without_folder(results, error)}")
    return Pair(worst, value, others, [("reference", reference), ("decoded", degraded)])


def _without_folder(results: Results, error: Exception) -> str:
    """The page is sent to others: where the run lay on this machine is none of their business."""
    return str(error).replace(f"{results.folder}/", "")


def _limited(section: Section, budget: int) -> tuple[Section, int]:
    """The section with the players that fit into ``budget`` bytes, and what is left of it."""
    pairs = []
    for pair in section.pairs:
        needed = sum(len(heard.player) for _, heard in pair.sounds)
        fits = needed <= budget
        budget -= needed if fits else 0
        pairs.append(replace(pair, with_players=fits))
    return replace(section, pairs=pairs), budget
