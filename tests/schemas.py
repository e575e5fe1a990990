"""Writes configs/schema from the models: ``python -m tests.schemas``; tests/test_schemas.py compares."""

from __future__ import annotations

import json

from bench import codecs, config, datasets, metrics
from bench.metrics import sets
from bench.schemas import Schema, place, schema_of
from listening_test.building.config import STANDARD_ANCHORS, TestConfig

QUANTITIES = [*metrics.GROUPS, "all", *(entry.name for entry in metrics.TABLE)]


def of_run() -> Schema:
    coders = [entry.name for entry in codecs.TABLE]
    loaders = [entry.name for entry in (*datasets.TABLE, *datasets.KNOWN)]
    return schema_of(
        config.RunConfig,
        "A run of codecbench",
        {
            "CodecConfig": {"anyOf": [{"enum": coders}, {"type": "string"}]},
            "DatasetConfig": {"anyOf": [{"enum": loaders}, {"type": "string"}]},
            "RunConfig.metrics": {"anyOf": [{"enum": QUANTITIES}, {"type": "string"}]},
            "RunConfig.set_measures": {"type": "string"},
        },
        {
            ("CodecConfig", "name"): coders,
            ("DatasetConfig", "loader"): loaders,
            ("RunConfig", "metrics"): QUANTITIES,
            ("RunConfig", "set_measures"): [entry.name for entry in sets.TABLE],
        },
    )


def of_test() -> Schema:
    return schema_of(
        TestConfig,
        "A listening test of codecbench",
        {
            "AnchorConfig": {"enum": list(STANDARD_ANCHORS)},
            "TrainingConfig": {
                "anyOf": [{"type": "integer", "minimum": 0}, {"items": {"type": "string"}, "type": "array"}]
            },
            "TestConfig.clips": {"$ref": "#/$defs/ClipsConfig"},
            "TestConfig.conditions": {"type": "string"},
        },
        {("ClipsConfig", "quantity"): [entry.name for entry in metrics.TABLE]},
    )


def text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for kind, made in (("run", of_run()), ("test", of_test())):
        place(kind).write_text(text(made), encoding="utf-8")
        print(place(kind))
