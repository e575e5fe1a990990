"""The commands about the weights of codecs and metrics: parse, call, print."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli.options import Json, group

app = group("weights", "Weights of neural codecs and metrics: what there is, fetch it, where it lies.")

Name = Annotated[str, typer.Argument(help="A name of `codecbench weights list`.")]


@app.command("list", epilog="Examples:  codecbench weights list  ·  codecbench weights list --json")
def list_(json: Json = False) -> None:
    """The weights that can be fetched, and which of them are here."""
    from bench.models import catalogue as models
    from bench.terminal import console

    rows = [
        {
            "name": model.name,
            "licence": model.licence,
            "source": model.source,
            "place": str(models.place(model) or ""),
            "checked": model.checked,
        }
        for model in models.models().values()
    ]
    if json:
        console.print_json(rows)
        return
    console.print_table(
        "weights",
        ("name", "licence", "source", "here"),
        [(row["name"], row["licence"], row["source"], row["place"] or "no") for row in rows],
    )


@app.command(epilog="Examples:  codecbench weights fetch lyra_v2  ·  codecbench weights fetch encodec_24khz")
def fetch(name: Name, json: Json = False) -> None:
    """Fetch weights, checked where a checksum is known, and resumed; the licence is that of their publisher."""
    from bench.models import catalogue as models
    from bench.terminal import console
    from bench.terminal.transfers import Transfers

    model = models.find(name)
    console.note(f"{model.name}: {model.licence}; {model.source}")
    if not model.checked:
        console.err.print(f"{model.name}: nobody states a checksum of it, so what comes is not checked.", markup=False)
    with Transfers() as watch:
        folder = models.fetch(model, watch)
    if json:
        console.print_json({"name": name, "place": str(folder)})
        return
    console.say(f"{name}: {folder}")


@app.command(epilog="Examples:  codecbench weights path lyra_v2")
def path(name: Name) -> None:
    """The folder of weights that are here, alone on stdout."""
    from bench.errors import MissingRequirement
    from bench.models import catalogue as models
    from bench.terminal import console

    folder = models.place(models.find(name))
    if folder is None:
        raise MissingRequirement(f"{name} is not here. To get it: codecbench weights fetch {name}")
    console.say(str(folder))
