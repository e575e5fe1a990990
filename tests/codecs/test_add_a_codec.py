"""The package of docs/add-a-codec, installed and used as a reader of the page would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE, PACKAGE = ROOT / "docs" / "add-a-codec.md", ROOT / "docs" / "add-a-codec"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the plug-in on its path; only its dependencies are taken as they are."""
    place = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-index", "--no-deps", "--no-build-isolation", "--target", str(place), str(PACKAGE)], check=True
    )
    return {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{ROOT}"}


def codecbench(environment: dict[str, str], *arguments: str, folder: Path) -> str:
    command = [sys.executable, "-m", "bench.cli", *arguments]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_shows_the_package() -> None:
    shown = dict(zip(("toml", "python"), (PACKAGE / "pyproject.toml", PACKAGE / "mu_law.py"), strict=True))
    for language, path in shown.items():
        (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        assert block == path.read_text(encoding="utf-8")


def test_it_has_no_more_lines_than_promised() -> None:
    lines = [line for line in (PACKAGE / "mu_law.py").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 15


def test_it_is_listed_and_keeps_the_contract(installed: dict[str, str], tmp_path: Path) -> None:
    assert "plug-in of codecbench-mu-law" in codecbench(installed, "list", "codecs", "--json", folder=tmp_path)
    checks = json.loads(codecbench(installed, "check", "mu_law", "--json", folder=tmp_path))
    assert len(checks) > 5
    assert all(check["ok"] for check in checks)


def test_it_runs(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "{name: mine, datasets: [{loader: embedded, category: music, limit: 1}], codecs: [mu_law], metrics: [snr]}"
    )
    codecbench(installed, "run", "mine.yaml", folder=tmp_path)
    told = json.loads(codecbench(installed, "report", "results/runs/mine", "--json", folder=tmp_path))
    assert told["summary"][0]["mean"] > 25
    assert told["rates"][0]["actual_bps"] in (48_000 * 8, 48_000 * 16)
