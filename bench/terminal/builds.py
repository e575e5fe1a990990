"""What a terminal shows of a build: a few lines before and after."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bench.building.plans import SetPlan
from bench.building.sets import BuiltSet
from bench.terminal import console


def of_set(built: BuiltSet, plan: SetPlan) -> dict[str, Any]:
    """A finished set in a few facts."""
    mixed_s = built.audio_s * built.mixed / max(1, len(built.clips))
    return {
        "name": plan.about.name,
        "folder": os.fspath(built.folder),
        "clips": len(built.clips),
        "hours": round(built.audio_s / 3600, 4),
        "mixed": built.mixed,
        "times_real_time": round(mixed_s / built.seconds, 1) if built.mixed else None,
        "set_sha256": built.set_sha256,
        "expected": bool(plan.about.expect),
        "licences": list(plan.terms.licences),
        "obstacles": list(plan.terms.obstacles),
    }


def print_set(done: Mapping[str, Any]) -> None:
    """What was built."""
    if not done["mixed"]:
        console.say(f"{done['folder']}: nothing to do, all {done['clips']} clips are there.")
    else:
        console.say(
            f"{done['folder']}: {done['clips']} clips, {done['hours']:.2f} h; {done['mixed']} mixed at "
            f"{done['times_real_time']:g} x real time."
        )
    console.out.print(f"set_sha256 {done['set_sha256']}" + (", as expected" if done["expected"] else ""))
    console.note(*(f"before you publish it: {obstacle}" for obstacle in done["obstacles"]))


def print_plan(planned: Mapping[str, Any]) -> None:
    """What would be built."""
    rows = [
        ("folder", planned["folder"]),
        ("clips", f"{planned['clips']}, {planned['to_do']} to do"),
        *((role, f"{count} recordings" if count else "no recordings") for role, count in planned["recordings"].items()),
        ("licences", ", ".join(planned["licences"])),
        *(("asked", text) for text in planned["duties"]),
        *(("before publishing", text) for text in planned["obstacles"]),
    ]
    console.print_table(planned["name"], ("", ""), rows)
