"""Options that several commands share, and the store that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.terminal import completion
from listening_test.extra import needing

if TYPE_CHECKING:
    from listening_test.model import Test
    from listening_test.session import Sessions

Folder = Annotated[Path, typer.Argument(metavar="TEST", help="Folder of a test.", autocompletion=completion.tests)]
Database = Annotated[
    str,
    typer.Option(
        "--database",
        "--url",
        envvar="CODECBENCH_LISTEN_DATABASE",
        help="URL of the test's PostgreSQL. Default: SQLite in the test's folder.",
    ),
]
Base = Annotated[
    str,
    typer.Option(
        envvar="CODECBENCH_LISTEN_BASE",
        help="Address at which listeners reach the app, such as https://lab.org/listen.",
    ),
]


@contextmanager
def opened(test: Test, folder: Path, url: str) -> Iterator[Sessions]:
    """The sessions of ``test``, as long as a command needs them."""
    with needing("the store of a listening test"):
        from listening_test.session import Sessions

        sessions = Sessions(test, folder, url)
    try:
        yield sessions
    finally:
        sessions.dispose()
