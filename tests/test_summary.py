"""What `codecbench run --dry-run` says beyond numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.errors import MissingRequirement
from bench.models.device import require, resolve
from bench.terminal.summary import of_plan


def planned(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    return of_plan(config, None, str(folder / "cache"), str(folder / "run"), [], None, False, "cuda")


def test_a_gpu_that_nobody_uses_is_said(small_config: dict[str, Any], tmp_path: Path) -> None:
    plan = planned(small_config, tmp_path)
    assert plan["device"] == "cuda"
    assert plan["notes"] == ["device: none of these codecs computes with torch, so that `cuda` changes nothing."]


def test_a_gpu_that_is_not_here_is_said_before_the_run(small_config: dict[str, Any], tmp_path: Path) -> None:
    try:
        require(resolve("cuda"))
    except MissingRequirement as error:
        why = str(error)
    else:
        pytest.skip("this machine has a GPU")
    coded = {"name": "tests.codecs.batched:Batched", "label": "it"}
    assert planned(small_config | {"codecs": [coded]}, tmp_path)["notes"] == [why]
