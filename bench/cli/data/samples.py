"""Which clips, and how many: sample, power."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bench.cli.data.options import Cache, Data, Dataset, app
from bench.cli.options import Json, Kind
from bench.terminal import completion


@app.command(
    epilog="Examples:  codecbench data sample vctk --limit 50 --by speaker --output vctk50.jsonl  ·  "
    "codecbench data sample ~/corpus --limit 40 --by language,speaker --attributes '(?P<language>..)/(?P<speaker>.*)/'"
)
def sample(
    dataset: Dataset,
    limit: Annotated[int, typer.Option(help="How many clips.", min=1)],
    by: Annotated[
        str, typer.Option(help="Keys, outermost first: speaker, language, category, source, rate, bandwidth, ...")
    ] = "",
    seed: Annotated[int, typer.Option(help="Of the choice.", min=0)] = 0,
    allocation: Annotated[
        str, typer.Option(help="equal: the same number of clips from each. proportional: as the dataset has them.")
    ] = "equal",
    attributes: Annotated[
        str, typer.Option(help="Regular expression with named groups, searched in the path of each clip.")
    ] = "",
    category: Kind = "speech",
    output: Annotated[Path | None, typer.Option(help="Write the sample as a manifest (.jsonl).")] = None,
    data: Data = None,
    cache: Cache = None,
    json: Json = False,
) -> None:
    """A fair sample: every speaker, language, genre or bandwidth the same weight, the same on every machine."""
    from bench.datasets import sampling
    from bench.datasets.attributes import with_attributes
    from bench.datasets.manifest import write_manifest
    from bench.errors import ConfigError
    from bench.loading import clips_of, dataset_context
    from bench.terminal import console

    if allocation not in ("equal", "proportional"):
        raise ConfigError(f"--allocation: expected equal or proportional, got {allocation!r}.")
    _require_file(output)
    context = dataset_context(data, cache)
    how: Any = allocation
    clips = clips_of(dataset, context, category)
    if attributes:
        clips = with_attributes(clips, attributes)
    keys = [key.strip() for key in by.split(",") if key.strip()]
    got = sampling.stratified(clips, limit, seed, keys, how, context.cache_dir)
    rows = sampling.table(clips, got, keys, context.cache_dir)
    if output:
        write_manifest(output, sampling.recorded(got, limit, seed, keys, how))
    if json:
        strata = [dict(zip(keys, row.values, strict=True)) | {"clips": row.clips, "chosen": row.chosen} for row in rows]
        found = {"clips": len(clips), "chosen": [clip.id for clip in got], "strata": strata}
        console.print_json({"dataset": dataset, "seed": seed, "allocation": allocation, **found})
        return
    title = f"{len(got)} of {len(clips)} clips of {dataset}, seed {seed}"
    if keys:
        console.print_table(title, (*keys, "clips", "chosen"), [(*row.values, row.clips, row.chosen) for row in rows])
    else:
        console.say(title)
    if output:
        console.say(f"written: {output}")


@app.command(
    epilog="Examples:  codecbench data power results/runs/pilot --quantity pesq_wb --difference 0.1  ·  "
    "codecbench data power results/runs/pilot --quantity si_sdr --difference 0.5 --conditions opus@12000 evs@13200"
)
def power(
    run: Annotated[str, typer.Argument(help="The folder of a run: the pilot.", autocompletion=completion.runs)],
    quantity: Annotated[str, typer.Option(help="Such as pesq_wb.")],
    difference: Annotated[
        float | None, typer.Option(help="To be seen, in the unit of the quantity. Default: what the pilot can show.")
    ] = None,
    conditions: Annotated[
        tuple[str, str] | None, typer.Option(help="Two conditions. Default: all pairs of codecs.")
    ] = None,
    aim: Annotated[float, typer.Option("--power", help="Probability with which the difference is to be seen.")] = 0.8,
    level: Annotated[float, typer.Option(help="Of confidence.")] = 0.95,
    output: Annotated[Path | None, typer.Option(help="Write the curve of recordings and differences (.svg).")] = None,
    json: Json = False,
) -> None:
    """How many recordings it takes to see a difference of a metric, from the spread in a run."""
    import math
    from dataclasses import asdict

    from bench.report import power as powers
    from bench.report.svg import standalone_svg
    from bench.runs.results import load_results
    from bench.store import write_bytes
    from bench.terminal import console
    from bench.terminal.pilot import print_power

    _require_file(output)
    results = load_results(run)
    rows = powers.outlooks(results, quantity, difference, conditions or (), aim, level)
    silent = powers.inapplicable(results, quantity)
    planned = [row for row in rows if not math.isnan(row.visible)]
    middle = difference or (sorted(row.visible for row in planned)[len(planned) // 2] if planned else 1.0)
    steps = list(powers.curve(rows, powers.ladder(abs(middle)), aim, level))
    if output:
        write_bytes(output, standalone_svg(powers.curve_svg(rows, abs(middle), aim, level)).encode())
    if json:
        asked = {"quantity": quantity, "difference": difference, "power": aim, "level": level}
        console.print_json({**asked, "pairs": [asdict(row) for row in rows], "curve": steps, "not_applicable": silent})
        return
    print_power(rows, steps, silent, difference, aim, level)
    if output:
        console.say(f"written: {output}")


def _require_file(output: Path | None) -> None:
    from bench.errors import ConfigError

    if output is not None and output.is_dir():
        raise ConfigError(f"--output: expected the name of a file, but {output} is a folder.")
