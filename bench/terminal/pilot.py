"""What a pilot run says about the next one, in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.report.cells import NOTHING, number
from bench.report.power import Outlook
from bench.terminal import console

SHOWN = 40


def print_power(
    rows: Sequence[Outlook], steps: Sequence[Mapping[str, Any]], silent: Sequence[str], difference: float | None,
    aim: float, level: float,
) -> None:  # fmt: skip
    """Pairs of conditions, those with the widest spread first, and the recordings that other differences need."""
    if not rows:
        console.out.print("The run has no pair of codecs to compare; --conditions A B takes any two conditions.")
    for category in dict.fromkeys(row.category for row in rows):
        found = sorted((row for row in rows if row.category == category), key=_widest_first)
        _print_pairs(category, found, difference, aim, level)
    if steps:
        _print_steps(steps, all(step["middle"] == step["widest"] for step in steps))
    for category in silent:
        console.out.print(f"{category}: the quantity has no value there.")


def _widest_first(row: Outlook) -> float:
    return -row.source_sd if row.source_sd >= 0 else -math.inf


def _print_pairs(category: str, rows: Sequence[Outlook], difference: float | None, aim: float, level: float) -> None:
    unit = f" {rows[0].unit}" if rows[0].unit else ""
    goal = f", to see {difference:g}{unit}" if difference is not None else f" in{unit or ' its unit'}"
    shown = rows[:SHOWN]
    console.print_table(
        f"{category}: paired differences of {rows[0].quantity}{goal} with power {aim:g} at {level:.0%} confidence",
        ("pair", "mean", "sd", "sources (clips)", "visible", *(("needed", "cautious") if difference else ())),
        [_cells(row, difference is not None) for row in shown],
    )
    if len(rows) > SHOWN:
        console.out.print(f"{len(rows) - SHOWN} more pairs vary less; --json has all of them.")
    for row in shown:
        if row.note:
            console.say(f"{row.first} – {row.second}: {row.note}")
    if without := max(row.without for row in shown):
        console.out.print(f"Up to {without} clips have no value of both conditions, or a band-limited reference.")


def _cells(row: Outlook, asked: bool) -> tuple[object, ...]:
    there = f"{row.sources} ({row.clips})"
    needed = (_count(row.needed, row, row.needed_clips), _count(row.needed_cautious, row)) if asked else ()
    return f"{row.first}\n{row.second}", _short(row.mean), _short(row.sd), there, _short(row.visible), *needed


def _short(value: float) -> str:
    return number(value) if math.isnan(value) else f"{value:.3g}"


def _count(count: int | None, row: Outlook, clips: int | None = None) -> str:
    if count is None:
        return NOTHING if math.isnan(row.visible) else "> 10 million"
    return f"{count} ({clips})" if clips is not None else str(count)


def _print_steps(steps: Sequence[Mapping[str, Any]], of_one_pair: bool) -> None:
    title = "Sources needed for other differences"
    names = {"middle": "sources"} if of_one_pair else {"middle": "middle", "widest": "widest"}
    console.print_table(
        title if of_one_pair else f"{title}: the pair of middle spread, and the widest",
        ("category", "difference", *names.values(), ""),
        [
            (one["category"], f"{one['difference']:.3g}", *(one[name] for name in names), _bar(one["middle"]))
            for one in steps
        ],
    )


def _bar(sources: int | None) -> str:
    """A bar on a logarithmic scale: one mark for each half of a factor of two."""
    return "" if sources is None else "▇" * round(2 * math.log2(sources))
