"""What the runs say about the clips and conditions of a test: what failed, audit marks, clipping, other references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.wording import counted, listed
from listening_test.building.findings import ANCHORS_CLAUSE, MATERIAL_CLAUSE, OWN_RULE, SIGNALS_CLAUSE, Finding
from listening_test.building.sources import ClipFacts, Sources, System

NOT_HEARD = ("no_licence", "duplicate", "dual_mono")
"""Marks of the audit that say nothing of how a reference sounds; mono is played in both channels anyway."""
NAMED = 8  # clips that a finding names before it counts


def failed(clips: Sequence[str], reasons: str) -> Finding:
    """Clips that a condition failed on, or was not measured with."""
    return Finding(
        "warning",
        "failed_cell",
        OWN_RULE,
        "left out of the choice, because not every condition can be heard with it",
        f"clip {clips[0]}" if len(clips) == 1 else f"{len(clips)} clips, {listed(clips, NAMED)}",
        got=reasons,
        expected="all conditions ok",
        todo="Run `codecbench run ... --retry-failed`, or leave the condition out.",
    )


def unmeasured(sources: Sources) -> Iterator[Finding]:
    """Conditions of a run that is not finished."""
    if names := sources.unmeasured():
        yield Finding(
            "warning", "unmeasured", OWN_RULE, "conditions of which nothing is measured are not in the choice",
            got=listed(names, NAMED), todo="Start the run again to measure them.",
        )  # fmt: skip


def whole_clips(clips: Sequence[ClipFacts], seconds: float, sources: Sources) -> Iterator[Finding]:
    """Clips that are played from their first sample on, where a codec has not settled."""
    lengths = {clip.id: sources.seconds(clip) for clip in clips}
    whole = [name for name, (length, before) in lengths.items() if length <= seconds and before == 0]
    if whole:
        yield Finding(
            "warning", "whole_clip", SIGNALS_CLAUSE,
            "the excerpt is all that was encoded, with the start of the codec in it",
            got=f"{counted(len(whole), 'clip')}, such as {whole[0]}", expected=f"clips longer than {seconds:g} s",
            todo="Encode longer clips, or give the dataset a lead_in_s.",
        )  # fmt: skip


def of_clips(clips: Sequence[ClipFacts], sources: Sources, systems: Sequence[System]) -> Iterator[Finding]:
    """What the audit of a run says about the chosen references, and what their decoders clipped."""
    for clip in {clip.id: clip for clip in clips}.values():
        for mark, text in clip.marks.items():
            if mark in NOT_HEARD:
                continue
            band = mark == "band_limited"
            yield Finding(
                "warning", f"reference_{mark}", ANCHORS_CLAUSE if band else MATERIAL_CLAUSE,
                f"the audit of the run marks this reference as {mark}: {text.rstrip('.')}", f"clip {clip.id}",
                todo="An anchor above its band is the reference itself; choose another clip." if band
                else "Choose another clip, or know that it is judged like this.",
            )  # fmt: skip
    for system in systems:
        if clipped := [clip.id for clip in clips if _clipped(sources, system, clip.id)]:
            yield Finding(
                "warning", "decoder_clipping", OWN_RULE, "the decoder's output passed full scale and was clipped",
                f"condition {system.name}", listed(clipped, NAMED),
                todo="This is how a player clips it, too; quieter originals avoid it.",
            )  # fmt: skip
    narrow = [
        clip.id for clip in clips
        if any(_shape(sources, system.run, clip) != _shape(sources, clip.reference_run, clip) for system in systems)
    ]  # fmt: skip
    if narrow:
        yield Finding(
            "warning", "other_reference", OWN_RULE,
            "the runs converted their references to different rates or channels; the widest is played",
            got=f"{len(narrow)} clips, such as {narrow[0]}",
            todo="This is right for codecs of less bandwidth; say so in the report.",
        )  # fmt: skip


def _clipped(sources: Sources, system: System, clip: str) -> bool:
    row = sources.cell(system, clip) or {}
    count = row.get("clipped_samples")
    return isinstance(count, int) and count > 0


def _shape(sources: Sources, run: int, clip: ClipFacts) -> tuple[int, int]:
    return sources.reference_shape(run, clip.id)
