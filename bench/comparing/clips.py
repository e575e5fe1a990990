"""The clips that changed most: where to listen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from bench.comparing.columns import Tables, score_about
from bench.comparing.model import ClipChange, Matched
from bench.domain import CATEGORIES
from bench.errors import ConfigError
from bench.registry import nearest
from bench.report.worst import main_quantity
from bench.runs.results import Results
from bench.storage import Place
from bench.tables import in_order


def changed_most(base: Results, new: Results, matched: Matched, by: str | None, most: int) -> list[ClipChange]:
    """The cells of each category with the largest difference, largest first; those that do not differ are left out.

    Args:
        by: the quantity that decides. Default: what the report of NEW takes for a category (``visqol_audio``, or else
            the first with a direction).
        most: cells per category.
    Raises:
        ConfigError: ``by`` is no quantity of both runs.
    """
    usable = [name for name in matched.quantities if name not in matched.versions]
    if by is not None and by not in usable:
        raise ConfigError(
            f"--by: {by!r} is not compared here.{nearest(by, usable)} Quantities: {', '.join(usable) or 'none'}."
        )
    names = {name for _, name in matched.conditions}
    found: list[ClipChange] = []
    for category in in_order(matched.clips["category"].unique(), CATEGORIES):
        quantity = by or main_quantity(new, category, names, usable)
        if quantity is not None:
            clips = matched.clips.loc[matched.clips["category"] == category, "clip"]
            found += _of_category(base, new, matched, category, quantity, clips)[:most]
    return _with_audio(found, base, new)


def _of_category(
    base: Results, new: Results, matched: Matched, category: str, quantity: str, clips: pd.Series
) -> list[ClipChange]:
    old_tables, new_tables = Tables(base, clips), Tables(new, clips)
    about = score_about(new, quantity)
    cells = []
    for rank, (old_name, name) in enumerate(matched.conditions):
        before = old_tables.score(old_name, quantity).numbers
        after = new_tables.score(name, quantity).numbers
        with np.errstate(invalid="ignore"):
            between = np.where(before == after, 0.0, after - before)
        for place in np.flatnonzero(~np.isnan(between) & (between != 0)):
            size = round(abs(float(between[place])), 9)  # the last bit of a difference decides nothing
            cells.append((-size, str(clips.iloc[place]), rank, place, before[place], after[place], between[place]))
    chosen = []
    for _, clip, rank, _, old_value, value, difference in sorted(cells):
        old_name, name = matched.conditions[rank]
        better = None if about.higher_is_better is None else bool((difference > 0) == about.higher_is_better)
        chosen.append(
            ClipChange(category, clip, name, old_name, quantity, float(old_value), float(value), float(difference),
                       better)
        )  # fmt: skip
    return chosen


def _with_audio(cells: list[ClipChange], base: Results, new: Results) -> list[ClipChange]:
    """With the files that exist: ``reference``, ``base`` and ``new``."""
    clips = {cell.clip for cell in cells}
    old_files, new_files = _decoded(base, clips), _decoded(new, clips)
    return [
        replace(
            cell,
            audio=_existing(
                reference=new.reference_place(cell.clip),
                base=old_files.get((cell.clip, cell.base_condition)),
                new=new_files.get((cell.clip, cell.condition)),
            ),
        )
        for cell in cells
    ]


def _decoded(results: Results, clips: set[str]) -> dict[tuple[str, str], Place]:
    rows = results.encodings.loc[results.encodings["clip"].isin(clips), ["clip", "condition", "decoded"]].dropna()
    return {(str(clip), str(name)): results.folder / str(path) for clip, name, path in rows.itertuples(index=False)}


def _existing(**paths: Place | None) -> dict[str, Path]:
    """Of a run at a URL none: a page could not link to them."""
    return {name: path for name, path in paths.items() if isinstance(path, Path) and path.is_file()}
