from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml

from bench import datasets
from bench.cli.app import app
from bench.datasets.attributes import with_attributes
from bench.domain import Clip

DOCS = Path(__file__).parents[2] / "docs"
TEXTS = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("sampling.md", "data-cards.md")}
COMMANDS = [line for text in TEXTS.values() for line in text.splitlines() if line.startswith("codecbench data ")]
[EXAMPLES] = [
    yaml.safe_load(block)["datasets"] for block in re.findall(r"```yaml\n(.*?)```", TEXTS["sampling.md"], re.DOTALL)
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_can_be_parsed(line):
    group = typer.main.get_command(app).commands["data"]
    name, *arguments = shlex.split(line)[2:]
    command = group.commands[name]
    assert command.make_context(name, arguments).params


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: entry["loader"])
def test_every_example_has_known_options(entry):
    options = dict(entry)
    parameters = inspect.signature(datasets.load(options.pop("loader"))).parameters
    assert set(options) <= set(parameters)


def test_the_pattern_of_the_example_does_what_it_says():
    clip = Clip("speech/de/anna/001", "speech", "speech", "de/anna/001.wav", "", 0, 0, 0)
    [found] = with_attributes([clip], EXAMPLES[2]["attributes"])
    assert found.attributes == {"language": "de", "speaker": "anna"}


def test_the_documents_refer_to_what_is_there():
    for text in TEXTS.values():
        for target in re.findall(r"\]\(([\w-]+\.md)\)", text):
            assert (DOCS / target).is_file()
