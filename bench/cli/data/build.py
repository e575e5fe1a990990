"""Noisy-reverberant speech as a set to publish: build."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.data.options import Cache, Data, app
from bench.cli.options import Json, Workers, as_interrupt
from bench.terminal import completion


@app.command(
    epilog="Examples:  codecbench data build configs/noisy_reverberant.yaml --data DIR  ·  "
    "codecbench data build my.yaml --output sets/my --workers 2  ·  codecbench data build my.yaml --dry-run --json"
)
def build(
    config: Annotated[
        str,
        typer.Argument(
            help="The recipe: a YAML file, or the name of one that comes along.", autocompletion=completion.recipes
        ),
    ],
    output: Annotated[Path | None, typer.Option(help="Folder of the set. Default: results/datasets/NAME.")] = None,
    workers: Workers = None,
    data: Data = None,
    cache: Cache = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be built, and stop.")] = False,
    json: Json = False,
) -> None:
    """Build a set that can be published: audio, manifest, data card, licences. Starting it again continues it."""
    from bench.building import plans, sets
    from bench.provenance import available_cores
    from bench.terminal import builds as build_summary
    from bench.terminal import console

    plan = plans.plan(config, data, cache)
    folder = output or sets.default_folder(plan)
    if dry_run:
        planned = sets.summary(plan, folder)
        console.print_json(planned) if json else build_summary.print_plan(planned)
        return

    signal.signal(signal.SIGTERM, as_interrupt)
    try:
        with console.counting("mixing") as progress:
            built = sets.build(plan, folder, workers or available_cores(), progress)
    except KeyboardInterrupt:
        console.err.print("stopped. Finished clips are kept; the same command continues.")
        raise typer.Exit(130) from None
    done = build_summary.of_set(built, plan)
    console.print_json(done) if json else build_summary.print_set(done)
