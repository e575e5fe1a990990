"""What the pages that code makes rest on is complete: nothing is left without a meaning."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import pytest
from pydantic import BaseModel

from bench import codecs, datasets, errors, metrics
from bench.codecs.licences import LICENCES
from bench.explain.about import NOT_STATED, about
from bench.metrics import sets
from bench.tables import columns
from bench.tables.bits import RATE_COLUMNS
from bench.tables.scores import SUMMARY_COLUMNS
from docs.reference import commands, configuration, docstrings, tables
from docs.reference.errors import classes
from docs.reference.options import options
from tests.docs.pages import page

MODELS = [*configuration.RUN.values(), *configuration.TEST.values()]


def test_every_codec_has_a_licence() -> None:
    assert set(LICENCES) == {entry.name for entry in codecs.TABLE}
    unnamed = {name for name, licence in LICENCES.items() if not licence.source}
    assert unnamed == {"command", "decoded", "torch_module"}  # whose software the user brings


def test_every_column_has_a_meaning() -> None:
    assert tuple(columns.SUMMARY) == SUMMARY_COLUMNS
    assert tuple(columns.RATES) == RATE_COLUMNS
    assert set(tables.described()) == set(tables.FILES)
    assert all(spec["about"] for specs in tables.described().values() for spec in specs.values())


@pytest.mark.parametrize("model", MODELS)
def test_every_key_has_a_meaning(model: type[BaseModel]) -> None:
    assert [key for key in model.model_fields if not configuration.meaning(model, key)] == []


@pytest.mark.parametrize(
    "factory",
    [load(name) for registry in (codecs, datasets) for load, name in ((registry.load, e.name) for e in registry.TABLE)],
)
def test_every_option_has_a_meaning(factory: Any) -> None:
    assert [name for name, (_, meaning) in options(factory).items() if not meaning] == []


def test_every_model_that_a_configuration_holds_is_shown() -> None:
    from bench import config
    from listening_test.building import config as test_config

    written = {
        one
        for module in (config, test_config)
        for _, one in inspect.getmembers(module, inspect.isclass)
        if issubclass(one, BaseModel) and one.__module__ == module.__name__ and not one.__name__.startswith("_")
    }
    assert written == set(MODELS)


def test_every_command_is_there_with_examples() -> None:
    text = page("reference/commands.md")
    for path, command in commands.commands(commands.root()):
        assert f"\n## {' '.join(path)}\n" in text
        assert commands.examples(command), f"{' '.join(path)} has no examples"
        assert command.help


def test_every_command_with_a_result_has_it_as_json() -> None:
    """The others run a server, ask, or print one thing that is for programs already."""
    without = {
        " ".join(words[1:])
        for words, command in commands.commands(commands.root())
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == {"demo", "schema", "weights path", "listen serve", "listen password"}


def test_every_error_is_there() -> None:
    shown = {one for one, _ in classes()}
    assert shown >= {one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__}
    assert all(inspect.getdoc(one) for one in shown)


def test_every_metric_says_what_it_is_and_what_it_does_not_hear() -> None:
    text = page("reference/metrics.md")
    for name in (entry.name for entry in (*metrics.TABLE, *sets.TABLE)):
        section = text.split(f"### `{name}`", 1)[1].split("\n### ", 1)[0]
        for term in ("definition", "blind spots", "source"):
            assert f"| {term} | " in section
            assert f"| {term} | {NOT_STATED} |" not in section


def test_a_metric_has_its_own_range() -> None:
    quantity = about("pesq_wb").quantity
    assert quantity is not None
    row = next(line for line in page("reference/metrics.md").splitlines() if line.startswith("| [`pesq_wb`]"))
    assert f"| {quantity.low:g} to {quantity.high:g} | speech | 16 kHz | core |" in row


def test_the_examples_of_the_generator_hold() -> None:
    assert doctest.testmod(docstrings).failed == 0
