"""How far files are: bars on a terminal, a line now and then elsewhere, on stderr."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from bench.datasets.partial import gigabytes
from bench.terminal.console import QUIET_INTERVAL_S, err

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Transfers:
    """A watch of :func:`bench.datasets.fetching.fetch`, to be used in a ``with`` block."""

    def __init__(self, interval_s: float = QUIET_INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._started = self._printed = time.monotonic()
        self._first: dict[tuple[str, str], int] = {}
        self._now: dict[tuple[str, str], tuple[int, int | None]] = {}
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._bars: Bars | None = _bars() if err.is_terminal else None
        self._ended = threading.Event()

    def __call__(self, name: str, doing: str, done: int, total: int | None) -> None:
        key = (name, doing)
        with self._lock:
            self._first.setdefault(key, done)
            self._now[key] = (done, total)
            if self._bars is not None:
                self._draw(self._bars, key, done, total)
            elif time.monotonic() - self._printed > self._interval_s:
                self._printed = time.monotonic()
                self._print()

    def __enter__(self) -> Transfers:
        if self._bars is not None:
            self._bars.start()
        else:
            threading.Thread(target=self._remind, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._bars is not None:
            self._bars.stop()

    def _remind(self) -> None:
        """Print what is waited for where nothing moves, so that nobody calls."""
        while not self._ended.wait(max(1.0, self._interval_s)):
            with self._lock:
                if self._now and time.monotonic() - self._printed > self._interval_s:
                    self._printed = time.monotonic()
                    self._print()

    def _draw(self, bars: Bars, key: tuple[str, str], done: int, total: int | None) -> None:
        if key not in self._tasks:
            self._tasks[key] = bars.add_task(" ".join(reversed(key)), total=total)
        bars.update(self._tasks[key], completed=done, total=total, visible=total is None or done < total)

    def _print(self) -> None:
        """One line over everything that is under way."""
        under_way = {key: now for key, now in self._now.items() if now[1] is None or now[0] < now[1]}
        moved = sum(now[0] - self._first[key] for key, now in self._now.items() if key[1] == "downloading")
        speed = moved / max(1e-9, time.monotonic() - self._started)
        parts = [
            f"{doing} {name}"
            + (f": {gigabytes(done)}" if done else "")
            + (f" of {gigabytes(total)}" if done and total else "")
            for (name, doing), (done, total) in under_way.items()
        ]
        left = sum(total - done for (_, doing), (done, total) in under_way.items() if total and doing == "downloading")
        pace = f" ({gigabytes(round(speed))}/s, {left / speed:.0f} s left)" if left and speed else ""
        err.print(("; ".join(parts) or "waiting") + pace, soft_wrap=True, markup=False)


def _bars() -> Bars:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )
