"""What people see in a terminal: progress of a run, tables, and JSON for programs."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bench.cells.planning import Plan
from bench.cells.shards import Finished

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

WIDEST = 1000
"""Characters in a line of a table that is not for a terminal, at most."""

QUIET_INTERVAL_S = 15.0
"""How often progress is printed where there is no terminal to draw a bar on."""


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


class RunProgress:
    """Cells done, rate, time left and failures of a run, on stderr."""

    def __init__(self, plan: Plan, done: int) -> None:
        self.total, self.done, self.at_start = len(plan), done, done
        self.failed: Counter[str] = Counter()
        self.started = self._printed = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        if done:
            err.print(f"{done} of {self.total} cells are already done.")
        if err.is_terminal:
            self._draw()

    def __call__(self, finished: Finished) -> None:
        self.done += len(finished.rows)
        for row in finished.rows.values():
            if row["status"] == "failed":
                self.failed[row["condition"]] += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self.done, news=self._news())
        elif time.monotonic() - self._printed > QUIET_INTERVAL_S:
            self._printed = time.monotonic()
            err.print(f"{self.done} of {self.total} cells{self._news()}")

    @property
    def rate(self) -> float:
        """Cells per second since the start."""
        return (self.done - self.at_start) / max(1e-9, time.monotonic() - self.started)

    def _news(self) -> str:
        count = sum(self.failed.values())
        return f", {self.rate:.1f}/s" + (f", {count} failed" if count else "")

    def _draw(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("measuring"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("cells{task.fields[news]}"),
            TimeRemainingColumn(),
            console=err,
            transient=True,
        )
        self._task = self._bar.add_task("cells", total=self.total, completed=self.done, news="")
        self._bar.start()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def run_progress() -> Iterator[Any]:
    """A factory for :func:`bench.runner.run`'s ``progress`` whose bar is gone at the end, however that comes."""
    made: list[RunProgress] = []

    def factory(plan: Plan, done: int) -> RunProgress:
        made.append(RunProgress(plan, done))
        return made[0]

    try:
        yield factory
    finally:
        for progress in made:
            progress.close()


@contextmanager
def counting(what: str) -> Iterator[Any]:
    """A function of (done, all) that shows on stderr how far ``what`` is: a bar on a terminal, else a line at times."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not err.is_terminal:
        printed = time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal printed
            if time.monotonic() - printed > QUIET_INTERVAL_S:
                printed = time.monotonic()
                err.print(f"{what}: {done} of {total}")

        yield tell
        return
    bar = Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err, transient=True
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
