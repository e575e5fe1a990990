"""The notebooks run from top to bottom, as a user starts them, and are kept without outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))

LAST = """
assert 0 < found.low <= found.mean <= found.high  # 12 kbit/s of Opus are better than 6
assert set(points["codec"]) == {"opus", "mp3_24khz", "aac", "lc3", "lyra_v2", "toy_rvq"}, set(points["codec"])
assert (points["bps"] > 1000).all() and points["mean"].between(1, 5).all()
assert len(plt.get_fignums()) == 2
assert speech["mean"].is_monotonic_increasing and speech["name"].iloc[-1] == "Reference"
figure.savefig("last.png")
"""


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    notebook = read(path)
    assert (notebook["nbformat"], notebook["metadata"]["kernelspec"]["name"]) == (4, "python3")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_first_look_runs(tmp_path: Path) -> None:
    cells = read(ROOT / "docs" / "notebooks" / "first_look.ipynb")["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    script = tmp_path / "cells.py"
    script.write_text("\n\n".join([*code, LAST]).replace('"last.png"', repr(str(tmp_path / "last.png"))))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True, text=True, cwd=ROOT / "docs" / "notebooks", env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "small_24khz 8 clips, 18 conditions" in done.stdout
    assert (tmp_path / "last.png").stat().st_size > 5_000
