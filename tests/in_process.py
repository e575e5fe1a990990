"""The tasks of worker processes done in this one, for tests of what comes out and not of the processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch

from bench import auditing
from bench.building import sets


def results(function: str, tasks: Iterable[Any], _workers: int, *shared: object) -> Iterator[tuple[Any, Any]]:
    """What :func:`bench.processes.results` gives."""
    module, _, name = function.partition(":")
    work = getattr(import_module(module), name)
    for task in tasks:
        yield task, work(*shared, task)


@contextmanager
def in_process() -> Iterator[None]:
    """Audits and builds start no process, which would take longer to start than to work."""
    with patch.object(auditing, "results", results), patch.object(sets, "results", results):
        yield
