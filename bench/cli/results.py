"""The commands about public records: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Json, MaxMb, Ratings, group
from bench.terminal import completion
from bench.wording import counted

app = group("results", "Runs as public records: publish one, check what is there.")


@app.command(
    epilog="Examples:  codecbench results validate results  ·  codecbench results validate results/records/mine  ·  "
    "codecbench results validate results --base origin/main --json"
)
def validate(
    folders: Annotated[list[str], typer.Argument(help="Records, or a results folder with all of them; or their URLs.")],
    base: Annotated[
        str,
        typer.Option(
            help="A git revision, or another results folder: nothing that is there may be removed or changed."
        ),
    ] = "",
    max_mb: MaxMb = 20.0,
    json: Json = False,
) -> None:
    """Check records and published tables: structure, hashes, cells, names, values. Exit code 1 for any problem."""
    from bench.records.checking import checked
    from bench.terminal import console
    from bench.wording import counted

    seen, problems = checked(folders, round(max_mb * 1e6), base)
    if json:
        console.print_json({"checked": seen, "problems": [one.to_json() for one in problems]})
    else:
        console.say(*problems)
        count = counted(len(problems), "problem") if problems else "no problems"
        console.say(f"{len(seen)} checked: {count}")
    if problems:
        raise typer.Exit(1)


@app.command(
    epilog="Examples:  codecbench results publish results/runs/mine  ·  "
    "codecbench results publish results/runs/mine --ratings results/tests/mine  ·  "
    "codecbench results publish results/runs/mine --plugin my_package:MyCodec=my-package"
)
def publish(
    run: Annotated[
        str, typer.Argument(help="The folder of a finished run, or its URL.", autocompletion=completion.runs)
    ],
    to: Annotated[Path, typer.Option(help="Where the record goes, as a folder of the run's name.")] = Path(
        "results", "records"
    ),
    ratings: Ratings = None,
    partial: Annotated[bool, typer.Option("--partial", help="Take a run with missing cells; it is marked.")] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PACKAGE", help="Who makes a codec or metric that does not come with codecbench."),
    ] = None,
    max_mb: MaxMb = 20.0,
    json: Json = False,
) -> None:
    """Copy the tables of a run, without audio and without names of this machine, as Parquet and CSV with hashes."""
    from bench.errors import ConfigError
    from bench.records.publishing import publish as write
    from bench.terminal import console

    pairs = [one.rpartition("=") for one in plugin or []]
    if wrong := [one for one, (name, _, package) in zip(plugin or [], pairs, strict=True) if not (name and package)]:
        raise ConfigError([f"--plugin: expected NAME=PACKAGE, got {one!r}." for one in wrong])
    plugins = {name: package for name, _, package in pairs}
    done = write(run, to, ratings or [], partial, plugins, round(max_mb * 1e6))
    if json:
        console.print_json(
            {"folder": str(done.folder), "files": list(done.files), "bytes": done.bytes, "written": done.written}
        )
        return
    state = "written" if done.written else "there already, with the same content"
    console.say(f"{done.folder}: {state}; {counted(len(done.files), 'file')}, {done.bytes / 1e6:.2f} MB")
    console.say(f"next:   codecbench results validate {done.folder}")
