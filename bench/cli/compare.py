"""`codecbench compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Json
from bench.terminal import completion

if TYPE_CHECKING:
    from bench.comparing import Comparison, Outcome

app = typer.Typer()


@app.command(
    epilog="Examples:  codecbench compare results/runs/before results/runs/after  ·  "
    "codecbench compare BASE NEW --fail-on 'visqol_audio < -0.05' --fail-on 'kbps > 2%' --fail-on 'failed > 0'  ·  "
    "codecbench compare BASE NEW --map opus@12000=opus_new@12000 --html compare.html --junit compare.xml"
)
def compare(
    base: Annotated[
        str, typer.Argument(help="The run folder to compare with, or its URL.", autocompletion=completion.runs)
    ],
    new: Annotated[
        str, typer.Argument(help="The run folder that is judged, or its URL.", autocompletion=completion.runs)
    ],
    renamed: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW", help="A condition of BASE under another name in NEW. Repeatable."),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GATE",
            help="Exit with 1 where this is true of a mean difference: QUANTITY [@CATEGORY] [CONDITION-PATTERN] "
            "OPERATOR NUMBER[%] [significant]. Repeatable.",
        ),
    ] = None,
    allow_other_versions: Annotated[
        bool,
        typer.Option(
            "--allow-other-versions",
            help="Compare also values of different metric versions, and clips of other content under the same name.",
        ),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="QUANTITY", help="Compare only these (visqol*, kbps): fewer tests to correct for. Repeatable."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="QUANTITY", help="Says which clips changed most. Default: visqol_audio.")
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="Clips that changed most, for each category.")] = 10,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Print also what is equal, and speeds that chance explains; files always have them."
        ),
    ] = False,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with players of both runs' audio.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the gates as JUnit XML.")] = None,
    github_summary: Annotated[
        bool, typer.Option("--github-summary", help="Append Markdown to the file in GITHUB_STEP_SUMMARY.")
    ] = False,
    json: Json = False,
) -> None:
    """Paired differences of two runs; --fail-on makes a gate. Exit code 0: fine, 1: a gate tripped, 2: wrong usage."""
    from bench import comparing
    from bench.comparing import outputs
    from bench.runs.results import load_results
    from bench.terminal import console

    gates = [comparing.parse(text) for text in fail_on or []]
    summary = outputs.step_summary() if github_summary else None
    old_run, new_run = load_results(base), load_results(new)
    pairs = comparing.renames(renamed or [], old_run, new_run)
    compared = comparing.compare(old_run, new_run, pairs, allow_other_versions, only or [], by, most)
    outcomes = comparing.judge(gates, compared)
    console.note(*(f"written: {path}" for path in outputs.write(compared, outcomes, markdown, html, junit, summary)))
    if json:
        console.print_json(outputs.to_json(compared, outcomes))
    else:
        _print(compared, outcomes, everything)
    if any(outcome.tripped for outcome in outcomes):
        raise typer.Exit(1)


def _print(compared: Comparison, outcomes: list[Outcome], everything: bool) -> None:
    from bench.comparing import shown
    from bench.terminal import console

    console.say(*(f"note: {notice}" for notice in compared.notices))
    for category, rows in shown.sections(compared, everything):
        if rows:
            console.print_table(category, shown.COLUMNS, [row.cells for row in rows], ("condition", "quantity"))
    for category, cells in shown.clip_sections(compared):
        rows_of_clips = [shown.clip_cells(cell) for cell in cells]
        console.print_table(f"Clips that changed most: {category.lower()}", shown.CLIP_COLUMNS, rows_of_clips)
    console.say(*shown.headline(compared))
    console.say(*(f"{'FAILED' if tripped else 'passed'}  {line}" for tripped, line in shown.gate_lines(outcomes)))
