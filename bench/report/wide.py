"""Tables for people: one per category, a row per condition, numbers as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from bench.report.cells import DAGGER, NOTHING, Cell, Heading, bounds, digits_of, factor, kbps, number, unit_of
from bench.runs.results import Results
from bench.tables import categories, leaves_out, quantities, rates, summarise

RATE_HINTS = {
    "kbit/s": "Measured payload bits over seconds of audio, all clips of the category together.",
    "nominal": "What the codec was asked for.",
    "n": "Clips that were encoded and decoded; how many failed stands beside it.",
    "encode": "Seconds of audio encoded per second of work; above 1 is faster than real time.",
    "decode": "Seconds of audio decoded per second of work; above 1 is faster than real time.",
    "removed delay": "By how much the decoder's output starts late; removed before scoring. Not the algorithmic delay.",
    "container": "What the decoder was given besides the payload: packet lengths, headers. It does not count.",
}

UNITS = {
    "nominal": "kbit/s",
    "container": "kbit/s",
    "encode": "× real time",
    "decode": "× real time",
    "removed delay": "ms",
}

CODER_HINTS = {
    "adaptive": "The codes after a range coder that adapts, decoded back and compared; the smaller of both and a flag.",
    "lm": "The codes after EnCodec's language model and arithmetic coder, decoded back and compared, with a flag.",
}


@dataclass(frozen=True)
class Sheet:
    """The table of one category. ``roles`` and ``conditions`` run along ``rows``; ``notes`` stand below it."""

    category: str
    columns: list[Heading]
    conditions: list[str]
    roles: list[str]
    rows: list[list[Cell]]
    notes: list[str]


def wide(results: Results, seed: int = 0) -> dict[str, pd.DataFrame]:
    """One table of text per category: measured kbit/s, every quantity as "mean [low, high]", n, speed and delay.

    Quantities that do not apply to a category are left out of its table; :func:`summarise` has them.
    """
    return {sheet.category: as_frame(sheet) for sheet in sheets(results, seed)}


def as_frame(sheet: Sheet) -> pd.DataFrame:
    """The sheet as a frame of strings, indexed by condition."""
    index = pd.Index(sheet.conditions, name="condition")
    rows = [[str(cell) for cell in row] for row in sheet.rows]
    return pd.DataFrame(rows, index=index, columns=[str(column) for column in sheet.columns], dtype=str)


def sheets(results: Results, seed: int = 0) -> list[Sheet]:
    """The tables of all categories, from the long ones."""
    made, summary, rate_table = [], summarise(results, seed), rates(results)
    for category in categories(results):
        scores = summary[summary["category"] == category]
        shown = shown_quantities(results, scores)
        by_cell = {(str(r["condition"]), str(r["quantity"])): r for r in scores.to_dict("records")}
        rates_here = rate_table[rate_table["category"] == category]
        coders = [name for name in CODER_HINTS if rates_here[f"{name}_bps"].notna().any()]
        rate_rows = {str(r["condition"]): r for r in rates_here.to_dict("records")}
        names = list(dict.fromkeys([*rate_rows, *scores["condition"].astype(str)]))
        rows = []
        for name in names:
            rate = rate_rows.get(name, {})
            cells = [score_cell(results, by_cell.get((name, quantity)), rate.get("n")) for quantity in shown]
            rates_of = [_kbps(rate, f"{key}_bps") for key in ("actual", "nominal", *coders)]
            rates_of[0] = replace(rates_of[0], note="stated" if rate.get("bits_are") == "stated" else "")
            rows.append([*rates_of, *cells, *_costs(rate)])
        roles = [str(rate_rows.get(name, {}).get("role", "codec")) for name in names]
        notes = band_notes(scores, leaves_out(results))
        made.append(Sheet(category, _columns(results, shown, coders), names, roles, rows, notes))
    return made


def shown_quantities(results: Results, scores: pd.DataFrame) -> list[str]:
    """The quantities of a category's summary that were at least tried somewhere."""
    tried = scores[scores[["n", "n_failed", "n_undefined", "n_band_limited"]].gt(0).any(axis=1)]
    return [name for name in quantities(results) if name in set(tried["quantity"])]


def band_notes(scores: pd.DataFrame, left_out: bool) -> list[str]:
    """What the dagger means where one stands in the table of ``scores``, and which conditions have no mean for it."""
    marked = scores[scores["n_band_limited"] > 0]
    if marked.empty:
        return []
    what = "are in the mean, as the configuration asks, and counted beside it."
    if left_out:
        what = (
            "are left out of the mean and counted beside it. Such a mean is over fewer clips: compare it only with "
            "means over the same clips, not with every mean of its column. Curves draw it at the bitrate of its clips; "
            "the column kbit/s is over all clips."
        )
    notes = [
        f"{DAGGER} Some references are band-limited for this codec: their content ends below 88 % of the band (20 kHz "
        f"at most) that codec and reference share. They {what}"
    ]
    empty = marked[marked["n"] == 0]
    if not empty.empty:
        names = ", ".join(dict.fromkeys(empty["condition"].astype(str)))
        notes.append(f"No mean where every reference with a value is band-limited: {names}.")
    return notes


def score_cell(results: Results, row: Mapping[Any, Any] | None, n_clips: int | None = None) -> Cell:
    """One row of the summary; a note tells where values are missing."""
    if row is None:
        return Cell(NOTHING)
    trouble = [f"{row[f'n_{status}']} {status}" for status in ("failed", "undefined") if row[f"n_{status}"]]
    limited = int(row["n_band_limited"])
    trouble += [f"{limited} band-limited"] if limited else []
    if not row["n"]:
        only_inapplicable = row["n_not_applicable"] and not trouble
        return Cell("n/a" if only_inapplicable else NOTHING + DAGGER * bool(limited), note=", ".join(trouble))
    digits = digits_of(results.quantities.get(str(row["quantity"]), {}))
    fewer = [f"n = {row['n']}"] if trouble or (n_clips is not None and row["n"] != n_clips) else []
    interval = bounds(row["ci_low"], row["ci_high"], digits)
    return Cell(number(row["mean"], digits) + DAGGER * bool(limited), interval, ", ".join(fewer + trouble), row["mean"])


def _columns(results: Results, shown: Sequence[str], coders: Sequence[str]) -> list[Heading]:
    about = {name: results.quantities.get(name, {}) for name in shown}
    scores = [Heading(name, unit_of(each), each.get("summary", "")) for name, each in about.items()]
    measured, nominal, *costs = [Heading(name, UNITS.get(name, ""), hint) for name, hint in RATE_HINTS.items()]
    coded = [Heading(name, "kbit/s", CODER_HINTS[name]) for name in coders]
    return [measured, nominal, *coded, *scores, *costs]


def _kbps(rate: Mapping[Any, Any], key: str) -> Cell:
    bps = rate.get(key)
    bps = math.nan if bps is None or pd.isna(bps) else float(bps)
    return Cell(kbps(bps), value=bps / 1000)


def _costs(rate: Mapping[Any, Any]) -> list[Cell]:
    encode, decode = rate.get("encode_rtf", math.nan), rate.get("decode_rtf", math.nan)
    n, n_failed, delay = rate.get("n", 0), rate.get("n_failed", 0), rate.get("delay_ms", math.nan)
    return [
        Cell(str(n), note=f"{n_failed} failed" if n_failed else "", value=n),
        Cell(factor(encode), value=encode),
        Cell(factor(decode), value=decode),
        Cell(number(delay, 1), value=delay),
        _kbps(rate, "container_bps"),
    ]
