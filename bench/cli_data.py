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


@app.command(
    epilog="Examples:  codecbench data build configs/noisy_reverberant.yaml --data DIR  ·  "
    "codecbench data build my.yaml --output sets/my --workers 2  ·  codecbench data build my.yaml --dry-run --json"
)
def build(
    config: Annotated[str, typer.Argument(help="The recipe: a YAML file, or the name of one that comes along.")],
    output: Annotated[Path | None, typer.Option(help="Folder of the set. Default: results/datasets/NAME.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes. Default: one for each core.", min=1)] = None,
    data: Data = None,
    cache: Cache = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be built, and stop.")] = False,
    json: Json = False,
) -> None:
    """Build a set that can be published: audio, manifest, data card, licences. Starting it again continues it."""
    import signal

    from bench import build_summary, console
    from bench.building import plans, sets
    from bench.engines.local import available_cores

    plan = plans.plan(config, data, cache)
    folder = output or sets.default_folder(plan)
    if dry_run:
        planned = sets.summary(plan, folder)
        console.print_json(planned) if json else build_summary.print_plan(planned)
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        with build_summary.progress() as progress:
            built = sets.build(plan, folder, workers or available_cores(), progress)
    except KeyboardInterrupt:
        console.err.print("stopped. Finished clips are kept; the same command continues.")
        raise typer.Exit(130) from None
    done = build_summary.of_set(built, plan)
    console.print_json(done) if json else build_summary.print_set(done)
