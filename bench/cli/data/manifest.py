"""The manifest of a folder: manifest."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.data.options import Cache, Data, app
from bench.cli.options import Json
from bench.domain import Category


@app.command(
    epilog="Examples:  codecbench data manifest corpus --category speech  ·  "
    "codecbench data manifest corpus --category speech --attributes '(?P<speaker>p[0-9]+)_' --output corpus.jsonl"
)
def manifest(
    folder: Annotated[str, typer.Argument(help="Every WAV, FLAC, Ogg or MP3 file below it becomes a line.")],
    category: Annotated[Category, typer.Option(help="Of all of them.")],
    output: Annotated[str | None, typer.Option(metavar="PLACE", help="Default: manifest.jsonl in the folder.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Glob of files to take; can be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Glob of files to leave out; can be repeated.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the recordings.")] = "",
    attributes: Annotated[
        str | None,
        typer.Option(help="Regular expression with named groups, searched in each path: (?P<speaker>p[0-9]+)_."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Threads that read. Default: by the cores.")] = None,
    data: Data = None,
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Write the manifest of a folder: hash, rate and length of every file. Stopped, it goes on where it was."""
    from bench import loading
    from bench.datasets.base import AUDIO_FILES
    from bench.datasets.folder_manifest import write_folder_manifest
    from bench.storage import place
    from bench.terminal import console

    written = write_folder_manifest(
        loading.dataset_context(data, cache),
        folder,
        category,
        place(output) if output else None,
        include or AUDIO_FILES,
        exclude or (),
        licence,
        attributes,
        workers,
    )
    if json:
        console.print_json(written.facts)
        return
    console.note(*(f"not readable: {reason}" for reason in written.unreadable))
    console.note(*(f"no attributes: {path}" for path in written.unmatched))
    console.say(written.summary)
