"""The tables of a run do not change, so what takes long to make of them is made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from bench.runs.results import Results

Made = TypeVar("Made")


def once_per_run(make: Callable[..., Made]) -> Callable[..., Made]:
    """``make(results, *arguments)`` is called once for each run and arguments, and forgotten with the run."""
    kept: WeakKeyDictionary[Results, dict[tuple[Any, ...], Made]] = WeakKeyDictionary()

    @wraps(make)
    def made(results: Results, *arguments: Any) -> Made:
        of_run = kept.setdefault(results, {})
        if arguments not in of_run:
            of_run[arguments] = make(results, *arguments)
        return of_run[arguments]

    return made
