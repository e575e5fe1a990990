"""Without the extra ``listen`` a command says in one line what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from listening_test.extra import needing
from tests.listening.conftest import tiny_test

ROOT = str(Path(__file__).parents[2])

CASES = [
    ("streamlit", ["serve", "TEST"]),
    ("uvicorn", ["serve", "TEST"]),
    ("alembic", ["status", "TEST"]),
    ("alembic", ["simulate", "TEST", "--listeners", "1"]),
    ("sqlalchemy", ["analyze", "TEST"]),
    ("argon2", ["password"]),
]

WITHOUT = """
import json, os, sys
from bench.cli.app import main
import listening_test.cli

class Absent:
    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for index, (package, arguments) in enumerate(json.loads(sys.argv[1])):
    if os.fork() == 0:
        os.dup2(os.open(f"{index}.txt", os.O_CREAT | os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.meta_path.insert(0, Absent(package))
        sys.argv = ["codecbench", "listen", *arguments]
        main()
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_one_line_says_what_to_install(tmp_path: Path) -> None:
    """The import of each package is made to fail in a process of its own, as where it is not installed."""
    tiny_test(tmp_path)
    (tmp_path / "sessions.sqlite").touch()
    cases = [(package, [str(tmp_path) if word == "TEST" else word for word in words]) for package, words in CASES]
    script = [sys.executable, "-c", WITHOUT, json.dumps(cases)]
    done = subprocess.run(
        script,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.stdout.split() == ["1"] * len(CASES)
    for index, (package, _) in enumerate(CASES):
        [line] = (tmp_path / f"{index}.txt").read_text().splitlines()
        assert line.startswith("error: ")
        assert line.endswith(f"needs {package}: pip install 'codecbench[listen]'")


def test_other_missing_modules_are_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError), needing("this"):
        import no_such_module_at_all  # noqa: F401
