"""A comparison for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.comparing.gates import Outcome
from bench.comparing.model import Comparison
from bench.report.files import json_object
from bench.stats import DRAWS


def to_json(comparison: Comparison, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything at full precision, in the types of JSON; NaN is ``null``. Paths start where those of the runs do."""
    return json_object({
        "base": {"run": comparison.base.name, "folder": str(comparison.base.folder)},
        "new": {"run": comparison.new.name, "folder": str(comparison.new.folder)},
        "method": {
            "interval": "clustered bootstrap, widened percentile", "level": 0.95, "draws": DRAWS,
            "test": "paired permutation over sources", "correction": "Holm", "n_tested": comparison.n_tested,
            "seed": comparison.seed,
        },
        "conditions": [{"base": old, "new": name} for old, name in comparison.matched.conditions],
        "categories": comparison.matched.categories,
        "n_clips": len(comparison.matched.clips),
        "notices": comparison.notices,
        "only_base": asdict(comparison.matched.only_base),
        "only_new": asdict(comparison.matched.only_new),
        "gaps": [asdict(gap) for gap in comparison.matched.gaps],
        "changes": [asdict(change) | {"relative": change.relative} for change in comparison.changes],
        "failures": [asdict(failure) for failure in comparison.failures],
        "clips": [asdict(cell) for cell in comparison.clips],
        "gates": [
            {"gate": outcome.gate.text, "tripped": outcome.tripped, "cases": [asdict(case) for case in outcome.cases]}
            for outcome in outcomes
        ],
        "passed": not any(outcome.tripped for outcome in outcomes),
    })  # fmt: skip
