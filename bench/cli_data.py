"""The commands about datasets: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="data",
    help="Datasets: get them, check them, build them, publish them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Everything as JSON on stdout, nothing else there.")]
Data = Annotated[Path | None, typer.Option(help="Where datasets lie. Default: CODECBENCH_DATA, else the cache folder.")]
Cache = Annotated[
    Path | None, typer.Option(help="Cache folder. Default: CODECBENCH_CACHE, else the user's cache folder.")
]
