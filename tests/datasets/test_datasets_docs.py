from __future__ import annotations

import inspect
import re
from pathlib import Path

import yaml

from bench import datasets
from bench.datasets import base
from bench.datasets.base import DatasetContext
from bench.datasets.recipe import ORDINARY, PRESETS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("datasets.md", "noisy-reverberant.md"))
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
EXAMPLES = [entry for block in BLOCKS for entry in yaml.safe_load(block)["datasets"]]


def test_every_loader_has_an_example():
    known = {entry.name for entry in datasets.KNOWN}  # docs/known-sets.md has them
    assert {entry["loader"] for entry in EXAMPLES} == set(datasets.names()) - known


def test_the_presets_are_the_documented_ones():
    for key, value in (ORDINARY | PRESETS["encodec"]).items():
        shown = f"[{value[0]:g}, {value[1]:g}]" if isinstance(value, tuple) else f"{value:g}"
        assert f"`{key}: {shown}`" in TEXT


def test_the_plug_in_of_the_docstring_works(tmp_path):
    import numpy as np

    from bench import audio
    from bench.datasets.base import sha256_of
    from bench.domain import Clip

    code = inspect.cleandoc(base.__doc__.split("::", 1)[1])
    names = {"np": np, "audio": audio, "Clip": Clip, "DatasetContext": DatasetContext, "sha256_of": sha256_of}
    exec(code, names)
    [clip] = names["silence"](name="quiet", context=DatasetContext(None, tmp_path))
    base.verify(clip)
    assert clip.id == "quiet/silence"
