"""Commands about the web app: parse, call, print."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Json
from listening_test.cli.options import Base, Database, Folder, opened
from listening_test.extra import needing

if TYPE_CHECKING:
    from socket import socket

    from listening_test.session import Sessions

LARGEST_MESSAGE = 1 << 20
"""Bytes of a message of a page: 500 events have about 100 kB, and each page could hold as much memory as this."""

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")

app = typer.Typer()


@app.command(
    epilog="Examples:  codecbench listen serve results/tests/demo  ·  codecbench listen serve TEST --host 0.0.0.0 "
    "--port 80  ·  codecbench listen serve TEST --database postgresql://user@host/name"
)
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="0.0.0.0 to be reached from other machines.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8501,
    url: Database = "",
    base: Base = "",
) -> None:
    """Serve a test: listeners at their links, the experimenter at /experimenter. Ctrl+C ends it; nothing is lost."""
    import os
    import socket
    from contextlib import suppress

    with needing("codecbench listen serve"):
        import streamlit  # noqa: F401  uvicorn, which imports the app, would show a traceback
        import uvicorn

    from listening_test.screens import settings
    from listening_test.session.links import check_base

    check_base(base)
    os.environ |= {settings.TEST: str(folder), settings.DATABASE: url, settings.BASE: base}
    with _served(folder, url):
        pass  # or the server would tell listeners what is wrong
    bound = _bound(host, port)
    address = base or f"http://{socket.gethostname() if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    typer.echo(f"{folder} at {address}; experimenter: {address.rstrip('/')}/experimenter", err=True)
    typer.echo(
        f"links for listeners, in another terminal: codecbench listen invite {folder} -n 20 --base {address}", err=True
    )
    server = uvicorn.Server(
        uvicorn.Config(
            "listening_test.app:app",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run(sockets=[bound])
    if not server.started:
        raise typer.Exit(1)


@app.command(
    epilog="Examples:  codecbench listen invite results/tests/demo -n 20  ·  codecbench listen invite TEST -n 5 "
    "--note pilot --base https://lab.org/listen > links.txt"
)
def invite(
    folder: Folder,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=10_000, help="How many people.")] = 1,
    note: Annotated[str, typer.Option(help="For yourself, such as a date; no names.")] = "",
    base: Base = "http://127.0.0.1:8501",
    url: Database = "",
    json: Json = False,
) -> None:
    """Make links, one for each person. They are shown once: only their hashes are stored."""
    from urllib.parse import urlsplit

    from bench.terminal import console
    from listening_test.session.links import check_base, link

    check_base(base)
    with _served(folder, url) as sessions:
        links = [link(token, base) for token in sessions.invite(count, note)]
    if json:
        console.print_json(links)
        return
    for one in links:
        typer.echo(one)
    address = urlsplit(base)
    if address.hostname in LOCAL_HOSTS:
        there = f"http://THIS-MACHINE:{address.port or 80}"
        typer.echo(f"These links open on this machine only. For others: --base {there}", err=True)


@app.command(epilog="Examples:  codecbench listen status results/tests/demo  ·  codecbench listen status TEST --json")
def status(folder: Folder, url: Database = "", json: Json = False) -> None:
    """Who was invited, who listens, who has finished."""
    from dataclasses import asdict

    from bench.terminal import console
    from listening_test.analysis.counts import fewest_valid
    from listening_test.analysis.frames import as_ratings

    with _served(folder, url) as sessions:
        rows, closed = sessions.progress(), sessions.closed
        rarest = fewest_valid(as_ratings(sessions.export_rows()), sessions.test)
    if json:
        listeners = [asdict(row) for row in rows]
        found = {"test": sessions.test.name, "closed": closed, "fewest_ratings": asdict(rarest), "listeners": listeners}
        console.print_json(found)
        return
    table = [
        [
            row.listener,
            row.status,
            f"{row.trials_done}/{row.trials}" if row.started else "",
            row.last_seen[:16],
            row.note,
        ]
        for row in rows
    ]
    state = ", closed" if closed else ""
    people = [row for row in rows if not row.simulated]
    finished = sum(row.status == "finished" for row in people)
    simulated = f", beside {len(rows) - len(people)} simulated" if len(rows) > len(people) else ""
    console.print_table(
        f"{sessions.test.name}{state}: {finished} of {len(people)} finished{simulated}",
        ["listener", "status", "trials", "last seen (UTC)", "note"],
        table,
    )
    needed = f" of {rarest.needed} needed" if rarest.needed else ""
    typer.echo(f"Fewest valid ratings: {rarest.ratings}{needed}, of {rarest.condition} on {rarest.clip}")


@app.command(epilog="Example:  codecbench listen password")
def password() -> None:
    """Ask for a password and print its Argon2 hash, for CODECBENCH_LISTEN_PASSWORD_HASH."""
    with needing("codecbench listen password"):
        from listening_test.session.passwords import hash_password

    typer.echo(hash_password(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)))


def _bound(host: str, port: int) -> socket:
    """A socket for the server.

    Raises:
        ConfigError: the address is not of this machine, or another program has the port.
    """
    import socket

    from bench.errors import ConfigError

    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigError(
            f"cannot listen at {host}, port {port}: {error.strerror or error}. End the program that is there, or "
            "choose another with --port."
        ) from None


def _served(folder: Path, url: str) -> AbstractContextManager[Sessions]:
    """The sessions of a test whose pages can be shown."""
    from listening_test import texts
    from listening_test.model import load_test

    test = load_test(folder)
    texts.check(test.languages, test.texts)
    return opened(test, folder, url)
