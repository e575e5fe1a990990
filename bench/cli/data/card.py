"""What a reader of a dataset must know: card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.data.options import Cache, Data, Dataset, app
from bench.cli.options import Json, Kind, Workers


@app.command(
    epilog="Examples:  codecbench data card embedded  ·  codecbench data card vctk50.jsonl --title 'VCTK-50' "
    "--output cards/vctk50  ·  codecbench data card ~/corpus --json"
)
def card(
    dataset: Dataset,
    output: Annotated[Path | None, typer.Option(help="Folder of the card. Default: results/cards/NAME.")] = None,
    title: Annotated[str, typer.Option(help="Default: that of the known set, or the name.")] = "",
    about: Annotated[str, typer.Option(help="What you have to say of it, in a few sentences.")] = "",
    category: Kind = "speech",
    workers: Workers = None,
    data: Data = None,
    cache: Cache = None,
    json: Json = False,
) -> None:
    """A data card in Markdown and HTML: what is in a dataset, its licences, and the attribution to publish."""
    from bench import auditing
    from bench.cards.facts import card_of
    from bench.cards.outputs import to_json, write_card
    from bench.cards.words import lines_of
    from bench.datasets.known import known_sets
    from bench.loading import clips_of, dataset_context, local_cache_folder, name_of
    from bench.provenance import available_cores
    from bench.terminal import console

    clips = clips_of(dataset, dataset_context(data, cache), category)
    with console.counting("measuring") as progress:
        rows = auditing.audit(clips, local_cache_folder(cache), workers or available_cores(), progress)
    name = name_of(dataset)
    made = card_of(name, rows, known_sets(), title, about)
    written = write_card(made, output or Path("results", "cards", name)) if output or not json else []
    if json:
        console.print_json(to_json(made))
        return
    console.print_table(made.title, ("", ""), list(lines_of(made)))
    console.say(*(f"written: {path}" for path in written))
