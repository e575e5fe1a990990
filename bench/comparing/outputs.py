"""A comparison as files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bench.comparing.as_json import to_json
from bench.comparing.gates import Outcome
from bench.comparing.junit import junit
from bench.comparing.markdown import markdown
from bench.comparing.model import Comparison
from bench.comparing.page import page
from bench.errors import ConfigError
from bench.store import write_bytes, writing

__all__ = ["step_summary", "to_json", "write"]

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


def step_summary() -> Path:
    """The file that a GitHub job shows as the summary of a step.

    Raises:
        ConfigError: there is none.
    """
    named = os.environ.get(STEP_SUMMARY)
    if not named:
        raise ConfigError(
            f"--github-summary: {STEP_SUMMARY} is not set: expected the file that GitHub names there in a job. "
            "Elsewhere, --markdown FILE writes the text."
        )
    return Path(named)


def write(
    comparison: Comparison,
    outcomes: Sequence[Outcome],
    text: Path | None = None,
    html: Path | None = None,
    xml: Path | None = None,
    summary: Path | None = None,
) -> list[Path]:
    """Write the files that have a name, each whole or not at all; ``summary`` is appended to. Returns the paths.

    Raises:
        StoreError: one of them cannot be written.
    """
    made = {}
    if text is not None:
        made[text] = markdown(comparison, outcomes, text.parent)
    if html is not None:
        made[html] = page(comparison, outcomes, html.parent)
    if xml is not None:
        made[xml] = junit(comparison, outcomes)
    for path, content in made.items():
        write_bytes(path, content.encode())
    written = list(made)
    if summary is not None:
        with writing(summary), summary.open("a", encoding="utf-8") as file:
            file.write(markdown(comparison, outcomes, None))
        written.append(summary)
    return written
