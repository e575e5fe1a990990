"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.domain import Category
from bench.terminal import completion

Json = Annotated[
    bool, typer.Option("--json", help="Everything as JSON on stdout, in full precision, nothing else there.")
]
Workers = Annotated[int | None, typer.Option(help="Worker processes. Default: one for each core.", min=1)]
Kind = Annotated[Category, typer.Option("--category", help="Of the files of a folder, which does not say.")]

Run = Annotated[str, typer.Argument(help="A run folder, or its URL.", autocompletion=completion.runs)]
Runs = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Run folders, or their URLs.", autocompletion=completion.runs)
]
Config = Annotated[
    str,
    typer.Argument(
        help="A YAML file, or the name of a configuration that comes along (demo).", autocompletion=completion.configs
    ),
]

Cache = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE", help="Bitstream cache, or its URL. Default: CODECBENCH_CACHE, else the user's cache folder."
    ),
]
Simulated = Annotated[
    bool,
    typer.Option("--with-simulated", help="Take ratings of simulated listeners, which say nothing of codecs, too."),
]
MaxMb = Annotated[float, typer.Option(help="The largest record, in MB.", min=0)]
Seed = Annotated[int, typer.Option(help="Of intervals and permutation tests.", min=0)]
Ratings = Annotated[
    list[Path] | None,
    typer.Option(metavar="PLACE", help="A listening test: its folder, or its ratings.parquet. May be repeated."),
]


def group(name: str, about: str) -> typer.Typer:
    """A command that only holds others."""
    app = typer.Typer(
        name=name,
        help=about,
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(help=about)(lambda: None)  # or typer makes the only command of a group the group itself
    return app


def as_interrupt(*_: object) -> None:
    """A signal handler: stop as Ctrl-C does."""
    raise KeyboardInterrupt
