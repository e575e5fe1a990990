"""The commands about quality over bitrate: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Cache, Config, Json, Ratings, Simulated
from bench.terminal import completion

if TYPE_CHECKING:
    from bench.config import RunConfig
    from bench.curves.bisection import Step
    from bench.curves.equal_rate import Question

app = typer.Typer()


@app.command(
    epilog="Examples:  codecbench curves results/runs/demo  ·  codecbench curves results/runs/demo --anchor toy_rvq "
    "--quantity visqol_audio --at-kbps 12 --output curves  ·  codecbench curves results/runs/demo --ratings "
    "results/tests/TEST --anchor opus --json"
)
def curves(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Run folders, or their URLs.", autocompletion=completion.runs),
    ] = None,
    anchor: Annotated[
        str, typer.Option(metavar="SERIES", help="The codec that all others are compared with, without its bitrate.")
    ] = "",
    quantity: Annotated[
        list[str] | None, typer.Option(help="Only these quantities; commas or several times. Default: all.")
    ] = None,
    ratings: Ratings = None,
    with_simulated: Simulated = False,
    at_kbps: Annotated[
        list[float] | None,
        typer.Option(help="A bitrate of the anchor: which bitrate do the others need to be as good? May be repeated."),
    ] = None,
    at_quality: Annotated[
        list[float] | None,
        typer.Option(help="A value of the quantity: which bitrate does each need to reach it? May be repeated."),
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of the bootstrap.", min=100)] = 1000,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and the tests.", min=0)] = 0,
    output: Annotated[
        Path | None, typer.Option(help="A folder for the page, the drawings and the tables. Default: only print.")
    ] = None,
    json: Json = False,
) -> None:
    """Quality over measured bitrate: curves, BD-rate against an anchor, bitrates of equal quality, the front."""
    from bench.curves import analysed, chosen, families, families_of_ratings
    from bench.errors import ConfigError
    from bench.ratings import ratings_for_leaderboard
    from bench.report import curve_page
    from bench.report.curve_tables import parts
    from bench.runs.results import load_results
    from bench.terminal import console

    if not (runs or ratings):
        raise ConfigError("expected run folders or --ratings, got neither. `codecbench run CONFIG` makes a run.")
    found = [family for folder in runs or [] for family in families(load_results(folder))]
    for path in ratings or []:
        found += families_of_ratings(ratings_for_leaderboard(path, with_simulated))
    names = [name.strip() for name in ",".join(quantity or []).split(",") if name.strip()]
    rates = [1000 * kbps for kbps in at_kbps or []]
    with console.counting("curves") as tell:
        analysis = analysed(chosen(found, names), anchor, seed, rates, at_quality or [], draws, tell)
    written = curve_page.write_curves(analysis, output) if output else []
    if json:
        console.print_json(curve_page.to_json(analysis))
        return
    for part in parts(analysis):
        for grid in part.grids:
            console.print_table(f"{part.title}. {grid.title}", grid.columns, grid.rows)
    if not anchor:
        series = ", ".join(dict.fromkeys(name for family in analysis.families for name in family.series))
        console.note(f"BD-rate and BD-quality need an anchor, --anchor SERIES: {series}.")
    console.say(*(f"written: {path}" for path in written))


@app.command(
    epilog="Examples:  codecbench match demo --codec musepack --option quality --between 0 10 --target-kbps 64  ·  "
    "codecbench match demo --codec opus --option bitrate_bps --between 6000 64000 --target-kbps 24 --tolerance 0.5%"
)
def match(
    config: Config,
    codec: Annotated[
        str, typer.Option(help="A codec of the configuration, by label or name, with its options; or any known codec.")
    ],
    option: Annotated[str, typer.Option(help="What to bisect: an option of the codec, or bitrate_bps.")],
    between: Annotated[tuple[float, float], typer.Option(metavar="LOW HIGH", help="The range of the option.")],
    target_kbps: Annotated[float, typer.Option(help="The bitrate to reach: total bits over total seconds of a set.")],
    tolerance: Annotated[str, typer.Option(help="How near is near enough, as 1% or 0.01.")] = "1%",
    fixed: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another option of the codec.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Where relative dataset paths start. Default: CODECBENCH_DATA, else here."),
    ] = None,
    cache: Cache = None,
    limit: Annotated[int | None, typer.Option(help="Only the first N clips of each dataset.", min=1)] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these clips, categories or datasets.")
    ] = None,
    json: Json = False,
) -> None:
    """Find the setting at which a codec with variable bitrate takes a given bitrate, for each category of clips."""
    from bench.curves import equal_rate
    from bench.inspection.printed import options_of
    from bench.report.matches import as_json, columns, rows, said, share_of, yaml_of
    from bench.terminal import console

    def asked(parsed: RunConfig) -> Question:
        return equal_rate.question(parsed, codec, option, *between, options_of(fixed or []))

    def tell_step(category: str, step: Step) -> None:
        console.err.print(f"{category}: {option} {step.value:g} gives {step.bps / 1000:.4g} kbit/s", markup=False)

    with console.counting("encoding") as tell:
        found = equal_rate.match_sets(
            config, asked, equal_rate.target_of(target_kbps), tolerance=share_of(tolerance), data=data, cache=cache,
            limit=limit, only=only or [], tell=tell, report=tell_step,
        )  # fmt: skip
    if json:
        console.print_json(as_json(found, codec, option))
    else:
        console.print_table(f"{codec} at {target_kbps:g} kbit/s", columns(option), rows(found))
        console.say(*said(found))
        console.out.print(yaml_of(found), markup=False, soft_wrap=True, end="")
    if any(one.match.problem for one in found):
        raise typer.Exit(1)
