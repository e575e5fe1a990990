"""A progress bar for loaders that take their time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

PATIENCE_S = 2.0
REFRESH_S = 0.1

T = TypeVar("T")


def with_progress(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """``items``, with a bar on a terminal once it takes longer than a moment."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=total)
    shown = time.monotonic() + PATIENCE_S
    try:
        for done, item in enumerate(items):
            if time.monotonic() > shown:
                bar.start()
                bar.update(task, completed=done)
                shown = time.monotonic() + REFRESH_S
            yield item
    finally:
        bar.stop()
