"""``codecbench listen``: commands of the listening test. Parse, call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.terminal import completion
from listening_test import cli_analysis, cli_backup, cli_web

app = typer.Typer(
    name="listen",
    help="Listening tests: from a run to a web test to ratings.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Everything as JSON on stdout, nothing else there.")]


@app.callback()
def _listen() -> None:
    """Keep ``listen`` a group, however many commands it has."""


@app.command(
    epilog="Examples:  codecbench listen build results/runs/demo mushra_demo  ·  "
    "codecbench listen build results/runs/a results/runs/b my_test.yaml --output results/tests/both"
)
def build(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... TEST",
            help="Run folders, then a YAML file or a shipped name.",
            autocompletion=completion.runs_and_tests,
        ),
    ],
    output: Annotated[Path | None, typer.Option(help="Folder of the test. Default: results/tests/NAME.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Build in spite of errors; test.json says so.")] = False,
    json: Json = False,
) -> None:
    """Choose clips and conditions, make anchors, cut, level and write the stimuli, and lint the test."""
    from bench.errors import ConfigError
    from bench.terminal import console
    from listening_test.building import printed
    from listening_test.building.build import build as build_test

    if len(paths) < 2:
        raise ConfigError("listen build: expected at least one run folder and then a test, such as mushra_bs1534.")
    with console.counting("clips") as count:
        test, folder = build_test(
            paths[:-1], paths[-1], output=output, force=force, command=" ".join(sys.argv[1:]), progress=count
        )
    if json:
        console.print_json(printed.to_json(test, folder))
        return
    printed.print_test(test, folder)


@app.command(epilog="Examples:  codecbench listen lint results/tests/mushra  ·  codecbench listen lint TEST --json")
def lint(
    folder: Annotated[Path, typer.Argument(metavar="TEST", help="Folder of a test.", autocompletion=completion.tests)],
    json: Json = False,
) -> None:
    """Look at a built test again: its design, its files and their hashes. Exit code 1 where there is an error."""
    from bench.terminal import console
    from listening_test.building import printed
    from listening_test.building.findings import as_rows, errors_of
    from listening_test.building.lint import lint_again
    from listening_test.model import load_test

    findings = lint_again(load_test(folder), folder)
    if json:
        console.print_json(as_rows(findings))
    else:
        printed.print_findings(findings)
    if errors_of(findings):
        raise typer.Exit(1)


for part in (cli_web, cli_analysis, cli_backup):
    app.registered_commands += part.app.registered_commands
