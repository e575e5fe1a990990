"""What the files of a test sound like: every stimulus beside its reference, every trial beside the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median

import numpy as np

from bench import audio
from bench.audio import Audio, clipped_samples
from bench.audit.loudness import loudness_lufs
from bench.errors import AudioError
from listening_test.building.findings import (
    ANCHORS_CLAUSE,
    LEVEL_CLAUSE,
    OWN_RULE,
    PLAYING_CLAUSE,
    Finding,
)
from listening_test.building.presets import LOW_ANCHOR_HZ, MID_ANCHOR_HZ
from listening_test.model import STIMULI, Stimulus, Test, Trial, stimulus_path
from listening_test.stimuli import RATE, Delay, residual_delay, share_above

DELAY_WARNING_S, DELAY_ERROR_S = 0.0005, 0.005
"""A jump in time that a switch makes is heard from a few milliseconds on; half of one is more than any rounding."""
ENVELOPE_WARNING_S = 0.005  # what the envelopes of a vocoder can tell
CLICK = 10 ** (-50 / 20)  # a step of -50 dBFS where a loop wraps can be heard in a quiet passage
DC = 10 ** (-46 / 20)  # as the audit of datasets: 0.005
SPREAD_LU = 1.0  # a louder one of two is taken for the better one from about here on
ITEMS_LU = 8.0  # the listener's own range, 4 dB to either side of the middle
CLIPPED_SHARE = 1e-4  # a millisecond in ten seconds; a few cut peaks of a loud clip belong to its codec
CUTOFFS = {"low_anchor": LOW_ANCHOR_HZ, "mid_anchor": MID_ANCHOR_HZ}
BEYOND, NOTHING_DB = 1.25, -60.0  # full-band speech has -30 dB above 8750 Hz, speech of 16 kHz brought to 48 kHz -79 dB
CORRECT_DELAY = "Correct the delay of the codec (delay_samples or lag_samples), and run again."


@dataclass(frozen=True)
class _Sound:
    """Facts of one file, looked at once however many trials play it."""

    audio: Audio
    lufs: float | None
    clipped: int
    step: float
    dc: float


def of_files(test: Test, folder: Path) -> list[Finding]:
    """Findings on the files; a pair of files that several trials share is looked at once."""
    sound = lru_cache(maxsize=32)(_sound_of)  # about a trial of them: a file of 10 s is 4 MB
    findings: list[Finding] = []
    seen: set[tuple[str, str, str]] = set()
    levels: dict[str, float] = {}
    broken: set[str] = set()
    delays: dict[str, list[tuple[str, Delay | None]]] = {}
    for trial in sorted(test.trials, key=lambda one: one.clip):
        whole = []
        for stimulus in trial.sounds:
            if stimulus.sha256 in broken:
                continue
            problem = _problem_of_file(folder, stimulus)
            if problem:
                broken.add(stimulus.sha256)
                findings.append(problem)
            else:
                whole.append(stimulus)
        if trial.reference not in whole:
            continue
        reference = sound(folder, trial.reference.sha256)
        if reference.lufs is not None:
            levels[trial.clip] = reference.lufs
        for stimulus in whole:
            key = (trial.reference.sha256, stimulus.sha256, stimulus.condition)
            if key in seen:
                continue
            seen.add(key)
            where = f"clip {trial.clip}, {stimulus.condition}"
            if stimulus.role != "hidden_reference":
                findings += _of_one(sound(folder, stimulus.sha256), reference, where)
            if stimulus is not trial.reference:
                findings += _of_pair(sound(folder, stimulus.sha256), reference, stimulus, where)
            heard = sound(folder, stimulus.sha256).audio
            if stimulus.role == "system" and heard.samples.shape == reference.audio.samples.shape:
                delay = residual_delay(reference.audio, heard)
                delays.setdefault(stimulus.condition, []).append((trial.clip, delay))
        findings += [one for one in _twins(trial, whole) if one not in findings]
    return [*findings, *_of_delays(delays), *_between_items(levels)]


def _sound_of(folder: Path, sha256: str) -> _Sound:
    content = audio.read(stimulus_path(folder, sha256))
    step = float(np.max(np.abs(content.samples[:, 0] - content.samples[:, -1])))
    dc = float(np.max(np.abs(content.samples.mean(axis=1, dtype=np.float64))))
    return _Sound(content, loudness_lufs(content.samples, content.rate), clipped_samples(content), step, dc)


def _problem_of_file(folder: Path, stimulus: Stimulus) -> Finding | None:
    path = stimulus_path(folder, stimulus.sha256)
    what, got = "", ""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != stimulus.sha256:
            what, got = "the file is not the one that was built", "another SHA-256"
        elif (info := audio.info(path)).rate != RATE or info.subtype != "PCM_24":
            what, got = "the file has another form than what was built", f"{info.rate} Hz, {info.subtype}"
    except (OSError, AudioError) as error:
        what, got = "the file cannot be read", str(error)
    if not what:
        return None
    return Finding(
        "error", "file", OWN_RULE, what, f"{STIMULI}/{path.name} ({stimulus.condition})", got, f"{RATE} Hz, PCM_24",
        "Build the test again.", forceable=False,
    )  # fmt: skip


def _of_one(sound: _Sound, reference: _Sound, where: str) -> Iterator[Finding]:
    if sound.clipped:
        share = sound.clipped / sound.audio.samples.size
        bad = share > CLIPPED_SHARE and not reference.clipped
        yield Finding(
            "error" if bad else "warning", "clipping", OWN_RULE, "samples stand at full scale in runs", where,
            f"{sound.clipped} samples", f"none, or in a codec at most {100 * CLIPPED_SHARE:g} %",
            "The original is clipped: choose another clip." if reference.clipped
            else "Its decoder clipped: use a quieter original, or leave the clip out.",
        )  # fmt: skip
    if sound.step > CLICK:
        yield Finding(
            "warning", "loop", PLAYING_CLAUSE, "a step where the loop wraps, heard as a click", where,
            f"{20 * np.log10(sound.step):.0f} dBFS", f"below {20 * np.log10(CLICK):.0f} dBFS", "Set fade_ms: 10",
        )  # fmt: skip
    if sound.dc > DC and (sound is reference or reference.dc <= DC):
        yield Finding(
            "warning", "dc", OWN_RULE, "the mean is not zero", where, f"{sound.dc:.4f}", f"below {DC:.4f}",
            "Take the offset out of the original with a high-pass of 20 Hz, and run again.",
        )  # fmt: skip


def _of_pair(sound: _Sound, reference: _Sound, stimulus: Stimulus, where: str) -> Iterator[Finding]:
    if sound.audio.samples.shape != reference.audio.samples.shape:
        yield Finding(
            "error", "length", OWN_RULE, "another length or number of channels than the reference", where,
            f"{sound.audio.channels} x {sound.audio.length}", f"{reference.audio.channels} x {reference.audio.length}",
            "Build the test again.", forceable=False,
        )  # fmt: skip
        return
    identical = np.array_equal(sound.audio.samples, reference.audio.samples)
    if stimulus.role == "hidden_reference":
        if not identical:
            yield Finding(
                "error", "hidden_reference", ANCHORS_CLAUSE, "the hidden reference is not the reference", where,
                todo="Build the test again.", forceable=False,
            )  # fmt: skip
        return
    if stimulus.role == "system":
        yield from _of_system(sound, reference, identical, where)
        return
    cutoff = CUTOFFS.get(stimulus.role)
    above = None if cutoff is None else share_above(reference.audio, BEYOND * cutoff)
    if identical or (above is not None and above < NOTHING_DB):
        yield Finding(
            "error" if identical else "warning", "anchor_is_reference", ANCHORS_CLAUSE,
            "the anchor takes next to nothing away: the reference itself has no more bandwidth", where,
            "no difference at all" if above is None or identical else f"{above:.0f} dB of its energy above the cutoff",
            f"above {NOTHING_DB:g} dB", "Choose a clip of more bandwidth.",
        )  # fmt: skip


def _of_system(sound: _Sound, reference: _Sound, identical: bool, where: str) -> Iterator[Finding]:
    if identical:
        yield Finding(
            "warning", "identical", OWN_RULE, "it is the reference, sample by sample", where,
            todo="A second hidden reference; leave it out, unless that is meant.",
        )  # fmt: skip
        return
    if sound.lufs is not None and reference.lufs is not None and abs(sound.lufs - reference.lufs) > SPREAD_LU:
        yield Finding(
            "warning", "loudness", LEVEL_CLAUSE, "it differs in loudness from the reference", where,
            f"{sound.lufs - reference.lufs:+.1f} LU", f"within {SPREAD_LU:g} LU",
            "If level is not what the test is about, set level_match: bs1770",
        )  # fmt: skip
    if sound.lufs is None and reference.lufs is not None:
        yield Finding(
            "warning", "silent", OWN_RULE, "it is silent, or nearly so, where the reference is not", where,
            todo="Listen to the decoded file; a failed decoder gives silence.",
        )  # fmt: skip


def _of_delays(delays: dict[str, list[tuple[str, Delay | None]]]) -> Iterator[Finding]:
    """A codec has one delay: what all clips of a condition say together."""
    for condition, measured in delays.items():
        where = f"condition {condition}"
        exact = {clip: delay.samples for clip, delay in measured if delay and delay.exact}
        if 2 * len(exact) < len(measured):
            exact = {}  # a vocoder that resembles its input by chance on a few clips
        late = {clip: lag for clip, lag in exact.items() if abs(lag) > DELAY_WARNING_S * RATE}
        if late:
            worst = max(late, key=lambda clip: abs(late[clip]))
            yield Finding(
                "error" if abs(late[worst]) > DELAY_ERROR_S * RATE else "warning", "delay", OWN_RULE,
                "it comes late or early, and a switch lets the time jump", where,
                f"{_ms(late[worst])} on {worst}, {len(late)} of {len(measured)} clips",
                f"at most {1000 * DELAY_WARNING_S:g} ms", CORRECT_DELAY,
            )  # fmt: skip
        blurred = [delay.samples for _, delay in measured if delay and not delay.exact]
        if blurred and abs(middle := median(blurred)) > ENVELOPE_WARNING_S * RATE:
            yield Finding(
                "warning", "delay", OWN_RULE, "it comes late or early, as far as the envelopes tell", where,
                f"{_ms(middle)}, the median of {len(blurred)} clips", f"at most {1000 * ENVELOPE_WARNING_S:g} ms",
                CORRECT_DELAY,
            )  # fmt: skip
        unlike = [clip for clip, delay in measured if delay is None]
        if unlike:
            yield Finding(
                "warning", "delay", OWN_RULE, "its delay cannot be measured: it does not resemble the reference", where,
                ", ".join(unlike[:4]), todo="Listen to it beside the reference.",
            )  # fmt: skip


def _ms(samples: float) -> str:
    return f"{1000 * samples / RATE:+.2f} ms"


def _twins(trial: Trial, whole: list[Stimulus]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for stimulus in whole:
        if stimulus.role == "system" and first.setdefault(stimulus.sha256, stimulus.condition) != stimulus.condition:
            yield Finding(
                "warning", "identical", OWN_RULE, f"it is the same, sample by sample, as {first[stimulus.sha256]}",
                f"clip {trial.clip}, {stimulus.condition}", todo="Leave one of them out.",
            )  # fmt: skip


def _between_items(levels: dict[str, float]) -> Iterator[Finding]:
    if not levels:
        return
    low, high = min(levels, key=lambda clip: levels[clip]), max(levels, key=lambda clip: levels[clip])
    spread = levels[high] - levels[low]
    if spread > ITEMS_LU:
        yield Finding(
            "warning", "loudness", LEVEL_CLAUSE,
            "items differ in loudness by more than a listener's own adjustment can even out", f"{low} and {high}",
            f"{levels[low]:.1f} and {levels[high]:.1f} LUFS", f"within {ITEMS_LU:g} LU", "Set item_lufs: -26",
        )  # fmt: skip
