"""JSON Schemas of configurations, for editors; the files in ``configs/schema`` are made of the pydantic models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import ConfigError
from bench.paths import shipped_folder

if TYPE_CHECKING:
    from pydantic import BaseModel

DRAFT = "https://json-schema.org/draft/2020-12/schema"

KINDS = ("run", "test")

Schema = dict[str, Any]


def place(kind: str) -> Path:
    """The file of the schema that is called ``run`` or ``test``.

    Raises:
        ConfigError: there is no such schema.
    """
    if kind not in KINDS:
        raise ConfigError(f"there is no schema of {kind!r}. Schemas: {', '.join(KINDS)}.")
    return shipped_folder() / "schema" / f"{kind}.json"


def shipped(kind: str) -> Schema:
    """The schema in :func:`place`."""
    schema: Schema = json.loads(place(kind).read_text(encoding="utf-8"))
    return schema


def schema_of(
    model: type[BaseModel],
    title: str,
    short: Mapping[str, Schema],
    known: Mapping[tuple[str, str], Sequence[str]],
) -> Schema:
    """The schema of what ``model`` reads.

    Args:
        short: models and keys, as ``Model`` and ``Model.key``, that may also be written in the form given here.
        known: names to offer for a key of a model; others are allowed, for plug-ins have names of their own.
    """
    schema = model.model_json_schema()
    defined = {model.__name__: schema, **schema.get("$defs", {})}
    for name, part in defined.items():
        documented = " ".join(str(part.get("description", "")).split())
        for key, described in part.get("properties", {}).items():
            described.pop("title", None)
            if names := known.get((name, key)):
                _offer(described, names)
            if other := short.get(f"{name}.{key}"):
                _allow(described, other)
        part.pop("title", None)
        part["description"] = documented.replace("``", "`")
    for name, other in short.items():
        if "." not in name:
            _allow(defined[name], other)
    return {"$schema": DRAFT, "title": title, **schema}


def _offer(described: Schema, names: Sequence[str]) -> None:
    word = described.get("items", described)
    word["anyOf"] = [{"enum": list(names)}, {"type": word.pop("type")}]


def _allow(described: Schema, other: Schema) -> None:
    kept: Schema = {key: described.pop(key) for key in ("description", "default", "$defs") if key in described}
    kept["anyOf"] = [other, dict(described)]
    described.clear()
    described.update(kept)
