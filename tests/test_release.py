"""What a release says about itself in several places is the same in all; what an operating system lacks is said."""

from __future__ import annotations

import re
import tomllib
from types import SimpleNamespace

import pytest
import yaml

from bench import platforms
from bench.errors import MissingRequirement
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_one_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    heading = re.search(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heading
    assert cited["version"] == heading.group(1) == PROJECT["version"]
    assert cited["license"] == PROJECT["license"]
    assert {"cff-version", "message", "title", "authors"} <= set(cited)  # what version 1.2.0 of the format requires


def test_issue_templates_have_what_github_requires() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem == "config":
            continue
        assert {"name", "description", "body"} <= set(form), path
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids)), path
        assert all(part["attributes"]["label"] for part in form["body"]), path


def test_images_hold_what_their_installation_reads() -> None:
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    packages = ["bench", "listening_test", "configs", PROJECT["readme"], "pyproject.toml", "constraints.txt"]
    assert {*packages, *PROJECT["license-files"]} <= kept


def test_windows_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert platforms.missing() == ""
    platforms.require()
    monkeypatch.setattr(platforms, "os", SimpleNamespace(name="nt"))
    with pytest.raises(MissingRequirement, match=r"measuring needs Linux or macOS: .* To get it: install the Windows"):
        platforms.require()
