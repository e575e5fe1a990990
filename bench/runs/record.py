"""The record of a run, ``run.json``: what was asked for, by whom and with what it was measured, what codecs cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import codecs, metrics
from bench.audio import resampler_identity
from bench.cells.planning import Plan
from bench.domain import Identity
from bench.engines.queue import coders_of, gpus_of
from bench.errors import CodecError
from bench.inspection.cost import cost_of
from bench.journal import Journal
from bench.metrics.base import Quantity
from bench.metrics.sets.base import SetQuantity
from bench.provenance import machine, now, package_versions, revision
from bench.storage import Place
from bench.store import digest, write_json
from bench.untrusted import parse_json


def invocation(plan: Plan, workers: int, engine: str) -> dict[str, Any]:
    """How a driver is started here, for the part of its plan that is ``plan``."""
    return {
        "started": now(),
        "git_revision": revision(),
        "versions": package_versions(),
        "machine": machine(),
        "workers": workers,
        "engine": engine,
        "coders": coders_of(plan),
        "num_gpus": gpus_of(plan),
        "device": str(plan.device),
        "metrics_device": str(plan.metrics_device),
    }


def of_invocations(journal: Journal) -> dict[str, Any]:
    """What the record says of the starts of all drivers; that of the last one stands for them."""
    every = [dict(one) for one in journal.invocations]
    return {**every[-1], "started": every[0]["started"], "invocations": every}


def record_of(plan: Plan, text: str, folder: Place) -> dict[str, Any]:
    """What the record says whoever has measured; ``text`` is the configuration's."""
    return {
        "run": plan.config.name,
        "description": plan.config.description,
        "ended": None,
        "complete": False,
        "config_text": text,
        "threads_per_worker": 1,
        "seed": plan.config.seed,
        "sample_rate": plan.config.sample_rate,
        "channels": plan.config.channels,
        "band_limited": plan.config.band_limited,
        "resampler": resampler_identity(),
        "clips": len(plan.clips),
        "conditions": [condition.id for condition in plan.conditions],
        "datasets": [dict(item.model_dump(mode="json")) for item in plan.config.datasets],
        "quantities": {
            name: {
                **_described(quantity, metrics.registry.entry(name).summary, metric.identity),
                "channel_policy": metric.domain.channels,
                "categories": list(metric.domain.categories),
            }
            for name, metric in plan.metrics.items()
            for quantity in metric.quantities
            if quantity.name == name
        },
        "set_quantities": {
            quantity.name: {
                **_described(quantity, quantity.summary, measure.identity),
                "categories": list(measure.categories),
            }
            for measure in plan.measures.values()
            for quantity in measure.quantities
        },
        "warnings": [],
        "folder": folder.name,
    }


def costs_of(part: Plan, cache: Path, tell: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """What each codec of the plan costs, by series; measured once for each version of it on this machine."""
    found: dict[str, dict[str, Any]] = {}
    for condition in part.conditions:
        codec = codecs.make(condition.codec, condition.options)
        if codec.role != "codec" or not codec.live or condition.series in found:
            continue
        key = digest([str(codec.identity), dict(condition.options), machine()["cpu"]])
        path = cache / "costs" / f"{key}.json"
        if not path.is_file():
            tell(condition.series)
            try:
                measured = asdict(cost_of(condition.codec, condition.options, times=1))
            except CodecError as error:
                found[condition.series] = {"reason": str(error)}
                continue
            write_json(path, {key: str(value) if value == float("inf") else value for key, value in measured.items()})
        found[condition.series] = parse_json(path.read_text(encoding="utf-8"))
    return found


def changed_versions(invocations: Sequence[Mapping[str, Any]]) -> list[str]:
    """A run that was continued with other packages, or on another machine, says so."""
    found = []
    for name in sorted({name for one in invocations for name in one["versions"]}):
        versions = list(dict.fromkeys(one["versions"].get(name, "none") for one in invocations))
        if len(versions) > 1:
            found.append(f"the run was continued with another {name}: {', then '.join(versions)}.")
    machines = list(dict.fromkeys(one["machine"]["cpu"] for one in invocations))
    if len(machines) > 1:
        found.append(f"the run was continued on another machine, so times do not compare: {', then '.join(machines)}.")
    return found


def _described(quantity: Quantity | SetQuantity, summary: str, identity: Identity) -> dict[str, Any]:
    return {
        "unit": quantity.unit,
        "higher_is_better": quantity.higher_is_better,
        "low": _finite(quantity.low),
        "high": _finite(quantity.high),
        "summary": summary,
        "metric": identity.name,
        "metric_version": str(identity),
    }


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
