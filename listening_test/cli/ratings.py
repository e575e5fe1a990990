"""Commands about ratings: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Json
from bench.wording import counted
from listening_test.cli.options import Database, Folder, opened

if TYPE_CHECKING:
    import pandas as pd

    from listening_test.analysis.screening import Screening
    from listening_test.model import Test

app = typer.Typer()

Seed = Annotated[int, typer.Option(help="Of everything that is drawn at random.", min=0)]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE", help="Folder of a test; or ratings as Parquet or CSV, with the columns of ratings.parquet."
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        help="Whom to leave out: bs1534, encodec_paper, mpeg, bernoulli, none. Default: as the test says, else bs1534."
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE", help="A rule of your own in place of a preset: 'hidden_reference < 90 on > 15%'."),
]
Name = Annotated[str, typer.Option("--test", help="Which test, where the file holds several.")]


@app.command(
    epilog="Examples:  codecbench listen analyze results/tests/mine  ·  codecbench listen analyze ratings.parquet "
    "--preset encodec_paper --output out  ·  codecbench listen analyze results/tests/mine --json"
)
def analyze(
    source: Source,
    preset: Preset = "",
    exclude: Exclude = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder to write to. Default: that of the test; of a file, FILE-analysis.")
    ] = None,
    test: Name = "",
    seed: Seed = 0,
    with_simulated: Annotated[
        bool, typer.Option("--with-simulated", help="Count simulated listeners beside people, too.")
    ] = False,
    database: Database = "",
    json: Json = False,
) -> None:
    """Screen listeners, describe and compare conditions; write ratings.parquet, tables and a report."""
    from bench.terminal import console
    from listening_test.analysis import outputs
    from listening_test.analysis.analysed import analyse

    ratings, known, devices = _ratings(source, database, test)
    analysis = analyse(ratings, _screening(preset, exclude, known), seed, with_simulated=with_simulated, test=known)
    folder = output or (source if source.is_dir() else source.with_name(f"{source.stem}-analysis"))
    written = outputs.write_all(analysis, folder, known, devices)
    if json:
        console.print_json({**outputs.as_json(analysis), "files": [str(path) for path in written]})
        return
    lines, tables = outputs.terminal(analysis)
    for line in lines:
        typer.echo(line)
    for sheet in tables:
        console.print_table(sheet.title, sheet.columns, sheet.rows, unbroken=sheet.columns[1:])
    typer.echo(f"Report: {written[-1]}")


@app.command(
    epilog="Examples:  codecbench listen simulate results/tests/mine --listeners 20 --seed 1  ·  "
    "codecbench listen simulate results/tests/mine --listeners 200 --output pilot.parquet --quality expected.csv"
)
def simulate(
    test: Folder,
    listeners: Annotated[int, typer.Option(help="How many.", min=1)],
    seed: Seed = 0,
    quality: Annotated[
        Path | None,
        typer.Option(help="CSV with the columns condition, quality (0 to 100), perhaps clip. Default: by bitrate."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write ratings to this Parquet file; the test and its store stay as they are.")
    ] = None,
    database: Database = "",
    json: Json = False,
) -> None:
    """Let simulated listeners take a test, through real sessions; every row they make says that it is simulated."""
    from bench.terminal import console
    from listening_test.model import load_test
    from listening_test.simulate import Panel, read_quality, simulated_rows

    loaded = load_test(test)
    panel = Panel(quality=read_quality(quality, loaded)) if quality else Panel()
    if output is not None:
        from listening_test.analysis.frames import as_ratings, write_ratings

        ratings = as_ratings(simulated_rows(loaded, listeners, seed, panel))
        write_ratings(output, ratings)
        if json:
            console.print_json({"listeners": listeners, "ratings": len(ratings), "file": str(output)})
        else:
            typer.echo(f"{counted(len(ratings), 'simulated rating')}: {output}")
        return
    with opened(loaded, test, database) as sessions, console.counting("simulated listeners") as told:
        from listening_test.rehearsal import rehearse

        rehearse(sessions, test, listeners, seed, panel, told)
    if json:
        console.print_json({"listeners": listeners, "test": str(test)})
    else:
        typer.echo(f"{counted(listeners, 'simulated listener')} took the test. Next: codecbench listen analyze {test}")


@app.command(
    "import",
    epilog="Examples:  codecbench listen import webmushra mushra.csv -o ratings.parquet  ·  "
    "codecbench listen import go_listen test.csv -o r.parquet --pattern '(?P<clip>.+)_(?P<condition>[^_]+)[.]wav' "
    "--role anchor=low_anchor",
)
def import_(
    format_: Annotated[
        str, typer.Argument(metavar="FORMAT", help="webmushra, pymushra, go_listen, bernoulli or listener_wise.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of the other program.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Parquet file to write.")],
    test: Annotated[str, typer.Option("--test", help="Name of the test. Default: that of the file.")] = "",
    category: Annotated[str, typer.Option(help="Category of all clips.")] = "speech",
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION=ROLE", help="hidden_reference, low_anchor, mid_anchor, anchor or system."),
    ] = None,
    training: Annotated[list[str] | None, typer.Option(metavar="TRIAL", help="A trial that was training.")] = None,
    pattern: Annotated[str, typer.Option(help="Regular expression with the groups condition and clip.")] = "",
    score: Annotated[str, typer.Option(help="Column of the score (listener_wise).")] = "",
    json: Json = False,
) -> None:
    """Turn the ratings of another program into ratings.parquet."""
    from typing import cast, get_args

    from bench.domain import Category
    from bench.errors import ConfigError
    from bench.terminal import console
    from listening_test.analysis.frames import write_ratings
    from listening_test.analysis.importers import import_ratings
    from listening_test.analysis.importers.base import Options

    if category not in get_args(Category):
        raise ConfigError(f"--category: expected one of {', '.join(get_args(Category))}, got {category!r}.")
    roles = dict(text.rpartition("=")[::2] for text in role or ())
    options = Options(test or file.stem, cast("Category", category), roles, tuple(training or ()), pattern, score)
    imported = import_ratings(format_, file, options)
    write_ratings(output, imported.ratings)
    people, conditions = (len(imported.ratings[name].unique()) for name in ("listener", "condition"))
    if json:
        counts = {"ratings": len(imported.ratings), "listeners": people, "conditions": conditions}
        console.print_json({**counts, "notes": list(imported.notes), "file": str(output)})
        return
    for note in imported.notes:
        typer.echo(f"Note: {note}")
    typer.echo(
        f"{counted(len(imported.ratings), 'rating')} by {counted(people, 'listener')} of "
        f"{counted(conditions, 'condition')}: {output}"
    )


@app.command(
    epilog="Examples:  codecbench listen power results/tests/pilot --difference 5 --difference 10  ·  "
    "codecbench listen power pilot.parquet --pair opus@12000 --pair encodec_24khz@6000 --clips 12 --json"
)
def power(
    source: Source,
    difference: Annotated[
        list[float] | None, typer.Option(help="Points that should be seen. May be repeated. Default: 5, 10, 15 of 100.")
    ] = None,
    pair: Annotated[
        list[str] | None, typer.Option(metavar="CONDITION", help="Twice: this pair. Default: all pairs of systems.")
    ] = None,
    clips: Annotated[
        float | None, typer.Option(help="Clips that each listener will rate. Default: as in the pilot.", min=1)
    ] = None,
    aim: Annotated[float, typer.Option(help="Probability with which the difference should be seen.")] = 0.8,
    preset: Preset = "",
    exclude: Exclude = None,
    test: Name = "",
    seed: Seed = 0,
    database: Database = "",
    json: Json = False,
) -> None:
    """How many listeners a test needs, by simulation from the ratings of a pilot."""
    from bench.errors import ConfigError
    from bench.terminal import console
    from listening_test.analysis.power import USUAL, needed, pilot
    from listening_test.analysis.screening import post_screen
    from listening_test.analysis.shown_power import as_json, as_sheet, sentence

    if pair and len(pair) != 2:
        raise ConfigError(f"--pair: expected it twice, for two conditions; got {len(pair)}.")
    ratings, known, _ = _ratings(source, database, test)
    screened = post_screen(ratings, _screening(preset, exclude, known)).ratings
    spread = pilot(screened, (pair[0], pair[1]) if pair else None)
    usual = USUAL[str(ratings["test_type"].iloc[0])]
    found = [needed(spread, points, seed, aim, clips) for points in difference or usual]
    if json:
        console.print_json(as_json(spread, found, aim))
        return
    sheet = as_sheet(found, aim)
    console.print_table(sheet.title, sheet.columns, sheet.rows)
    typer.echo(sentence(spread))


def _ratings(source: Path, database: str, name: str) -> tuple[pd.DataFrame, Test | None, dict[str, int]]:
    """Ratings of one test; the test, where its folder is known; and what people listened with."""
    from bench.errors import StoreError
    from listening_test.analysis.frames import as_ratings, one_test, read_ratings
    from listening_test.model import DATABASE, RATINGS, TEST, load_test

    if not (source / TEST).exists():
        return one_test(read_ratings(source), name), None, {}
    known = load_test(source)
    if not database and not (source / DATABASE).exists():
        if not (source / RATINGS).exists():
            raise StoreError(
                f"{source}: nobody has listened yet: there is neither {DATABASE} nor {RATINGS}. Serve the test, or "
                f"rehearse it: codecbench listen simulate {source} --listeners 20"
            )
        return one_test(read_ratings(source), name), known, {}
    from listening_test.analysis.devices import devices

    with opened(known, source, database) as sessions:
        return one_test(as_ratings(sessions.export_rows()), name), known, devices(sessions.answer_rows())


def _screening(preset: str, exclude: list[str] | None, known: Test | None) -> Screening:
    from listening_test.analysis.screening import screening

    return screening(preset or (known.rules.screening if known else "bs1534"), exclude or ())
