"""The command group and the options that its commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bench.terminal import completion

if TYPE_CHECKING:
    from bench.domain import Category

app = typer.Typer(
    name="data",
    help="Datasets: get them, check them, build them, publish them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Everything as JSON on stdout, nothing else there.")]
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
Kind = Annotated[str, typer.Option("--category", help="Of the files of a folder, which does not say.")]
Workers = Annotated[int | None, typer.Option(help="Worker processes. Default: one for each core.", min=1)]


def category_of(text: str) -> Category:
    """``text`` as a category; ConfigError where it is none."""
    from bench.domain import CATEGORIES
    from bench.errors import ConfigError

    for one in CATEGORIES:
        if one == text:
            return one
    raise ConfigError(f"--category: expected one of {', '.join(CATEGORIES)}, got {text!r}.")


def as_interrupt(*_: object) -> None:
    """A signal handler: stop as Ctrl-C does."""
    raise KeyboardInterrupt
