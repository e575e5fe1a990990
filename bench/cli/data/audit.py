"""What is wrong with the references: audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.data.options import Cache, Data, Dataset, app
from bench.cli.options import Json, Kind, Workers


@app.command(
    epilog="Examples:  codecbench data audit speech_folder  ·  codecbench data audit demo --output audit.html  ·  "
    "codecbench data audit set.jsonl --strict --json"
)
def audit(
    dataset: Dataset,
    category: Kind = "speech",
    workers: Workers = None,
    output: Annotated[Path | None, typer.Option(help="Write every clip into this .csv, or a page into .html.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where a clip has a serious mark.")] = False,
    data: Data = None,
    cache: Cache = None,
    json: Json = False,
) -> None:
    """Look for what makes a reference worth less: band edges, lossy coding, clipping, dual mono, copies, ..."""
    from bench import auditing, loading
    from bench.errors import ConfigError
    from bench.provenance import available_cores
    from bench.report.references import of_audit
    from bench.terminal import audits as audit_summary
    from bench.terminal import console

    if output is not None and output.suffix not in (".csv", ".html"):
        raise ConfigError(f"--output: expected a file that ends in .csv or .html, got {output}.")
    clips = loading.clips_of(dataset, loading.dataset_context(data, cache), category)
    with console.counting("auditing") as progress:
        rows = auditing.audit(clips, loading.local_cache_folder(cache), workers or available_cores(), progress)
    found = of_audit(rows)
    if output is not None:
        audit_summary.write_audit(output, dataset, rows)
    if json:
        console.print_json(audit_summary.as_json(dataset, rows))
    else:
        audit_summary.print_audit(dataset, found)
        if output is not None:
            console.say(f"written: {output}")
    if strict and any(one.serious for one in found):
        raise typer.Exit(1)
