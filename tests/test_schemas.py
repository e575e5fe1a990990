"""The schemas for editors say what the code says, describe every key, and lie where configurations look for them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bench import config
from bench.errors import ConfigError
from bench.schemas import KINDS, place, shipped
from listening_test.building import config as tests_of
from tests import schemas
from tests.commands import codecbench

MADE = {"run": schemas.of_run, "test": schemas.of_test}
CONFIGS = {
    **dict.fromkeys(config.shipped().values(), "run"),
    **dict.fromkeys(config.shipped_tests().values(), "test"),
}


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, dict):
        here = [schema] if "properties" in schema else []
        return here + [one for value in schema.values() for one in objects(value)]
    return [one for value in schema for one in objects(value)] if isinstance(schema, list) else []


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_file_is_what_the_code_says(kind: str) -> None:
    assert place(kind).read_text(encoding="utf-8") == schemas.text(MADE[kind]()), "run: python -m tests.schemas"


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_described_and_the_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(shipped(kind))
    found = objects(shipped(kind))
    assert len(found) >= 3
    for one in found:
        for key, described in one["properties"].items():
            assert len(described["description"]) > 8, key


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configurations_name_their_schema_and_fit_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named, first
    assert (path.parent / named.group(1)).resolve() == place(CONFIGS[path]).resolve()
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(shipped(CONFIGS[path])).iter_errors(data)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"codec": ["opus"]},
        {"codecs": []},
        {"codecs": [{"name": "opus", "bitrate": [6000]}]},
        {"codecs": [{"name": "opus", "bitrates_bps": ["6k"]}]},
        {"channels": 3},
        {"sample_rate": 100},
        {"band_limited": "drop"},
        {"metrics": []},
    ],
    ids=str,
)
def test_what_a_run_refuses_the_schema_refuses(wrong: dict[str, Any]) -> None:
    whole = {"name": "x", "datasets": ["embedded"], "codecs": ["passthrough"]}
    valid = Draft202012Validator(shipped("run"))
    assert valid.is_valid(whole)
    assert not valid.is_valid(whole | wrong)
    with pytest.raises(ConfigError):
        config.parse(whole | wrong)


@pytest.mark.parametrize("wrong", [{"type": "mush"}, {"anchors": ["lo"]}, {"fade_ms": -1}, {"clip": []}], ids=str)
def test_what_a_listening_test_refuses_the_schema_refuses(wrong: dict[str, Any]) -> None:
    valid = Draft202012Validator(shipped("test"))
    assert valid.is_valid({"name": "x", "anchors": ["low"], "training": ["a", "b"], "conditions": "opus@*"})
    assert not valid.is_valid({"name": "x"} | wrong)
    with pytest.raises(ConfigError):
        tests_of.parse({"name": "x"} | wrong)


def test_the_command_prints_them() -> None:
    for arguments, kind in (((), "run"), (("run",), "run"), (("test",), "test")):
        assert json.loads(codecbench("schema", *arguments).stdout) == shipped(kind)
    refused = codecbench("schema", "tset")
    assert refused.returncode == 2
    assert "Schemas: run, test." in refused.stderr
    assert "Traceback" not in refused.stderr
