"""What there is: codecs, metrics, set measures, dataset loaders, configurations, and what each needs here."""

from __future__ import annotations

from typing import Any

from bench import codecs, config, datasets, metrics
from bench.errors import ConfigError, MissingRequirement, row_of
from bench.metrics import sets

KINDS = ("codecs", "metrics", "sets", "datasets", "configs")


def rows(kind: str) -> list[dict[str, Any]]:
    """One mapping for each thing of ``kind``."""
    makers = {"codecs": _codecs, "metrics": _metrics, "sets": _sets, "datasets": _datasets, "configs": _configs}
    return makers[kind]()


def _codecs() -> list[dict[str, Any]]:
    found = []
    for name, entry in codecs.registry.entries().items():
        row: dict[str, Any] = {"name": name, "summary": entry.summary, "ready": codecs.registry.missing(name) is None}
        try:
            codec = codecs.make(name, {})
            row |= {
                "version": str(codec.identity),
                "role": codec.role,
                "channels": list(codec.channels),
                "sample_rates": list(codec.sample_rates),
                "bitrates_bps": list(codec.bitrates_bps),
            }
        except ConfigError as error:
            row["note"] = f"ready; {' '.join(error.problems)}"
        except MissingRequirement as error:
            row |= {"ready": False, "note": str(error)}
        except Exception as error:  # noqa: BLE001  # one broken plug-in must not hide the others
            row["note"] = row_of(error)[1]
        found.append(row)
    return found


def _metrics() -> list[dict[str, Any]]:
    found = []
    for name, entry in metrics.registry.entries().items():
        row: dict[str, Any] = {"name": name, "summary": entry.summary}
        try:
            (metric,) = metrics.make([name])
        except MissingRequirement as error:
            row |= {"ready": False, "note": str(error)}
        except Exception as error:  # noqa: BLE001  # one broken plug-in must not hide the others
            row |= {"ready": False, "note": row_of(error)[1]}
        else:
            row["ready"] = True
            quantity = next(q for q in metric.quantities if q.name == name)
            row |= {
                "unit": quantity.unit,
                "better": "higher" if quantity.higher_is_better else "lower",
                "categories": list(metric.domain.categories),
                "sample_rate": metric.domain.sample_rate,
                "channel_policy": metric.domain.channels,
                "version": str(metric.identity),
                "licence": metric.licence or None,
            }
        found.append(row)
    return found


def _sets() -> list[dict[str, Any]]:
    found = []
    for name, entry in sets.registry.entries().items():
        row: dict[str, Any] = {"name": name, "summary": entry.summary, "ready": True}
        try:
            measure = sets.make(name)
        except Exception as error:  # noqa: BLE001  # one broken plug-in must not hide the others
            row |= {"ready": False, "note": row_of(error)[1]}
        else:
            row |= {
                "version": str(measure.identity),
                "licence": measure.licence or None,
                "categories": list(measure.categories),
                "quantities": [quantity.name for quantity in measure.quantities],
            }
        found.append(row)
    return found


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
