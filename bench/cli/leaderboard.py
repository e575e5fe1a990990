"""`codecbench leaderboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Json, Runs, Seed

app = typer.Typer()


@app.command(
    epilog="Examples:  codecbench leaderboard results/runs/*  ·  codecbench leaderboard results/runs/demo "
    "--ratings results/tests  ·  codecbench leaderboard results/runs/a results/runs/b --sort pesq_wb --only 'opus*' "
    " ·  codecbench leaderboard results/runs/demo --category speech --json"
)
def leaderboard(
    runs: Runs,
    ratings: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PLACE", help="A ratings.parquet, the folder of a test, or a folder of tests. May be repeated."
        ),
    ] = None,
    published: Annotated[
        list[Path] | None,
        typer.Option(metavar="PLACE", help="Published scores: a file or a folder of them. May be repeated."),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="A quantity, mushra:TEST, actual_bps, ... Default: MUSHRA, else ViSQOL."),
    ] = "",
    category: Annotated[str, typer.Option(help="Only speech, noisy_reverberant_speech or music.")] = "",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only these conditions, codecs or sources (opus*). May be repeated."),
    ] = None,
    seed: Seed = 0,
    output: Annotated[
        str, typer.Option(metavar="PLACE", help="Where to write leaderboard.md, .csv, .json, .tex, .html")
    ] = "results",
    with_simulated: Annotated[
        bool, typer.Option("--with-simulated", help="Join ratings of simulated listeners, marked as such.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 where the files of --output say something else.")
    ] = False,
    json: Json = False,
) -> None:
    """One table over runs and listening tests for each sample rate and category, ties shown as ties; and its files."""
    from bench import leaderboard as boards
    from bench.records.published import read_published
    from bench.runs.results import load_results
    from bench.storage import place
    from bench.terminal import console

    made = boards.build(
        [load_results(folder) for folder in runs],
        boards.rating_files(ratings or []),
        [score for file in published or [] for score in read_published(file)],
        sort=sort,
        category=category,
        only=only or [],
        seed=seed,
        with_simulated=with_simulated,
    )
    if check:
        outdated = boards.outdated(made, place(output))
        console.say(*(f"not the leaderboard of these results: {path}" for path in outdated))
        raise typer.Exit(1 if outdated else 0)
    written = boards.write(made, place(output))
    if json:
        console.print_json(boards.as_json(made))
        return
    console.out.print(boards.Rendered(made))
    console.say(*(f"written: {path}" for path in written))
