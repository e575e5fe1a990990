"""codecbench: which audio codec sounds better, at how many bits?

>>> from bench import load_results, run  # doctest: +SKIP
>>> results = run("configs/demo.yaml")  # doctest: +SKIP
>>> results.scores.groupby(["condition", "quantity"])["value"].mean()  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.runner import run
    from bench.runs.results import Results, load_results
    from bench.scoring import score

__all__ = ["Results", "load_results", "run", "score"]

_HOMES = {
    "run": "bench.runner",
    "score": "bench.scoring",
    "load_results": "bench.runs.results",
    "Results": "bench.runs.results",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bench' has no attribute {name!r}")
