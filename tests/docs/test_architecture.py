"""``docs/architecture.md`` against the code: everything it names is there, and its map is import-linter's contract."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = {contract["name"]: contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"}
DOTTED = sorted(set(re.findall(r"`((?:bench|listening_test)(?:\.\w+)+)`", PAGE)))
PATHS = sorted(set(re.findall(r"`((?:bench|listening_test|tests|docs)/[\w./-]*)`", PAGE)))


def drawn(package: str) -> list[set[str]]:
    """The rows of the map of ``package``, top first."""
    table = PAGE.split(f"| what | modules of `{package}` |\n", 1)[1].split("\n\n", 1)[0]
    return [set(re.findall(r"`([\w.]+)`", row.split("|")[2])) for row in table.splitlines()[1:]]


def written(contract: str, prefix: str) -> list[set[str]]:
    """The layers of a contract of import-linter, top first."""
    return [{name.strip(" ()").removeprefix(prefix) for name in layer.split("|")} for layer in LAYERS[contract]]


@pytest.mark.parametrize(
    ("package", "contract", "prefix"),
    [
        ("bench", "imports point downwards", "bench."),
        ("listening_test", "the listening test in layers", "listening_test."),
    ],
)
def test_the_map_is_the_contract(package: str, contract: str, prefix: str) -> None:
    assert drawn(package) == written(contract, prefix)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", DOTTED)
def test_every_name_is_there(name: str) -> None:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if file := _module(parts[:length]):
            _require(ast.parse(file.read_text(encoding="utf-8")).body, parts[length:], name)
            return
    pytest.fail(f"there is no module for {name}")


def _module(parts: list[str]) -> Path | None:
    place = ROOT.joinpath(*parts)
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def _require(body: list[ast.stmt], names: list[str], whole: str) -> None:
    """``names`` are defined one inside the other, or the first is imported into the module."""
    if not names:
        return
    for statement in body:
        match statement:
            case ast.ImportFrom(names=imported) if names[0] in {alias.asname or alias.name for alias in imported}:
                return
            case ast.ClassDef(name=found) | ast.FunctionDef(name=found) if found == names[0]:
                _require(statement.body, names[1:], whole)
                return
    pytest.fail(f"{whole}: {names[0]} is not defined there")


def test_it_has_the_eight_changes_and_two_walks_of_ten_lines() -> None:
    changes = re.findall(r"^\| (an? [\w ]+) \|", PAGE.split("## Where to put your hands")[1], re.MULTILINE)
    assert len(changes) == 8
    for walk in ("## One clip", "## One rating"):
        text = PAGE.split(walk, 1)[1].split("\n## ", 1)[0]
        assert len(re.findall(r"^\d+\. ", text, re.MULTILINE)) == 10
