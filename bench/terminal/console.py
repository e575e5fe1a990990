"""What people see in a terminal: tables, how far something is, and JSON for programs."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

WIDEST = 1000
"""Characters in a line of a table that is not for a terminal, at most."""

QUIET_INTERVAL_S = 15.0
"""How often progress is printed where there is no terminal to draw a bar on."""


def say(*lines: object) -> None:
    """Each of ``lines`` on stdout as it is, never wrapped."""
    for line in lines:
        out.print(str(line), markup=False, soft_wrap=True)


def note(*lines: object) -> None:
    """Each of ``lines`` on stderr as it is, never wrapped."""
    for line in lines:
        err.print(str(line), markup=False, soft_wrap=True)


def print_json(value: object) -> None:
    """``value`` as JSON on stdout, in full precision; NaN is null, an infinity the string "Infinity" or "-Infinity"."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def plain(value: object) -> Any:
    """``value`` with nothing that JSON cannot hold."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], unbroken: Sequence[str] = ()
) -> None:
    """A table on stdout; cells that are None stay empty, columns that are ``unbroken`` are never wrapped.

    In a file, a pipe or the log of a CI job, which have no width (unless COLUMNS gives one), nothing is wrapped.
    """
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in unbroken)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if out.is_terminal or "COLUMNS" in os.environ:
        out.print(table)
        return
    whole = Measurement.get(out, out.options.update(max_width=WIDEST), table).maximum
    Console(file=out.file, highlight=False, width=max(out.width, whole)).print(table)


class Tell(Protocol):
    """Says how far something is; ``news`` stands behind the count."""

    def __call__(self, done: int, total: int, news: str = "") -> None: ...


@contextmanager
def counting(what: str, unit: str = "", done: int = 0) -> Iterator[Tell]:
    """A function that shows on stderr how far ``what`` is: a bar on a terminal, else a line at times.

    Args:
        unit: of what is counted, such as ``cells``.
        done: what was there before, which says nothing of the speed.
    """
    if not err.is_terminal:
        printed = time.monotonic()

        def tell(done: int, total: int, news: str = "") -> None:
            nonlocal printed
            if time.monotonic() - printed > QUIET_INTERVAL_S:
                printed = time.monotonic()
                err.print(" ".join(filter(None, (f"{what}: {done} of {total}", unit))) + news)

        yield tell
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(unit + "{task.fields[news]}"), TimeRemainingColumn())
    with Progress(TextColumn(what), *columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=None, completed=done, news="")
        yield lambda done, total, news="": bar.update(task, completed=done, total=total, news=news)
