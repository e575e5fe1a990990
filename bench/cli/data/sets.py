"""Known sets: list, info, fetch, verify, path."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.data.options import Cache, Data, app
from bench.cli.options import Json, as_interrupt
from bench.terminal import completion
from bench.wording import counted

if TYPE_CHECKING:
    from bench.datasets.base import DatasetContext
    from bench.datasets.known.base import KnownSet
    from bench.datasets.verifying import Verified

Name = Annotated[
    str,
    typer.Argument(
        help="A known set (codecbench data list), or package.module:SET of your own.",
        autocompletion=completion.known_sets,
    ),
]


@app.command("list", epilog="Examples:  codecbench data list  ·  codecbench data list --json")
def list_(data: Data = None, cache: Cache = None, json: Json = False) -> None:
    """The known sets, and which of them are here."""
    from bench.datasets import collection
    from bench.datasets.known import known_sets
    from bench.errors import DatasetError
    from bench.loading import dataset_context
    from bench.terminal import console

    context = dataset_context(data, cache)
    rows = []
    for known in known_sets().values():
        try:
            found = collection.state(known, context)
        except DatasetError as error:  # the other sets are worth listing all the same
            console.note(f"note: {known.name}: {error}")
            found = collection.State("unreadable", collection.target_of(known, context), (), ())
        every = collection.units(known, ["all"])
        sizes = [one.size_bytes for unit in every for one in unit.archives]
        row: dict[str, Any] = {"name": known.name, "role": known.role, "title": known.title, "licence": known.licence}
        row |= {"hours": known.hours, "size": collection.size_of(every) if known.archives else "bring it yourself"}
        row["size_bytes"] = sum(filter(None, sizes)) if sizes and all(sizes) else None
        rows.append(row | {"state": found.status, "folder": str(found.folder)})
    if json:
        console.print_json(rows)
        return
    columns = ("name", "role", "hours", "size", "state")
    console.print_table("known sets", columns, [[row[one] for one in columns] for row in rows], ("name", "state"))
    console.out.print("Everything on one of them: codecbench data info NAME", highlight=False)


@app.command(epilog="Examples:  codecbench data info vctk  ·  codecbench data info esc50 --json")
def info(name: Name, data: Data = None, cache: Cache = None, json: Json = False) -> None:
    """Everything on one set: licence, citation, addresses, sizes, subsets, where it lies, how it is recognised."""
    from bench.datasets import accepted_licences, collection
    from bench.datasets.known import find
    from bench.loading import dataset_context
    from bench.terminal import console

    known, context = find(name), dataset_context(data, cache)
    found = collection.state(known, context)
    parts = collection.subsets_of(known)
    facts: dict[str, Any] = {
        "name": known.name, "title": known.title, "role": known.role, "homepage": known.homepage,
        "licence": known.licence, "licence_url": known.licence_url,
        "licence_accepted": accepted_licences.accepted(known, context.cache_dir),
        "attribution": known.attribution, "citation": known.citation, "languages": list(known.languages),
        "sample_rate": known.sample_rate, "channels": known.channels, "hours": known.hours, "files": known.files,
        "subsets": {part: collection.size_of(collection.units(known, [part])) for part in parts},
        "fetched_without_subset": (known.split if known.split in parts else "all") if known.archives else None,
        "size": collection.size_of(collection.units(known, ["all"])) if known.archives else None,
        "archives": [
            {"url": one.url, "size_bytes": one.size_bytes, "checksum": one.checksum, "subset": one.subset}
            | {"fetched": one.name in found.fetched}
            for one in known.archives
        ],
        "obtain": known.obtain, "state": found.status, "folder": str(found.folder),
        "archives_folder": str(collection.archives_of(found.folder)) if known.archives else None,
        "recognised_by": list(known.recognised_by), "not_found": list(found.missing),
    }  # fmt: skip
    if json:
        console.print_json(facts)
        return
    for key, value in facts.items():
        if value in (None, "", [], {}):
            continue
        lines = [_line(one) for one in value] if isinstance(value, list) else [_line(value)]
        console.say(f"{key.replace('_', ' ') + ':':<24}{lines[0]}")
        console.say(*(f"{'':<24}{line}" for line in lines[1:]))


@app.command(
    epilog="Examples:  codecbench data fetch esc50  ·  codecbench data fetch librispeech_test_clean --accept-licence  ·"
    "  codecbench data fetch ears --subset test --subset validation --data /data"
)
def fetch(
    name: Name,
    subset: Annotated[
        list[str] | None,
        typer.Option(help="Fetch this part (all: everything). May be repeated. Default: the set's own test split."),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the set's licence, which `data info` shows.")
    ] = False,
    parallel: Annotated[int, typer.Option(help="Files downloaded at the same time.", min=1, max=16)] = 3,
    keep_archives: Annotated[bool, typer.Option("--keep-archives", help="Keep them after unpacking.")] = False,
    data: Data = None,
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Get a known set, or the rest of it: resumed where it stopped, checked, unpacked safely."""
    from bench.datasets.fetching import fetch as fetch_set
    from bench.datasets.known import find
    from bench.loading import dataset_context
    from bench.terminal import console
    from bench.terminal.transfers import Transfers

    known, context = find(name), dataset_context(data, cache)
    signal.signal(signal.SIGTERM, as_interrupt)
    try:
        accepted = _licence(known, context, subset or [], accept_licence)
        with Transfers() as watch:
            done = fetch_set(known, context, subset or [], accepted, parallel, keep_archives, watch=watch)
    except (KeyboardInterrupt, typer.Abort):
        console.err.print("stopped. What has come is kept; the same command continues.")
        raise typer.Exit(130) from None
    if json:
        console.print_json(
            {"name": known.name, "folder": str(done.folder), "unpacked": list(done.unpacked), "notes": list(done.notes)}
        )
        return
    console.note(*(f"note: {note}" for note in done.notes))
    news = f"unpacked {', '.join(done.unpacked)}" if done.unpacked else "there already"
    console.say(f"{known.title}: {news}: {done.folder}")


@app.command(
    epilog="Examples:  codecbench data verify vctk  ·  codecbench data verify my/recordings --decode  ·  "
    "codecbench data verify test_set/manifest.jsonl --json"
)
def verify(
    what: Annotated[str, typer.Argument(help="A known set, a folder, or a manifest (.jsonl).")],
    decode: Annotated[
        bool, typer.Option("--decode", help="Decode every recording to its end, not only read its header.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Take the files that no archive brought as right, as they are now.")
    ] = False,
    data: Data = None,
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Find changed, missing, extra and unreadable files, by name. Exit code 1 where there are any.

    A folder that codecbench did not fetch is recorded the first time, and compared the next time.
    """
    from dataclasses import asdict

    from bench.loading import dataset_context
    from bench.terminal import console
    from bench.terminal.transfers import Transfers

    try:
        with Transfers() as watch:

            def progress(done: int, total: int | None) -> None:
                watch(what, "hashing", done, total)

            found = _verified(what, dataset_context(data, cache), record, decode, progress)
    except KeyboardInterrupt:
        console.err.print("stopped; nothing was changed.")
        raise typer.Exit(130) from None
    problems = found.problems
    if json:
        console.print_json(asdict(found) | {"place": str(found.place), "ok": not problems})
    else:
        console.say(*problems)
        console.note(*(f"note: {note}" for note in found.notes))
        verdict = counted(len(problems), "problem") if problems else "all is well"
        opened = f"{counted(found.files, 'file')}, {counted(found.recordings, 'recording')} opened"
        console.say(f"{found.place}: {opened}: {verdict}.")
    if problems:
        raise typer.Exit(1)


@app.command(epilog="Examples:  codecbench data path vctk  ·  ls $(codecbench data path esc50)")
def path(name: Name, data: Data = None, cache: Cache = None, json: Json = False) -> None:
    """The folder of a set, alone on stdout. Exit code 1 where the set is not, or not wholly, there."""
    from bench.datasets import collection
    from bench.datasets.known import find
    from bench.loading import dataset_context
    from bench.terminal import console

    known = find(name)
    found = collection.state(known, dataset_context(data, cache))
    if json:
        console.print_json({"name": known.name, "folder": str(found.folder), "state": found.status})
    else:
        sys.stdout.write(f"{found.folder}\n")
    if found.status != "there":
        missing = ", ".join(found.missing)
        console.note(f"note: {found.status}; nothing there matches {missing}. codecbench data fetch {name}")
        raise typer.Exit(1)


def _licence(known: KnownSet, context: DatasetContext, subsets: list[str], accept: bool) -> bool:
    """Shows the licence of what is to be fetched; whether it is accepted now, by the option or the person there."""
    from bench.datasets import accepted_licences, collection, fetching
    from bench.storage import is_remote
    from bench.terminal import console

    ahead = fetching.outlook(known, context, subsets)
    if not ahead.left and (known.archives or not ahead.lacking):
        return accept
    accepted = accept or accepted_licences.accepted(known, context.cache_dir)
    asked = not accepted and sys.stdin.isatty() and console.err.is_terminal
    if accepted or asked:
        console.note(accepted_licences.text_of(known))
    data = context.data_dir
    if data is not None and not is_remote(data) and not data.exists():
        console.note(f"the data folder {data} will be created")
    if (accepted or asked) and known.archives:
        size, count = collection.size_of(ahead.left), len(ahead.left)
        console.note(f"download: {size}, archives: {count}, to {ahead.folder}")
    return typer.confirm("Do you accept the licence?", default=False, err=True) if asked else accept


def _verified(what: str, context: DatasetContext, record: bool, decode: bool, progress: Any) -> Verified:
    from bench.datasets import collection, verifying
    from bench.datasets.known import find, known_sets
    from bench.errors import DatasetError
    from bench.storage import is_folder, is_url, place, required_local

    named = place(what) if is_url(what) else Path(what).expanduser().absolute()
    if what not in known_sets() and is_folder(named):
        folder = required_local(named, "data verify of a folder without a manifest")
        return verifying.verify_folder(folder, None, record, decode, progress)
    if what not in known_sets() and named.suffix == ".jsonl":
        return verifying.verify_manifest(named, context.cache_dir, decode, progress)
    known = find(what)
    found = collection.state(known, context)
    if found.status != "there":
        raise DatasetError(
            f"{known.title} is {found.status} at {found.folder}: nothing there matches {', '.join(found.missing)}. "
            f"codecbench data fetch {what}"
        )
    return verifying.verify_folder(found.folder, known, record, decode, progress)


def _line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}".strip() for key, one in value.items() if one not in (None, "", False))
    return "yes" if value is True else "no" if value is False else str(value)
