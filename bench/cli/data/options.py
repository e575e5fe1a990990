"""The command group and the options that its commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import group
from bench.terminal import completion

app = group("data", "Datasets: get them, check them, build them, publish them.")

Data = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="Where datasets lie and relative paths start. Default: CODECBENCH_DATA, else the current folder for paths "
        "and the cache folder for known sets.",
    ),
]
Cache = Annotated[
    str | None,
    typer.Option(metavar="PLACE", help="Cache folder. Default: CODECBENCH_CACHE, else the user's cache folder."),
]
Dataset = Annotated[
    str,
    typer.Argument(
        help="A folder, a manifest, a configuration, or a dataset's name.", autocompletion=completion.known_sets
    ),
]
