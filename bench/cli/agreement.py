"""`codecbench agreement`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Json, Runs, Simulated

app = typer.Typer()


@app.command(
    epilog="Examples:  codecbench agreement results/runs/mine --ratings results/tests/mine  ·  "
    "codecbench agreement RUN --ratings ratings.parquet --quantity pesq_wb --output out  ·  "
    "codecbench agreement RUN --ratings imported.parquet --names configs/decoded_mushra_names.csv --json"
)
def agreement(
    runs: Runs,
    ratings: Annotated[
        list[Path], typer.Option(metavar="FILE", help="ratings.parquet, or the folder of a test. May be repeated.")
    ],
    quantity: Annotated[list[str] | None, typer.Option(help="Only this quantity. May be repeated.")] = None,
    names: Annotated[
        Path | None,
        typer.Option(
            help="CSV with the columns kind (clip or condition), ratings, run: what the runs call clips and "
            "conditions of imported ratings."
        ),
    ] = None,
    with_: Annotated[
        str, typer.Option("--with", metavar="reference,anchors", help="Compare these, too. Default: systems only.")
    ] = "",
    with_simulated: Simulated = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for tables, plots, Markdown and page. Default: nothing is written.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every bootstrap.", min=0)] = 0,
    json: Json = False,
) -> None:
    """Do the metrics speak for the ears? Every metric of a run against the ratings of the same files."""
    from bench.agreement import finding, outputs, tables
    from bench.agreement.names import read_names
    from bench.agreement.rated import read_ratings
    from bench.runs.results import load_results
    from bench.terminal import console

    found = finding.agreement(
        [load_results(folder) for folder in runs],
        read_ratings(ratings, with_simulated),
        read_names(names) if names else None,
        [part.strip() for part in with_.split(",") if part.strip()],
        quantity or (),
        seed,
    )
    written = outputs.write_all(found, output) if output else []
    if json:
        console.print_json(outputs.as_json(found))
        return
    console.say(*found.notes)
    for scope in tables.scopes(found):
        columns = ["metric", *(str(tables.COLUMNS[name]) for name in tables.SHORT)]
        rows = [[one.quantity, *(cell.text for cell in tables.row(one, tables.SHORT))] for one in scope.agreements]
        console.print_table(f"{scope.title}: {scope.counts}", columns, rows, unbroken=["metric"])
        console.say(*(one.verdict.sentence for one in scope.agreements))
    if written:
        console.say(f"Page: {written[-1]}")
