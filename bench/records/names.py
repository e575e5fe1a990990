"""The names in a record: codecs and metrics that everybody can get, and conditions that its configuration plans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import codecs, metrics
from bench.config import CodecConfig
from bench.domain import Condition
from bench.metrics import sets
from bench.records.files import PUBLISH
from bench.records.problems import Problem, named
from bench.registry import Registry, nearest
from bench.untrusted import parse_yaml

DECLARE = "A plug-in is declared when it is published: codecbench results publish RUN --plugin NAME=PACKAGE."


def planned_conditions(config_text: str) -> list[Condition]:
    """The conditions that the text of a configuration names.

    Raises:
        ValueError: it is no configuration of a run.
    """
    data = parse_yaml(config_text)
    items = data.get("codecs") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise ValueError("no list of codecs")
    return [condition for item in items for condition in CodecConfig.model_validate(_given(item)).conditions()]


def named_metrics(config_text: str) -> list[str]:
    """The metrics and set measures that the text of a configuration names one by one; what a group holds may grow."""
    data = parse_yaml(config_text)
    listed = [data.get(key) or [] for key in ("metrics", "set_measures")]
    names = [str(name) for given in listed for name in (given if isinstance(given, list) else [given])]
    return [name for name in names if name not in (*metrics.GROUPS, "all")]


def used_names(info: Mapping[str, Any]) -> dict[str, Registry]:
    """Every codec, quantity and set measure of a run, each with the table that should know it.

    Raises:
        ValueError: the text of its configuration is none.
    """
    found = {condition.codec: codecs.registry for condition in planned_conditions(str(info["config_text"]))}
    found |= dict.fromkeys(info["quantities"], metrics.registry)
    measures = {str(about["metric"]) for about in (info.get("set_quantities") or {}).values()}
    return found | dict.fromkeys(sorted(measures), sets.registry)


def name_problems(folder: Path, info: Mapping[str, Any], plugins: Mapping[str, str], series: set[str]) -> list[Problem]:
    """Names that nobody knows, and conditions that are not those of the configuration.

    Args:
        plugins: name -> package of what does not come with codecbench.
        series: what stands in the column ``codec`` of the encodings.
    """
    where = str(folder / "run.json")
    try:
        conditions, used = planned_conditions(str(info["config_text"])), used_names(info)
    except ValueError as error:
        got = " ".join(str(error).split())
        return [Problem(f"{where}, config_text", "it plans no run", "the text of a configuration", got, PUBLISH)]
    problems = []
    entries = {registry: registry.entries() for registry in set(used.values())}
    for name, registry in used.items():
        if name not in entries[registry] and name not in plugins:
            remedy = f"{DECLARE}{nearest(name, [*entries[registry], *plugins])}"
            problems.append(Problem(where, f"no {registry.kind} has that name", "a known name", name, remedy))
    ids = [condition.id for condition in conditions]
    if ids != list(info["conditions"]):
        absent = [name for name in ids if name not in info["conditions"]]
        other = [name for name in info["conditions"] if name not in ids]
        got = "; ".join(
            text
            for text in (
                f"without {named(absent)}" if absent else "",
                f"with {named(other)}" if other else "",
                "in another order" if not (absent or other) else "",
            )
            if text
        )
        problems.append(
            Problem(
                f"{where}, conditions", "not those of the configuration", named(ids), got,
                f"{PUBLISH} A codec whose options hold a path needs a label.",
            )
        )  # fmt: skip
    measured = {*info["quantities"], *(str(about["metric"]) for about in (info.get("set_quantities") or {}).values())}
    if removed := [name for name in named_metrics(str(info["config_text"])) if name not in measured]:
        expected = f"what the configuration names, with {named(removed)}"
        problems.append(Problem(f"{where}, quantities", "metrics were removed", expected, "without them", PUBLISH))
    unknown = sorted(series - {condition.series for condition in conditions})
    if unknown:
        problems.append(
            Problem(
                f"{folder / 'encodings.parquet'}, column codec", "codecs that the configuration does not name",
                named(sorted({condition.series for condition in conditions})), named(unknown), PUBLISH,
            )
        )  # fmt: skip
    return problems


def _given(item: object) -> object:
    """A codec of a configuration that was stored as JSON or as Python writes it, where an absent rate is None."""
    return {key: value for key, value in item.items() if value != "None"} if isinstance(item, dict) else item
