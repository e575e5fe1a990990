"""Commands that build and lint a test: parse, call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Json
from bench.terminal import completion
from listening_test.cli.options import Folder

app = typer.Typer()


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
        raise ConfigError(
            f"listen build: expected run folders and then a test, got only {paths[0]!r}. Such as: codecbench listen "
            "build results/runs/demo mushra_bs1534"
        )
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
    folder: Folder,
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
