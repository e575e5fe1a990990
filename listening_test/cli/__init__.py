"""``codecbench listen``: commands of the listening test. Parse, call, print."""

from __future__ import annotations

import typer

from listening_test.cli import backup, building, ratings, serving

app = typer.Typer(
    name="listen",
    help="Listening tests: from a run to a web test to ratings.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for part in (building, serving, ratings, backup):
    app.add_typer(part.app)
