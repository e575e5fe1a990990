"""The package of docs/add-a-codec, installed and used as a reader of the page would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from tests.conftest import ROOT

PAGE, PACKAGE = ROOT / "docs" / "add-a-codec.md", ROOT / "docs" / "add-a-codec"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the plug-in, as pip installs it; only its dependencies are taken as they are."""
    place = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-index", "--no-deps", "--no-build-isolation", "--target", str(place), str(PACKAGE)], check=True
    )
    return place


@pytest.fixture
def codecbench(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command in an empty folder of a machine that has the plug-in."""
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{ROOT}")
    monkeypatch.chdir(tmp_path)

    def told(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    return told


def test_the_page_shows_the_package() -> None:
    shown = dict(zip(("toml", "python"), (PACKAGE / "pyproject.toml", PACKAGE / "mu_law.py"), strict=True))
    for language, path in shown.items():
        (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        assert block == path.read_text(encoding="utf-8")


def test_it_has_no_more_lines_than_promised() -> None:
    lines = [line for line in (PACKAGE / "mu_law.py").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 15


def test_it_is_listed_keeps_the_contract_and_runs(codecbench: Callable[..., str], tmp_path: Path) -> None:
    assert "plug-in of codecbench-mu-law" in codecbench("list", "codecs", "--json")
    checks = json.loads(codecbench("check", "mu_law", "--json"))
    assert len(checks) > 5
    assert all(check["ok"] for check in checks)
    (tmp_path / "mine.yaml").write_text(
        "{name: mine, datasets: [{loader: embedded, category: music, limit: 1}], codecs: [mu_law], metrics: [snr]}"
    )
    codecbench("run", "mine.yaml")
    told = json.loads(codecbench("report", "results/runs/mine", "--json"))
    assert told["summary"][0]["mean"] > 25
    assert told["rates"][0]["actual_bps"] in (48_000 * 8, 48_000 * 16)
