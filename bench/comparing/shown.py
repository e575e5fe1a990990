"""A comparison as words: what every output for people says in the same way."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.comparing.gates import Outcome
from bench.comparing.model import Change, ClipChange, Comparison, Verdict
from bench.report.cells import NOTHING, number, probability, signed
from bench.report.record import category_name
from bench.wording import counted, listed

COLUMNS = ("condition", "quantity", "verdict", "difference", "95 % interval", "BASE", "NEW", "n", "p (Holm)")

CLIP_COLUMNS = ("clip", "condition", "quantity", "BASE", "NEW", "difference")

ORDER: tuple[Verdict, ...] = (
    "worse", "better", "changed", "unclear", "equal", "not tested", "no values", "not comparable",
)  # fmt: skip

METHOD = (
    "Differences are NEW less BASE, means over the clips that have a value in both; BASE and NEW are means over the "
    "same clips. Intervals are 95 % percentile bootstraps over sources, widened for few sources. p is of the paired "
    "permutation test over sources, corrected after Holm over the {n} differences tested here; better and worse mean "
    "p (Holm) at most 0.05. Speeds are compared as ratios and shown in per cent. Seed {seed}."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A change as text, with the verdict apart for its colour."""

    cells: tuple[str, ...]
    verdict: str


def title(comparison: Comparison) -> str:
    """Which run against which."""
    return f"{comparison.new.name} against {comparison.base.name}"


def headline(comparison: Comparison) -> list[str]:
    """What was compared, and how much of it changed for certain."""
    both = comparison.matched
    verdicts = [change.verdict for change in comparison.changes]
    told = ", ".join(f"{verdicts.count(name)} {name}" for name in sorted(set(verdicts), key=ORDER.index))
    return [
        f"{counted(len(both.clips), 'clip')} and {counted(len(both.conditions), 'condition')} in both runs; "
        f"{counted(len(comparison.changes), 'difference')}, {comparison.n_tested} tested.",
        f"Verdicts: {told or 'none'}.",
        *(
            f"{counted(failure.count, 'cell')} of {failure.condition} in {category_name(failure.category).lower()} "
            f"{'fails' if failure.count == 1 else 'fail'} that did not fail in BASE: {failure.shown.rstrip('.')}."
            for failure in comparison.failures
        ),
    ]


def method(comparison: Comparison) -> str:
    """How the numbers were made."""
    return METHOD.format(n=comparison.n_tested, seed=comparison.seed)


def sections(comparison: Comparison, everything: bool = True) -> list[tuple[str, list[Row]]]:
    """The changes of each category, also of one without any.

    Args:
        everything: else without what is equal or not comparable, and without speeds that chance explains.
    """
    found: dict[str, list[Row]] = {}
    for change in comparison.changes:
        rows = found.setdefault(category_name(change.category), [])
        dull = change.verdict in ("equal", "not comparable") or (change.kind == "speed" and not change.significant)
        if everything or not dull:
            rows.append(Row(_cells(change), change.verdict))
    return list(found.items())


def link(path: Path, folder: Path) -> str:
    """A relative URL of ``path`` for a page in ``folder``: both can be moved together, and nothing else is named."""
    relative = os.path.relpath(path.resolve(), folder.resolve())
    return quote(Path(relative).as_posix())


def clip_sections(comparison: Comparison) -> list[tuple[str, list[ClipChange]]]:
    """The clips that changed most, by category."""
    found: dict[str, list[ClipChange]] = {}
    for cell in comparison.clips:
        found.setdefault(category_name(cell.category), []).append(cell)
    return list(found.items())


def clip_cells(cell: ClipChange) -> tuple[str, ...]:
    """The columns of CLIP_COLUMNS."""
    values = (number(cell.base, 3), number(cell.new, 3), signed(cell.difference, 3))
    return (cell.clip, _renamed(cell.base_condition, cell.condition), cell.quantity, *values)


def gate_lines(outcomes: Sequence[Outcome]) -> list[tuple[bool, str]]:
    """For each gate whether it tripped, and a sentence; for one that tripped, a sentence for each reason."""
    lines = []
    for outcome in outcomes:
        if not outcome.tripped:
            lines.append((False, f"{outcome.gate.text}: true in none of {counted(len(outcome.cases), 'case')}."))
        reasons: dict[str, list[str]] = {}
        for case in outcome.cases:
            if case.tripped:
                name = "all conditions" if case.condition == "*" else case.condition
                where = f"{name}, {category_name(case.category).lower()}" if case.category else name
                reasons.setdefault(case.told, []).append(where)
        for told, wheres in reasons.items():
            lines.append((True, f"{outcome.gate.text}: {listed(wheres, 1)}: {told}"))
    return lines


def _cells(change: Change) -> tuple[str, ...]:
    digits, unit = _digits(change), " %" if change.kind == "speed" else ""
    scale = 100 if change.kind == "speed" else 1
    low, high = (signed(scale * bound, digits) for bound in (change.low, change.high))
    lost = f" ({change.n_lost} lost)" if change.n_lost else ""
    gained = f" ({change.n_gained} gained)" if change.n_gained else ""
    return (
        _renamed(change.base_condition, change.condition),
        f"{change.quantity} ({change.unit})" if change.unit else change.quantity,
        change.verdict,
        f"{signed(scale * change.mean, digits)}{unit if not math.isnan(change.mean) else ''}",
        NOTHING if math.isnan(change.low) else f"[{low}, {high}]{unit}",
        number(change.base, 2 if change.kind == "speed" else digits),
        number(change.new, 2 if change.kind == "speed" else digits),
        f"{change.n}{lost}{gained}",
        probability(change.p_holm),
    )


def _digits(change: Change) -> int:
    """Enough to see a difference of a hundredth of a MOS, or of a bitrate."""
    return 1 if change.kind == "speed" else 3


def _renamed(old: str, name: str) -> str:
    return name if old == name else f"{name} (was {old})"
