"""The command line: parse, call, print."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.agreement import app as agreement_app
from bench.cli.compare import app as compare_app
from bench.cli.curves import app as curves_app
from bench.cli.data import app as data_app
from bench.cli.export import app as export_app
from bench.cli.leaderboard import app as leaderboard_app
from bench.cli.metrics import app as metrics_app
from bench.cli.options import Cache, Config, Json, Run, as_interrupt
from bench.cli.plugins import join_plugins
from bench.cli.results import app as results_app
from bench.cli.start import app as start_app
from bench.cli.weights import app as weights_app
from bench.domain import Category
from bench.errors import CodecbenchError, ConfigError
from bench.models.device import Name as DeviceName
from bench.terminal import completion
from bench.threads import ONE_THREAD

app = typer.Typer(
    name="codecbench",
    help="Which audio codec sounds better, at how many bits? Counted bits, true metrics, one report.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data_app)
app.add_typer(weights_app)
app.add_typer(metrics_app)
app.add_typer(export_app)
for verdict in (leaderboard_app, curves_app, agreement_app, compare_app, results_app):
    app.add_typer(verdict)
app.add_typer(start_app)


@app.command(
    epilog="Examples:  codecbench run demo  ·  codecbench run configs/real.yaml --data DIR --workers 2  ·  "
    "codecbench run real --data DIR --only 'opus*' --limit 3  ·  codecbench run real --data DIR --dry-run  ·  "
    "codecbench run real --data s3://audio --cache s3://cache --output s3://runs/real"
)
def run(
    config: Config,
    output: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Run folder, or a URL as below. Default: results/runs/NAME.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Where relative dataset paths start: a folder, or a URL such as s3://bucket/folder. Default: "
            "CODECBENCH_DATA, else here.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes. Default: one for each core, or as configured.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Measure only the first N clips of each dataset now.", min=1)
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Measure only what matches now: conditions (opus*), quantities (pesq*), clips, categories, datasets. "
            "May be repeated: patterns of one kind add up, different kinds narrow each other down.",
        ),
    ] = None,
    cache: Cache = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Measure again what failed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be measured, and stop.")] = False,
    engine: Annotated[str, typer.Option(help="Where the workers run: local or ray.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="host:port of a Ray cluster, or auto. Default: one of this machine, for the run.")
    ] = None,
    gpus_per_worker: Annotated[
        float, typer.Option(help="GPUs that Ray sets aside for each worker that measures.", min=0)
    ] = 0.0,
    device: Annotated[
        DeviceName | None,
        typer.Option(help="Where networks of codecs compute: cpu, cuda, auto. Default: as configured, else cpu."),
    ] = None,
    num_gpus: Annotated[
        float | None, typer.Option(help="GPUs of workers that only code. Default: as configured, else none.", min=0)
    ] = None,
    json: Json = False,
) -> None:
    """Encode, decode and measure. Starting it again continues where it stopped; finished cells are never repeated."""
    from bench import engines, platforms, runner
    from bench.terminal import console, summary
    from bench.terminal.progress import run_progress

    chosen = engines.engine(engine, address, gpus_per_worker)
    if dry_run:
        planned = summary.of_plan(config, data, cache, output, only or [], limit, retry_failed, device)
        console.print_json(planned) if json else summary.print_plan(planned)
        return
    platforms.require()
    signal.signal(signal.SIGTERM, as_interrupt)
    try:
        with run_progress() as progress:
            results = runner.run(
                config,
                output=output,
                data=data,
                cache=cache,
                workers=workers,
                device=device,
                num_gpus=num_gpus,
                engine=chosen,
                limit=limit,
                only=only or [],
                retry_failed=retry_failed,
                costs=lambda name: console.err.print(f"measuring what {name} costs", markup=False),
                progress=progress,
            )
    except KeyboardInterrupt:
        _say("stopped. Finished cells are kept; the same command continues.")
        raise typer.Exit(130) from None
    done = summary.of_run(results)
    console.print_json(done) if json else summary.print_run(done)


@app.command(
    epilog="Examples:  codecbench report results/runs/demo  ·  codecbench report results/runs/demo --json  ·  "
    "codecbench report results/runs/demo --with versa.jsonl --with opus@12000=opus.jsonl"
)
def report(
    folder: Run,
    output: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Where to write the files. Default: the run folder.")
    ] = None,
    imported: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="Values of VERSA, as FILE or, where its keys are clips, as CONDITION=FILE. May be repeated.",
        ),
    ] = None,
    anchor: Annotated[
        str,
        typer.Option(
            metavar="SERIES",
            help="The codec, without its bitrate, that the others' curves are compared with. Default: the first with "
            "enough conditions.",
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Tables per category with 95 % intervals; writes CSV, Markdown and one self-contained HTML page."""
    from bench import report as reports
    from bench.runs.results import load_results
    from bench.terminal import console

    results = load_results(folder)
    if imported:
        from bench.versa.joined import joined

        results, tallies = joined(results, imported)
        for tally in tallies:
            console.note(tally.summary(), *tally.problems())
    written = reports.write_report(results, output or folder, anchor=anchor)
    if json:
        console.print_json(reports.to_json(results))
        return
    console.out.print(reports.render(results))
    console.say(*(f"written: {path}" for path in written))


@app.command(
    epilog="Examples:  codecbench score ref.wav deg.wav  ·  "
    "codecbench score ref.wav deg.wav --metrics pesq_wb,stoi --json"
)
def score(
    reference: Annotated[Path, typer.Argument(help="The original.")],
    degraded: Annotated[Path, typer.Argument(help="The coded version of it.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            help="Quantities or groups (core, signal, mos, semantic, visqol_reference), separated by commas; may be "
            "given several times. Default: all that work here."
        ),
    ] = None,
    category: Annotated[Category | None, typer.Option(help="Leaves out what does not speak of it.")] = None,
    delay: Annotated[int, typer.Option(help="Samples to cut off the start of the degraded file first.")] = 0,
    json: Json = False,
) -> None:
    """Every applicable metric of one pair of files. The order matters: the original comes first."""
    from bench.scoring import score as score_pair
    from bench.terminal import console

    names = [name.strip() for name in ",".join(metrics or ()).split(",") if name.strip()] or None
    scores = score_pair(reference, degraded, names, category=category, delay_samples=delay)
    if json:
        console.print_json(
            {"reference": str(reference), "degraded": str(degraded), "notes": scores.notes, "scores": scores.rows}
        )
        return
    for note in scores.notes:
        console.err.print(f"note: {note}")
    rows = [
        (row["quantity"], "" if row["value"] is None else f"{row['value']:.4f}", row["unit"], row["reason"])
        for row in scores.rows
    ]
    console.print_table(f"{degraded.name} against {reference.name}", ("quantity", "value", "unit", "why not"), rows)


@app.command("list", epilog="Examples:  codecbench list codecs  ·  codecbench list metrics --json")
def list_(
    kind: Annotated[
        str, typer.Argument(help="codecs, metrics, sets, datasets or configs.", autocompletion=completion.kinds)
    ],
    json: Json = False,
) -> None:
    """What there is, what is missing here, and how to get it."""
    from bench import listing
    from bench.registry import nearest
    from bench.terminal import console

    if kind not in listing.KINDS:
        raise ConfigError(
            f"there is no list of {kind!r}.{nearest(kind, listing.KINDS)} Lists: {', '.join(listing.KINDS)}."
        )
    rows = listing.rows(kind)
    if json:
        console.print_json(rows)
        return
    console.print_table(
        kind,
        ("name", "what", "state"),
        [(row["name"], row["summary"], listing.state(row)) for row in rows],
        unbroken=("name",),
    )


@app.command(epilog="Examples:  codecbench doctor  ·  codecbench doctor --json")
def doctor(json: Json = False) -> None:
    """Try everything once on this machine; for what does not work, the one line that mends it."""
    from dataclasses import asdict

    from bench import doctor as doctors
    from bench.terminal import console

    found = []
    for finding in doctors.findings():
        found.append(finding)
        if not json:
            mark = "[green]ok[/]  " if finding.ok else "[yellow]need[/]" if finding.optional else "[red]fail[/]"
            console.out.print(f"{mark}  {finding.what:<42} ", end="")
            console.say(finding.detail)
            if not finding.ok and finding.remedy:
                verb = "get" if finding.optional else "mend"
                console.say(f"      to {verb} it: {finding.remedy}")
    if json:
        console.print_json([asdict(finding) for finding in found])
    if not all(finding.ok or finding.optional for finding in found):
        raise typer.Exit(1)


@app.command(
    epilog="Examples:  codecbench check opus  ·  codecbench check pesq_wb  ·  codecbench check my_package:MyCodec  ·  "
    "codecbench check encodec_24khz --option weights=DIR"
)
def check(
    name: Annotated[
        str,
        typer.Argument(
            help="A codec or a quantity, built in, a plug-in's, or package.module:Class.",
            autocompletion=completion.codecs_and_metrics,
        ),
    ],
    metric: Annotated[bool, typer.Option("--metric", help="package.module:Class is a metric.")] = False,
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the codec.")] = None,
    json: Json = False,
) -> None:
    """The public contract: what every codec or metric must do for its numbers to be true."""
    from bench import contracts
    from bench.inspection.printed import options_of
    from bench.terminal import console

    results = []
    for result in contracts.check(name, metric, options_of(option or [])):
        results.append(result)
        if not json:
            mark = "[green]ok[/]  " if result.ok else "[red]fail[/]"
            console.out.print(f"{mark}  {result.name}", soft_wrap=True)
            if result.detail:
                console.say(f"      {result.detail}")
    if json:
        console.print_json([{"name": r.name, "ok": r.ok, "detail": r.detail} for r in results])
    if not all(result.ok for result in results):
        raise typer.Exit(1)


@app.command(
    epilog="Examples:  codecbench inspect toy_rvq  ·  codecbench inspect encodec_24khz --option weights=DIR  ·  "
    "codecbench inspect 'package.module:Network(64, depth=2)' --input 1,3,128"
)
def inspect(
    name: Annotated[
        str,
        typer.Argument(
            help="A codec, or package.module:Class(arguments) of a torch module.", autocompletion=completion.codecs
        ),
    ],
    option: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An option of the codec.")] = None,
    shape: Annotated[
        str, typer.Option("--input", help="Shape of a torch module's input, such as 1,3,128: NAME is a module then.")
    ] = "",
    json: Json = False,
) -> None:
    """What a codec is made of: layers, shapes, parameters, receptive field, delay, frame rate, bits, speed, memory."""
    from bench.inspection import printed
    from bench.inspection.codec import inspect as take_apart
    from bench.terminal import console

    found = take_apart(name, printed.options_of(option or []), printed.shape_of(shape))
    if json:
        console.print_json(printed.to_json(found))
        return
    for table in printed.tables(found, console.out.width):
        console.out.width = max(console.out.width, table.least_width)
        console.print_table(table.title, table.columns, table.rows, table.unbroken)
        console.say(*table.notes)


def main() -> None:
    """Entry point: runs a command, and turns our errors into one message and an exit code."""
    sys.path.append(str(Path.cwd()))  # a codec or metric in a file here works as module:Class
    os.environ.update(ONE_THREAD)  # as in the workers of a run, so that `score` gives the same last bit
    join_plugins(app)
    try:
        app()
    except CodecbenchError as error:
        _say(f"error: {error}")
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except BrokenPipeError:
        sys.exit(141)
    except OSError as error:
        _say(f"error: {error.filename or 'a file'}: {error.strerror or error}.")
        sys.exit(1)


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
