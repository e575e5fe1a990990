"""The demo: the configuration ``demo``, with what works on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import config, runner
from bench.runs.results import Results
from bench.starting.choosing import metrics_here


def measured(output: Path, workers: int | None, progress: Any) -> tuple[Results, dict[str, list[str]]]:
    """The results of the demo, and the quantities that cannot be measured here by the line that gets them.

    Args:
        output: folder of the run.
        workers: default: one for each core.
        progress: see :func:`bench.runner.run`.
    """
    data, _ = config.mapping_of(config.shipped()["demo"])
    here, absent = metrics_here([data["metrics"]])
    chosen: Any = {**data, "metrics": here} if absent else "demo"
    return runner.run(chosen, output=output, workers=workers, progress=progress), absent
