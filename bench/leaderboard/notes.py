"""What readers of a board and of its sources must know, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.leaderboard.listened import Heard
from bench.leaderboard.model import Source
from bench.leaderboard.parts import UNREADABLE, Part, judged_as
from bench.runs.results import Results
from bench.tables import band_limited, is_complete, leaves_out
from bench.wording import counted

PARTIAL = "Partial run: planned cells are missing, and its means may move."


def run_source(results: Results) -> Source:
    """Where and how a run was made."""
    info = results.info
    clips, conditions = len(results.clips), len(results.conditions)
    failed = int((results.encodings["status"] == "failed").sum())
    notes = [] if is_complete(results) else [PARTIAL]
    lost = sum(UNREADABLE in place for place in judged_as(results).values())
    if lost:
        notes.append(f"{counted(lost, 'clip')} could not be read, and nothing says on which board: on none.")
    notes += [f"Warning of the run: {text}" for text in info.get("warnings") or []]
    return Source(
        id=results.name,
        kind="run",
        date=str(info.get("started") or ""),
        complete=is_complete(results),
        revision=str(info.get("git_revision") or ""),
        versions={str(name): str(version) for name, version in (info.get("versions") or {}).items()},
        machine={str(name): str(what) for name, what in (info.get("machine") or {}).items()},
        about=f"{counted(clips, 'clip')}, {counted(conditions, 'condition')}, "
        f"{failed} of {counted(len(results.encodings), 'encoding')} failed.",
        notes=tuple(notes),
    )


def board_notes(parts: Sequence[Part], tests: Sequence[Heard], nowhere: Sequence[str]) -> tuple[str, ...]:
    """What keeps numbers of one board from being compared with each other."""
    notes = []
    if nowhere:
        notes.append(f"Not applicable to any clip here: {', '.join(nowhere)}.")
    partial = [part.run for part in parts if not is_complete(part.results)]
    if partial:
        notes.append(f"Partial: {', '.join(partial)}. Planned cells are missing, and means may move.")
    if any(bool((band_limited(part.results) & (part.results.scores["status"] == "ok")).any()) for part in parts):
        notes.append(
            "Some references are band-limited for some codecs: their values are left out of those means (unless the "
            "run includes them), which are then over fewer clips."
        )
    simulated = [heard.test for heard in tests if heard.mark]
    if simulated:
        notes.append(f"Simulated listeners: {', '.join(simulated)}. These scores say nothing about codecs.")
    notes += _differing("resampler", parts, lambda part: part.results.info.get("resampler"))
    notes += _differing("rule for band-limited references", parts, lambda part: leaves_out(part.results))
    notes += _differing("machine", parts, lambda part: (part.results.info.get("machine") or {}).get("cpu"))
    return tuple(notes)


def _differing(what: str, parts: Sequence[Part], of: Callable[[Part], Any]) -> list[str]:
    found = {str(of(part)) for part in parts}
    return [f"The runs differ in their {what}."] if len(found) > 1 else []
