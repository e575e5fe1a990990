"""The commands for the first day: a first configuration, the demo, schemas for editors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bench.cli.options import Json, Workers
from bench.terminal import completion

app = typer.Typer()

T = TypeVar("T")

QUESTIONS = """codecbench init asks three questions, and here is no terminal to answer them at.
Give the answers as options: codecbench init --data DIR --category speech|noisy|music --codecs look|paper|NAMES
(--yes takes speech and look where they are not given)."""


@app.command(
    epilog="Examples:  codecbench init  ·  codecbench init --data recordings --category speech --codecs look  ·  "
    "codecbench init --data songs --category music --codecs 'opus@48000 opus@96000 mp3@128000' --output songs.yaml"
)
def init(
    data: Annotated[Path | None, typer.Option(help="The folder with your audio, or one file.")] = None,
    category: Annotated[
        str,
        typer.Option(
            help="What is in it: speech, noisy (with noise or echo) or music.", autocompletion=completion.categories
        ),
    ] = "",
    codecs: Annotated[
        str,
        typer.Option(
            metavar="CODECS",
            help="look (a few codecs on five clips), paper (all that are usual, on fifty), or names such as "
            "'opus@12000 mp3@64000'; without a bitrate: all usual ones.",
            autocompletion=completion.codecs,
        ),
    ] = "",
    output: Annotated[Path | None, typer.Option(help="The file to write. Default: NAME.yaml here.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: this folder, speech and look where nothing is given.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a commented configuration for your own audio, after three questions; no file is replaced unasked."""
    from bench.errors import ConfigError
    from bench.starting.choosing import category_of, wanted_codecs
    from bench.starting.looking import look
    from bench.starting.writing import Answers, save, written
    from bench.terminal import console

    terminal = sys.stdin.isatty() and not yes
    if not terminal and not yes and not (data and category and codecs):
        raise ConfigError(QUESTIONS)
    data = data or (_asked("Folder with your audio", ".", _place) if terminal else Path())
    found = look(data)
    console.note(*(f"  {line}" for line in found.told()))
    kind = category_of(
        category or (_asked("What is in it: speech, noisy or music", "speech", category_of) if terminal else "speech")
    )
    chosen = codecs or (
        _asked(
            "Which codecs: look (a quick look), paper, or names such as opus@12000 mp3@64000",
            "look",
            lambda text: (wanted_codecs(text, kind), text)[1],
        )
        if terminal
        else "look"
    )
    wanted_codecs(chosen, kind)
    answers = Answers(data, kind, chosen)
    file = output or Path(f"{answers.name}.yaml")
    replace = file.exists() and terminal and typer.confirm(f"{file} is there already. Replace it?", err=True)
    console.err.print("trying the codecs and metrics on this machine ...")
    made = written(answers)
    save(made.text, file, replace)
    if json:
        console.print_json(
            {
                "file": str(file),
                "files": found.files,
                "absent": {choice.name: choice.why_not for choice in made.absent},
                "refused": list(made.refused),
            }
        )
        return
    console.note(*(f"  not here: {choice.name}; {choice.why_not}" for choice in made.absent))
    console.note(*(f"  left out: {why}" for why in made.refused))
    console.say(f"written: {file}")
    if made.absent:
        console.note(
            "Once you have it, type codecbench init again: the codecs decide rate and channels of all references."
        )
    console.say(f"next:   codecbench run {_typed(file)} --dry-run")


@app.command(epilog="Examples:  codecbench demo  ·  codecbench demo --output /tmp/demo --workers 1")
def demo(
    output: Annotated[Path, typer.Option(help="Run folder.")] = Path("results", "runs", "demo"),
    workers: Workers = None,
) -> None:
    """The main job on twelve synthetic clips, and its report: shows how everything works, in a minute or two."""
    from bench import platforms
    from bench import report as reports
    from bench.starting.demo import measured
    from bench.terminal import console, summary
    from bench.terminal.progress import run_progress

    platforms.require()
    with run_progress() as progress:
        results, absent = measured(output, workers, progress)
    summary.print_run(summary.of_run(results))
    for remedy, quantities in absent.items():
        console.say(f"not measured: {', '.join(quantities)}. To get them: {remedy}")
    written = reports.write_report(results, output)
    console.out.print(reports.render(results))
    pages = [path for path in written if path.suffix in (".html", ".csv")]
    console.say(*(f"open:   {path}" for path in [*pages, output / "encodings.parquet", output / "scores.parquet"]))
    console.say("next:   codecbench init     # a configuration for your own audio")


@app.command(epilog="Examples:  codecbench schema run > run.schema.json  ·  codecbench schema test")
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="run (a configuration of a run) or test (of a listening test).", autocompletion=completion.schemas
        ),
    ] = "run",
) -> None:
    """The JSON Schema of a configuration, for editors: keys with their meaning, allowed values, names of codecs."""
    from bench.schemas import shipped
    from bench.terminal import console

    console.print_json(shipped(kind))


def _asked(question: str, default: str, read: Callable[[str], T]) -> T:
    """The answer to a question on stderr, asked again until ``read`` takes it."""
    from bench.errors import CodecbenchError

    while True:
        try:
            return read(typer.prompt(question, default=default, err=True))
        except CodecbenchError as error:
            typer.echo(str(error), err=True)


def _place(text: str) -> Path:
    from bench.starting.looking import look

    place = Path(text)
    look(place)
    return place


def _typed(file: Path) -> str:
    """``file`` as a shell takes it."""
    from shlex import quote

    return quote(str(file))
