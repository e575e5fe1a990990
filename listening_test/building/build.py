"""The only loop: runs and TEST.yaml in, the folder of a test out; whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from bench.errors import ConfigError, StoreError
from bench.provenance import machine, now, package_versions, revision
from bench.store import writing
from bench.wording import counted
from listening_test.building import config as configs
from listening_test.building.choice import Choice, choose
from listening_test.building.config import TestConfig
from listening_test.building.findings import Finding, as_rows, errors_of
from listening_test.building.lint import in_order, lint
from listening_test.building.making import make
from listening_test.building.sources import Sources
from listening_test.building.trials import trials_of
from listening_test.model import STIMULI, TEST, Rules, Test, write_test


class Refused(ConfigError):
    """A test with errors. ``findings`` holds them all, warnings too; the message names errors first."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        errors = errors_of(findings)
        advice = "Mend them in the configuration"
        if all(finding.forceable for finding in errors):
            advice += ", or build with --force: test.json then says so"
        warnings = [finding for finding in findings if finding.severity == "warning"]
        count = ", ".join([counted(len(errors), "error"), *([counted(len(warnings), "warning")] if warnings else [])])
        super().__init__(
            [
                *(str(finding) for finding in errors),
                *(f"warning: {finding}" for finding in warnings),
                f"{count}. {advice}.",
            ]
        )


def build(
    runs: Iterable[str | os.PathLike[str]],
    config: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    force: bool = False,
    command: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Test, Path]:
    """Build the test that ``config`` describes from ``runs``; return it and its folder.

    Args:
        runs: folders of runs.
        config: a YAML file, or the name of a shipped one.
        output: default ``results/tests/NAME``.
        force: build although the linter finds errors, where these allow it; recorded in ``test.json``.
        command: what was typed; recorded.
        progress: called with the clips done and all of them.
    Raises:
        ConfigError: with every problem of the configuration; nothing was written.
        Refused: the linter found errors; nothing was left behind.
        StoreError: no run, or a test that is there already.
    """
    parsed, text = configs.load(config)
    folder = Path(output) if output is not None else Path("results", "tests", parsed.name)
    if (folder / TEST).exists():
        raise StoreError(
            f"{folder}: a test is there already, and the answers of listeners belong to exactly its files. "
            "Choose another --output, or remove the folder."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder}: expected an empty folder or none. Choose another --output.")
    sources = Sources.load(runs)
    choice = choose(parsed, sources, str(config))
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        test = _made(parsed, text, sources, choice, scratch, progress)
        findings = in_order([*choice.findings, *test.made["findings"], *lint(test, scratch)])
        errors = errors_of(findings)
        if errors and not (force and all(finding.forceable for finding in errors)):
            raise Refused(findings)
        made = {**test.made, "command": command, "forced": bool(errors), "findings": as_rows(findings)}
        test = replace(test, made=made)
        write_test(test, scratch)
        with writing(folder):
            if folder.exists():
                folder.rmdir()
            scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return test, folder


def _made(
    config: TestConfig,
    text: str,
    sources: Sources,
    choice: Choice,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> Test:
    """The stimuli in ``folder`` and the test that plays them."""
    with writing(folder):
        (folder / STIMULI).mkdir(parents=True)
    systems = [*choice.systems, *([choice.against] if choice.against else [])]
    clips = list({clip.id: clip for clip in (*choice.training, *choice.clips)}.values())
    made = {}
    for number, clip in enumerate(clips):
        made[clip.id] = make(clip, config, sources, systems, folder / STIMULI)
        if progress:
            progress(number + 1, len(clips))
    trials, blocks = trials_of(config, choice, made)
    preset = config.defaults
    hundred = preset.needs_a_hundred if config.needs_a_hundred is None else config.needs_a_hundred
    ratings = preset.minimum_ratings if config.minimum_ratings is None else config.minimum_ratings
    rules = Rules(
        type=config.type,
        screening=preset.screening,
        needs_a_hundred=hundred,
        trials_before_break=config.trials_before_break,
        minimum_ratings=ratings,
        headphone_check=config.headphone_check,
        question=config.question,
    )
    return Test(
        name=config.name,
        title=config.title or config.name,
        rules=rules,
        trials=tuple(trials),
        seed=config.seed,
        blocks=blocks,
        preset=preset.name,
        languages=tuple(config.languages),
        texts=config.texts,
        questionnaire=tuple(question.model_dump(mode="json") for question in config.questionnaire),
        made={
            "built": now(),
            "git_revision": revision(),
            "versions": package_versions(),
            "machine": machine(),
            "config_text": text,
            "config": config.model_dump(mode="json"),
            "seeds": {"test": config.seed},
            "runs": sources.record(),
            "findings": [finding for one in made.values() for finding in one.findings],
        },
    )
