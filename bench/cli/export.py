"""The commands that write a run in the form of other tools: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Json, Run, group

app = group("export", "A run in the form of other tools.")


@app.command(
    epilog="Examples:  codecbench export versa results/runs/demo  ·  "
    "codecbench export versa results/runs/demo --output lists --json"
)
def versa(
    folder: Run,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write. Default: versa in the run folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Lists of decoded files and references (pred.scp, gt.scp) for VERSA, and our values in its form."""
    from bench.runs.results import load_results
    from bench.terminal import console
    from bench.versa.exported import export

    done = export(load_results(folder), output)
    if json:
        files = [str(path) for path in done.files]
        console.print_json({"files": files, "listed": done.listed, "left_out": done.left_out})
        return
    console.out.print(f"{done.listed} cells are in the lists")
    for why, count in done.left_out.items():
        if count:
            console.out.print(f"{count} cells are not: {why}")
    console.say(*(f"written: {path}" for path in done.files))
