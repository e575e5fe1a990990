"""Every key of the configurations of runs and listening tests: type, default, meaning, from the models themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bench import datasets
from bench.config import CodecConfig, DatasetConfig, RunConfig
from docs.reference.markdown import cell, code, table
from docs.reference.options import options_table, value
from listening_test.building.config import (
    AnchorConfig,
    BlocksConfig,
    ClipsConfig,
    QuestionConfig,
    TestConfig,
    TrainingConfig,
)

RUN: dict[str, type[BaseModel]] = {"Top": RunConfig, "codecs": CodecConfig, "datasets": DatasetConfig}
TEST: dict[str, type[BaseModel]] = {
    "Top of a test": TestConfig,
    "clips": ClipsConfig,
    "anchors": AnchorConfig,
    "training": TrainingConfig,
    "blocks": BlocksConfig,
    "questionnaire": QuestionConfig,
}
TYPES = {str: "text", int: "integer", float: "number", bool: "true or false", type(None): "nothing"}


def page() -> str:
    """Markdown of the page."""
    parts = [
        "# Configuration\n",
        "A run and a listening test are YAML files. Everything that is wrong with one is reported at once, with file "
        "and key, before anything starts; a key that is not here is refused.\n",
        "## A run\n\n`codecbench run FILE`. [Datasets](../datasets.md), [codecs](../codecs.md) and "
        "[metrics](../metrics.md) have examples.\n",
    ]
    parts += [_model(title, model) for title, model in RUN.items()]
    parts += [_loader(entry.name) for entry in datasets.TABLE if entry.name not in _known()]
    parts.append(
        "### Published sets by name\n\n"
        + ", ".join(code(name) for name in _known())
        + ": all have the same options; [known sets](../known-sets.md) has their subsets and licences.\n\n"
        + options_table(datasets.load("vctk"))
    )
    parts.append(
        "## A listening test\n\n`codecbench listen build RUN... FILE`. [Building a listening "
        "test](../listening-test-build.md) says what becomes of it.\n"
    )
    parts += [_model(title, model) for title, model in TEST.items()]
    return "\n".join(parts)


def meaning(model: type[BaseModel], key: str) -> str:
    """What the model says of a key."""
    return model.model_fields[key].description or ""


def _known() -> list[str]:
    return [entry.name for entry in datasets.KNOWN]


def _model(title: str, model: type[BaseModel]) -> str:
    rows = [
        (code(key), _type(field.annotation), _default(field), meaning(model, key).replace("|", "\\|"))
        for key, field in model.model_fields.items()
    ]
    return f"### {title}\n\n{table(('key', 'type', 'default', 'meaning'), rows)}"


def _loader(name: str) -> str:
    factory = datasets.load(name)
    return f"### Loader `{name}`\n\n{cell(datasets.registry.entry(name).summary)}\n\n{options_table(factory)}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    parts = default if isinstance(default, list) else [default]
    return "" if any(isinstance(one, BaseModel) for one in parts) else value(default)


def _type(annotation: Any) -> str:
    """An annotation in words."""
    if annotation in TYPES:
        return TYPES[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return _either(code(value) for value in inner)
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return "mapping"
    if inner and not inspect.isclass(annotation):
        shown = inner if "Union" in str(origin) or "|" in str(annotation) else inner[:1]
        return _either(_type(one) for one in shown if one is not type(None))
    return "mapping" if inspect.isclass(annotation) and issubclass(annotation, BaseModel) else "any"


def _either(texts: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(texts))
