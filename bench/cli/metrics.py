"""The commands about metrics: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Json, group
from bench.terminal import completion

app = group("metrics", "What a metric measures, what it misses, and how it reacts to known damage.")


@app.command(
    epilog="Examples:  codecbench metrics explain pesq_wb  ·  codecbench metrics explain stoi --plot stoi.svg  ·  "
    "codecbench metrics explain si_sdr --clip take.wav --json"
)
def explain(
    name: Annotated[
        str,
        typer.Argument(
            help="A quantity of `codecbench list metrics`, or a measure of `list sets`.",
            autocompletion=completion.metrics,
        ),
    ],
    clip: Annotated[
        Path | None, typer.Option(help="Damage this file instead of a clip that comes with codecbench.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the reaction into this SVG or PNG file.")] = None,
    reaction: Annotated[bool, typer.Option(help="Measure the reaction, or only tell what the metric says.")] = True,
    json: Json = False,
) -> None:
    """Definition, range, domain, source, blind spots, and the reaction to delay, gain, band limit, clipping, noise."""
    from bench.explain import shown
    from bench.terminal import console

    explained = shown.explained(name, clip, plot, reaction)
    if json:
        console.print_json(shown.to_json(explained))
        return
    console.say(*shown.text(explained, min(console.out.width, 100)))
