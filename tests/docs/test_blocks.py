"""Every block of code in the documents: commands parse, configurations validate, Python compiles, JSON parses."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from bench import config
from bench.building import plans
from bench.errors import ConfigError
from docs.reference import commands
from listening_test.building import config as test_config
from tests.docs.pages import DOCUMENTS, Block, blocks, inline_code, name

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
SHELL, LANGUAGES = ("", "sh"), ("", "sh", "yaml", "python", "json", "toml")
NOT_HERE = re.compile(r"needs its weights|To get it: |cannot be imported|could not be loaded")
"""Problems of this machine, not of a configuration."""
COMPLETION = ("--install-completion", "--show-completion")
"""Options of the program itself, which typer adds when it runs."""
ENDS = {"|", ">", ">>", "&&", "||", ";", ")", "<"}


@cache
def root() -> Any:
    return commands.root()


def calls(text: str) -> Iterator[list[str]]:
    """The arguments of every ``codecbench`` in lines of a shell."""
    for inner in re.findall(r"\$\(codecbench ([^)]*)\)", text):
        yield shlex.split(inner)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if "codecbench" not in line or "`codecbench" in line:  # a sentence about a command is none
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] | None = None
        installing = "pip" in line
        for token in [*lexer, ";"]:
            if words is not None and token in ENDS:
                yield words
                words = None
            elif words is not None:
                words.append(token)
            elif not installing and (token == "codecbench" or token.endswith("/codecbench")):
                words = []


def of_workflow(data: Any) -> Iterator[list[str]]:
    """The calls in the steps of a workflow of CI."""
    for job in data["jobs"].values():
        for step in job["steps"]:
            yield from calls(step.get("run", ""))


def command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that ``words`` call, and what is left of them."""
    found, rest = root(), list(words)
    while rest and rest[0] in getattr(found, "commands", {}):
        found = found.commands[rest.pop(0)]
    return found, rest


def require_parses(words: list[str]) -> None:
    """Fail where the command line would refuse ``words``; ``...`` stands for what a reader fills in."""
    found, rest = command(words)
    left_open = "..." in rest
    rest = [word for word in rest if word not in ("...", "--help")]
    if hasattr(found, "commands"):
        assert left_open or rest in ([], *([one] for one in COMPLETION)), (
            f"codecbench {' '.join(words)}: no such command"
        )
    elif not left_open:
        assert found.make_context(words[0], rest).params is not None
    else:
        require_options(words)


def require_options(words: list[str]) -> None:
    """Fail where an option is not the command's."""
    found, rest = command(words)
    known = {option for parameter in getattr(found, "params", ()) for option in parameter.opts} | {"--help", "-h"}
    assert [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known] == []


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_is_of_a_language_that_is_checked(block: Block) -> None:
    assert block.language in LANGUAGES


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if one.language in SHELL and "codecbench " in one.text], ids=str
)
def test_every_command_parses(block: Block) -> None:
    for words in calls(block.text):
        require_parses(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_commands_in_sentences_are_known(document: Any) -> None:
    for text in inline_code(document):
        if text.startswith("codecbench ") and "{" not in text:
            words = shlex.split(text)[1:]
            found, rest = command(words)
            placeholder = not rest or not rest[0].islower() or rest[0].startswith("-") or not hasattr(found, "commands")
            assert placeholder or set(rest[0].split("|")) <= set(found.commands), text
            require_options(words)


def test_the_examples_of_every_command_parse() -> None:
    for _, one in commands.commands(root()):
        for example in commands.examples(one):
            for words in calls(example):
                require_parses(words)


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "yaml"], ids=str)
def test_every_configuration_is_valid(block: Block) -> None:
    data = yaml.safe_load(block.text)
    if isinstance(data, list):  # a part of a list: codecs, as in a sentence about them
        data = {"codecs": data}
    if "jobs" in data:
        found = list(of_workflow(data))
        assert found
        for words in found:
            require_parses(words)
    elif "loader" in data:
        plans.parse(data, "recipe")
    elif set(data) <= set(test_config.TestConfig.model_fields) and "codecs" not in data and "datasets" not in data:
        test_config.parse({"name": "of_a_document", **data})
    else:
        rest = {"name": "of_a_document", "datasets": ["embedded"], "codecs": ["passthrough"]}
        assert problems(rest | data) == []


def problems(data: Any) -> list[str]:
    try:
        config.parse(data)
    except ConfigError as error:
        return [problem for problem in error.problems if not NOT_HERE.search(problem)]
    return []


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in ("python", "json", "toml")], ids=str)
def test_every_program_and_table_can_be_read(block: Block) -> None:
    if block.language == "python":
        compile(block.text, str(block), "exec")
    elif block.language == "toml":
        assert tomllib.loads(block.text)
    else:
        for line in block.text.splitlines():
            assert json.loads(line)
