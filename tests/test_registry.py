"""Names and their messages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench import codecs, metrics
from bench.errors import ConfigError, MissingRequirement, UnknownName
from bench.registry import Entry, Registry


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no codec is named 'opsu'\. Did you mean 'opus'\?\nKnown: aac, ac3, "):
        codecs.load("opsu")


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"codec opus has no option 'complexty'\. Did you mean 'complexity'\?"):
        codecs.make("opus", {"complexty": 3})


def test_a_missing_package_names_the_line_that_installs_it() -> None:
    table = [Entry("x", "nowhere_at_all:X", "", ("nowhere_at_all",), "pip install nowhere")]
    with pytest.raises(MissingRequirement, match=r"x needs nowhere_at_all.*pip install nowhere"):
        Registry("codec", "codecbench.codecs", table).load("x")


def test_an_import_path_is_taken_as_it_stands() -> None:
    assert codecs.load("tests.plugins:EightBit")().identity.name == "eight_bit"
    with pytest.raises(MissingRequirement, match="cannot be imported"):
        codecs.load("tests.plugins:Nothing")
    with pytest.raises(MissingRequirement, match=r"Expected my_codek\.py in the current folder, or my_codek on PYTHON"):
        codecs.load("my_codek:Mine")


def test_a_metric_of_two_quantities_is_made_once() -> None:
    assert len(metrics.make(["stoi", "estoi"])) == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, bench.cli.app as a, typer.testing as t; t.CliRunner().invoke(a.app, ['--help']);"
        "print(sorted({'torch', 'streamlit', 'numpy', 'pandas', 'scipy', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
