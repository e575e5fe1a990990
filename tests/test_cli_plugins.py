from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bench.cli.plugins import GROUP, join_plugins
from bench.errors import MissingRequirement


def main_app() -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def run() -> None:
        typer.echo("the real run")

    @app.command("report")
    def report() -> None:
        typer.echo("the real report")

    return app


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def test_a_group_of_commands_joins() -> None:
    app = main_app()
    join_plugins(app, [point("listen", "listening_test.cli:app")])
    shown = CliRunner().invoke(app, ["listen", "--help"])
    assert shown.exit_code == 0
    assert "build" in shown.output
    assert "lint" in shown.output


def test_a_plugin_cannot_take_the_name_of_a_command() -> None:
    app = main_app()
    app.add_typer(typer.Typer(name="data"))
    join_plugins(app, [point("run", "listening_test.cli:app"), point("data", "listening_test.cli:app")])
    assert CliRunner().invoke(app, ["run"]).output == "the real run\n"
    assert len(app.registered_groups) == 1


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_module_here:app", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("listening_test.cli:nothing", "AttributeError"),
        ("bench.errors:CodecbenchError", "expected a typer.Typer"),
    ],
)
def test_a_broken_plugin_says_so_and_harms_no_other_command(value: str, why: str) -> None:
    app = main_app()
    join_plugins(app, [point("broken", value)])
    assert CliRunner().invoke(app, ["run"]).output == "the real run\n"
    assert "Cannot be loaded" in CliRunner().invoke(app, ["--help"]).output
    for arguments in ([], ["build", "--json", "x"]):
        result = CliRunner().invoke(app, ["broken", *arguments])
        assert isinstance(result.exception, MissingRequirement)
        assert why in str(result.exception)
        assert "\n" not in str(result.exception)


def test_help_stays_fast_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from importlib.metadata import EntryPoint\n"
        "from bench.cli.app import app; from bench.cli.plugins import join_plugins\n"
        f"join_plugins(app, [EntryPoint('listen', 'listening_test.cli:app', {GROUP!r})])\n"
        "try: app(['listen', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'streamlit', 'torch', 'sqlalchemy', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = Path(__file__).parent.parent
    seconds = []
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=root, capture_output=True)
        seconds.append(os.times().children_user - before.children_user)
    assert min(seconds) < 1.0  # half a second of the processor
