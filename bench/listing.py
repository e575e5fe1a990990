"""What there is: codecs, metrics, set measures, dataset loaders, configurations, and what each needs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench import codecs, config, datasets, metrics
from bench.errors import ConfigError, MissingRequirement, row_of
from bench.metrics import sets
from bench.registry import Registry


def rows(kind: str) -> list[dict[str, Any]]:
    """One mapping for each thing of ``kind``."""
    return KINDS[kind]()


def _described(registry: Registry, facts: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each name of ``registry``, with what ``facts`` says of it or why it says nothing."""
    found = []
    for name, entry in registry.entries().items():
        row: dict[str, Any] = {"name": name, "summary": entry.summary, "ready": True}
        try:
            row |= facts(name)
        except MissingRequirement as error:
            row |= {"ready": False, "note": str(error)}
        except Exception as error:  # noqa: BLE001  # one broken plug-in must not hide the others
            row |= {"ready": False, "note": row_of(error)[1]}
        found.append(row)
    return found


def _codec(name: str) -> dict[str, Any]:
    try:
        codec = codecs.make(name, {})
        return {
            "version": str(codec.identity),
            "role": codec.role,
            "channels": list(codec.channels),
            "sample_rates": list(codec.sample_rates),
            "bitrates_bps": list(codec.bitrates_bps),
        }
    except ConfigError as error:
        return {"note": f"ready; {' '.join(error.problems)}"}
    except MissingRequirement:
        raise
    except Exception as error:  # noqa: BLE001  # its options may mend it
        return {"note": row_of(error)[1]}


def _metric(name: str) -> dict[str, Any]:
    (metric,) = metrics.make([name])
    quantity = next(q for q in metric.quantities if q.name == name)
    return {
        "unit": quantity.unit,
        "better": "higher" if quantity.higher_is_better else "lower",
        "categories": list(metric.domain.categories),
        "sample_rate": metric.domain.sample_rate,
        "channel_policy": metric.domain.channels,
        "version": str(metric.identity),
        "licence": metric.licence or None,
    }


def _set(name: str) -> dict[str, Any]:
    measure = sets.make(name)
    return {
        "version": str(measure.identity),
        "licence": measure.licence or None,
        "categories": list(measure.categories),
        "quantities": [quantity.name for quantity in measure.quantities],
    }


def _datasets() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "summary": entry.summary,
            "ready": datasets.registry.missing(name) is None,
            "note": datasets.registry.missing(name),
        }
        for name, entry in datasets.registry.entries().items()
    ]


def _configs() -> list[dict[str, Any]]:
    import yaml

    found = []
    for name, path in config.shipped().items():
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        summary = " ".join(str(data.get("description", "")).split())
        found.append({"name": name, "summary": summary, "ready": True, "path": str(path)})
    return found


KINDS: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
    "codecs": lambda: _described(codecs.registry, _codec),
    "metrics": lambda: _described(metrics.registry, _metric),
    "sets": lambda: _described(sets.registry, _set),
    "datasets": _datasets,
    "configs": _configs,
}


def state(row: dict[str, Any]) -> str:
    """``ready`` with a few facts, or what is missing."""
    if note := row.get("note"):
        remedy = str(note).partition("To get it: ")[2]
        return f"to get it: {remedy}" if remedy else str(note)
    if row.get("bitrates_bps"):
        return "ready; usual kbit/s: " + " ".join(f"{rate / 1000:g}" for rate in row["bitrates_bps"])
    if "unit" in row:
        return f"ready; {row['unit']}, {row['better']} is better; {', '.join(row['categories'])}{_under(row)}"
    if "quantities" in row:
        return f"ready; {', '.join(row['quantities'])}{_under(row)}"
    return "ready"


def _under(row: dict[str, Any]) -> str:
    return f"; licence of the weights: {row['licence']}" if row.get("licence") else ""
