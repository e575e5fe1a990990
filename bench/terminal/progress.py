"""How far a run is: cells done, cells per second, time left and failures, on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from bench.cells.planning import Plan
from bench.cells.shards import Finished
from bench.terminal.console import Tell, counting, err
from bench.terminal.summary import of_no_use


class RunProgress:
    """Hears what is finished. ``done`` of ``total`` cells were there at the start."""

    def __init__(self, tell: Tell, total: int, done: int) -> None:
        self._tell, self._total, self._done = tell, total, done
        self._measured = self._failed = 0
        self._started = time.monotonic()

    def __call__(self, finished: Finished) -> None:
        self._measured += len(finished.rows)
        self._failed += sum(row["status"] == "failed" for row in finished.rows.values())
        rate = self._measured / max(1e-9, time.monotonic() - self._started)
        failed = f", {self._failed} failed" if self._failed else ""
        self._tell(self._done + self._measured, self._total, f", {rate:.1f}/s{failed}")


@contextmanager
def run_progress() -> Iterator[Any]:
    """A factory for :func:`bench.runner.run`'s ``progress`` whose bar is gone at the end, however that comes."""
    with ExitStack() as stack:

        def factory(plan: Plan, done: int) -> RunProgress:
            for note in of_no_use(plan):
                err.print(f"note: {note}", markup=False, soft_wrap=True)
            if done:
                err.print(f"{done} of {len(plan)} cells are already done.")
            return RunProgress(stack.enter_context(counting("measuring", "cells", done)), len(plan), done)

        yield factory
