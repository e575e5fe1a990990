"""The stimuli of one clip: cut, levelled, faded and written, each with how it was made."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench import audio
from bench.audio import Audio, resampler_identity
from bench.errors import AudioError
from bench.storage import name_below
from listening_test import stimuli
from listening_test.building.config import TestConfig
from listening_test.building.findings import LEVEL_CLAUSE, Finding
from listening_test.building.sources import ClipFacts, Sources, System
from listening_test.design import seed_of
from listening_test.model import Stimulus
from listening_test.stimuli import RATE

HIDDEN_REFERENCE: Literal["hidden_reference"] = "hidden_reference"
REFERENCE: Literal["reference"] = "reference"
LENGTH_TOLERANCE = 8  # samples by which two conversions of the rate may differ, as in bench.align.compensate


@dataclass(frozen=True)
class Made:
    """The stimuli of a clip by condition, the open reference under ``reference``, and their common length."""

    stimuli: dict[str, Stimulus]
    seconds: float
    findings: list[Finding]


@dataclass(frozen=True)
class _Draft:
    """A stimulus before the gain that all of a trial share is known."""

    stimulus: Stimulus
    sound: Audio
    gain_db: float = 0.0


def make(clip: ClipFacts, config: TestConfig, sources: Sources, systems: Sequence[System], folder: Path) -> Made:
    """Write the stimuli of ``clip`` into ``folder``.

    The long files are converted and filtered first and cut afterwards, so that no filter begins inside an excerpt.

    Raises:
        AudioError: a file of a run that cannot be read, or whose length is not its reference's.
    """
    path = sources.reference(clip)
    original = audio.read(path)
    whole = stimuli.for_playing(original)
    seed = seed_of(config.seed, 2_000, zlib.crc32(clip.id.encode()))
    start = stimuli.excerpt_start(whole, config.seconds, config.excerpt_at, seed)
    stop = min(start + round(config.seconds * RATE), whole.length)
    cut = f"{start / RATE:.3f} s to {stop / RATE:.3f} s; fades of {config.fade_ms:g} ms"
    run = sources.runs[clip.reference_run]
    origin = f"run {run.name}, {name_below(path, run.folder)}; {_conversion(original)}; {cut}"
    reference = whole.part(start, stop)
    drafts = [_Draft(Stimulus(REFERENCE, REFERENCE, "", run=run.name, origin=origin), reference)]
    if config.with_hidden_reference or config.against == "reference" or config.type == "abx":
        drafts.append(_Draft(Stimulus(HIDDEN_REFERENCE, HIDDEN_REFERENCE, "", run=run.name, origin=origin), reference))
    for anchor in config.all_anchors:
        sound = stimuli.lowpass_anchor(whole, anchor.cutoff_hz).part(start, stop)
        how = f"low-pass {anchor.cutoff_hz} Hz, 1201 taps, of: {origin}"
        drafts.append(_Draft(Stimulus(anchor.name, anchor.role, "", origin=how), sound))
    for system in systems:
        stimulus, sound = _decoded(clip, system, sources, whole.length, cut)
        sound = sound.part(start, stop)
        gain = stimuli.match_gain_db(reference, sound) if config.level_match == "bs1770" else 0.0
        drafts.append(_Draft(stimulus, sound, gain))
    return _written(clip, drafts, config, folder)


def _decoded(clip: ClipFacts, system: System, sources: Sources, length: int, cut: str) -> tuple[Stimulus, Audio]:
    """What the run decoded, as long as its reference is for playing, ``length``; ``cut`` says how it is played."""
    run, row = sources.runs[system.run], sources.cell(system, clip.id) or {}
    path = run.decoded_place(clip.id, system.condition)
    decoded = audio.read(path)
    if hashlib.sha256(decoded.samples.tobytes()).hexdigest() != row["decoded_sha256"]:
        raise AudioError(f"{path}: expected the samples that the run measured, got others. Delete it and run again.")
    sound = stimuli.for_playing(decoded)
    if abs(sound.length - length) > LENGTH_TOLERANCE:
        raise AudioError(
            f"{path}: expected {length} samples at {RATE} Hz as in the reference, got {sound.length}. "
            "The runs cut this clip differently; join runs over the same clips."
        )
    nominal = _bps(row["bitrate_bps"])
    stimulus = Stimulus(
        system.name,
        "system",
        "",
        run=run.name,
        codec=str(row["codec"]),
        bitrate_bps=None if nominal is None else round(nominal),
        actual_bps=_bps(row["actual_bps"]),
        decoded_sha256=str(row["decoded_sha256"]),
        origin=f"run {run.name}, {name_below(path, run.folder)}; {_conversion(decoded)}; {cut}",
    )
    return stimulus, sound.with_length(length)


def _written(clip: ClipFacts, drafts: Sequence[_Draft], config: TestConfig, folder: Path) -> Made:
    """Files of the drafts, with one gain for all of them where the item's level or a peak asks for it."""
    reference = drafts[0].sound
    item = 0.0 if config.item_lufs is None else stimuli.item_gain_db(reference, config.item_lufs)
    peak = max(draft.sound.peak * 10 ** ((item + draft.gain_db) / 20) for draft in drafts)
    headroom = stimuli.headroom_db(peak)
    findings = []
    if headroom < 0:
        findings.append(
            Finding(
                "warning",
                "headroom",
                LEVEL_CLAUSE,
                "a stimulus would pass full scale, so all of this clip are quieter by the same gain",
                f"clip {clip.id}",
                got=f"{headroom:.2f} dB",
                expected="0 dB",
                todo="Give all items a common, lower level: item_lufs: -26",
            )
        )
    found = {}
    for draft in drafts:
        gain = item + draft.gain_db + headroom
        sound = stimuli.faded(stimuli.amplified(draft.sound, gain), config.fade_ms)
        made = replace(draft.stimulus, sha256=stimuli.save(sound, folder), gain_db=round(gain, 6))
        found[made.condition] = made
    return Made(found, reference.length / RATE, findings)


def _conversion(sound: Audio) -> str:
    rate = "" if sound.rate == RATE else f"{sound.rate} Hz to {RATE} Hz by {resampler_identity()}, "
    return f"{rate}{'mono in both channels' if sound.channels == 1 else f'{sound.channels} channels'}"


def _bps(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
