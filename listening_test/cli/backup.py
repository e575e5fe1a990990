"""Commands about backups: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Json
from listening_test.cli.options import Database, Folder
from listening_test.extra import needing

if TYPE_CHECKING:
    from listening_test.session.archive import Contents

app = typer.Typer()


@app.command(
    epilog="Examples:  codecbench listen backup results/tests/demo --output demo.zip  ·  codecbench listen backup "
    "TEST --database postgresql://user@host/name --output demo.zip --without-stimuli"
)
def backup(
    folder: Folder,
    output: Annotated[Path, typer.Option(help="File to write; it must not exist.")],
    url: Database = "",
    without_stimuli: Annotated[
        bool, typer.Option("--without-stimuli", help="Name the sounds by their hashes only.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a test and all that was saved of it to one file, also while it is served."""
    with needing("codecbench listen backup"):
        from listening_test.session.backup import back_up

    _print(back_up(folder, output, url, stimuli=not without_stimuli), f"{output}: backup of", json)


@app.command(
    epilog="Examples:  codecbench listen restore demo.zip results/tests/demo  ·  codecbench listen restore demo.zip "
    "TEST --database postgresql://user@host/name"
)
def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="What `listen backup` wrote.")],
    folder: Annotated[Path, typer.Argument(metavar="TEST", help="Folder for the test, such as an empty one.")],
    url: Database = "",
    json: Json = False,
) -> None:
    """Bring a backup back, into SQLite or PostgreSQL, and compare every row. It overwrites nothing."""
    with needing("codecbench listen restore"):
        from listening_test.session.backup import restore as restored

    _print(restored(path, folder, url), f"{folder}: restored", json)


def _print(contents: Contents, what: str, json: bool) -> None:
    from dataclasses import asdict

    from bench.terminal import console

    if json:
        console.print_json(asdict(contents))
        return
    rows = ", ".join(f"{count} {table}" for table, count in contents.rows.items() if table != "tests")
    sounds = f"{len(contents.stimuli)} sounds" + ("" if contents.included else " by their hashes")
    typer.echo(f"{what} {contents.test!r} as of {contents.made}: {rows}; {sounds}. Every checksum and row is right.")
