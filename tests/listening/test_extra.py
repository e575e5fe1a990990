"""Without the extra ``listen`` a command says in one line what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from listening_test.extra import needing
from tests.listening.conftest import tiny_test

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from bench.cli.app import main

sys.argv = ["codecbench", "listen", *{arguments!r}]
main()
"""


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("streamlit", ["serve", "TEST"]),
        ("uvicorn", ["serve", "TEST"]),
        ("alembic", ["status", "TEST"]),
        ("alembic", ["simulate", "TEST", "--listeners", "1"]),
        ("sqlalchemy", ["analyze", "TEST"]),
        ("argon2", ["password"]),
    ],
)
def test_one_line_says_what_to_install(tmp_path: Path, package: str, arguments: list[str]) -> None:
    """The import of the package is made to fail in a process of its own, as where it is not installed."""
    tiny_test(tmp_path)
    (tmp_path / "sessions.sqlite").touch()
    given = [str(tmp_path) if word == "TEST" else word for word in arguments]
    script = WITHOUT.format(package=package, arguments=given)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert line.endswith(f"needs {package}: pip install 'codecbench[listen]'")


def test_other_missing_modules_are_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError), needing("this"):
        import no_such_module_at_all  # noqa: F401
