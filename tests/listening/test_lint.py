"""Tests with one thing wrong each: the linter finds that one, says the clause, and finds nothing in a sound one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import audio
from bench.align import probe
from bench.audio import Audio
from listening_test import stimuli
from listening_test.building.findings import Finding, as_rows, from_rows
from listening_test.building.lint import lint, lint_again
from listening_test.model import STIMULI, Role, Rules, Stimulus, Test, Trial
from listening_test.stimuli import RATE
from tests.conftest import noise

Change = Callable[[Audio], Audio]
ROLES: dict[str, Role] = {
    "hidden_reference": "hidden_reference", "low_anchor": "low_anchor", "mid_anchor": "mid_anchor",
}  # fmt: skip


def items(
    folder: Path,
    changes: Mapping[str, Change] | None = None,
    count: int = 5,
    source: Callable[[int], Audio] = lambda index: stimuli.for_playing(probe(RATE, 2, index).part(0, 26_400)),
) -> list[Trial]:
    """One trial of training and ``count`` others with two noisy systems; ``changes``: of ``clip1``, by condition."""
    (folder / STIMULI).mkdir(parents=True, exist_ok=True)
    trials = []
    for index in range(count + 1):
        reference = source(index)
        hiss = noise(RATE, reference.seconds, 2, seed=50 + index, level=0.004).samples
        sounds = {
            "reference": reference,
            "hidden_reference": reference,
            "low_anchor": stimuli.lowpass_anchor(reference, 3_500),
            "mid_anchor": stimuli.lowpass_anchor(reference, 7_000),
            "a": Audio(reference.samples + hiss, RATE),
            "b": Audio(reference.samples - 0.5 * hiss, RATE),
        }
        written = {}
        for name, sound in sounds.items():
            changed = (changes or {}).get(name, lambda one: one)(sound) if index == 1 else sound
            faded = stimuli.faded(changed, 10)
            role: Role = "reference" if name == "reference" else ROLES.get(name, "system")
            written[name] = Stimulus(name, role, stimuli.save(faded, folder / STIMULI))
        open_reference = written.pop("reference")
        rated = tuple(written.values())
        trial = Trial(f"t{index}", f"clip{index}", "set", "speech", open_reference, rated, reference.seconds)
        trials.append(replace(trial, training=index == 0))
    return trials


def a_test(trials: list[Trial], preset: str = "bs1534", type_: Any = "mushra") -> Test:
    return Test("x", "X", Rules(type=type_), tuple(trials), 0, preset=preset)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Trial]]:
    folder = tmp_path_factory.mktemp("sound")
    return folder, items(folder)


def only(findings: list[Finding], rule: str, severity: str = "error") -> Finding:
    assert {(one.rule, one.severity) for one in findings} == {(rule, severity)}, [str(one) for one in findings]
    return findings[0]


def test_a_sound_test_has_no_findings(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    assert lint(a_test(trials), folder) == []


def test_more_than_twelve_signals(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    crowded = (*trials[1].stimuli, *[trials[1].stimuli[-1]] * 8)
    assert lint(a_test([*trials, replace(trials[1], id="t9", stimuli=crowded[:12])]), folder) == []
    finding = only(lint(a_test([*trials, replace(trials[1], id="t9", stimuli=crowded)]), folder), "signals")
    assert (finding.got, finding.where, finding.clause) == ("13", "trial t9", "BS.1534-3, 5.1 (test signals)")
    assert "systems_per_trial: 9" in finding.todo


def test_excerpts_longer_than_twelve_seconds(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    assert lint(a_test([replace(trial, seconds=12.0) for trial in trials]), folder) == []
    finding = only(lint(a_test([replace(trial, seconds=12.5) for trial in trials]), folder), "excerpt")
    assert "12.50 s" in str(finding)


def test_too_few_items(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    assert only(lint(a_test(trials[:5]), folder), "items").expected.startswith("at least 5 ")
    assert only(lint(a_test(trials[:5], "mpeg"), folder), "items", "warning")


def test_missing_training(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    assert "training" in only(lint(a_test(trials[1:]), folder), "training").clause
    assert only(lint(a_test(trials[1:], "", "acr"), folder), "training", "warning")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_missing_anchors(sound: tuple[Path, list[Trial]], place: int) -> None:
    folder, trials = sound
    without = [
        replace(trial, stimuli=tuple(one for index, one in enumerate(trial.stimuli) if index != place))
        for trial in trials
    ]
    finding = only(lint(a_test(without), folder), "anchors")
    assert "may not be called MUSHRA" in finding.todo
    assert only(lint(a_test(without, "encodec_paper"), folder), "anchors", "error" if place == 0 else "warning")


def test_a_test_of_pairs_needs_two(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    pairs = [replace(trial, stimuli=trial.stimuli[-2:]) for trial in trials]
    assert lint(a_test(pairs, "", "ab"), folder) == []
    finding = only(lint(a_test([replace(pairs[0], training=False), *trials[1:]], "", "ab"), folder)[:1], "trials")
    assert not finding.forceable


def shifted(samples: int) -> Change:
    return lambda one: Audio(np.roll(one.samples, samples, axis=1), RATE)


@pytest.mark.parametrize(
    ("condition", "change", "rule", "severity", "words"),
    [
        ("a", shifted(48), "delay", "warning", "+1.00 ms"),
        ("a", shifted(-300), "delay", "error", "-6.25 ms"),
        ("a", lambda one: one.part(0, one.length - 480), "length", "error", "2 x 25920"),
        ("a", lambda one: stimuli.amplified(one, -6), "loudness", "warning", "LU"),
        ("a", lambda one: Audio(one.samples + np.float32(0.02), RATE), "dc", "warning", "0.019"),
        ("hidden_reference", shifted(1), "hidden_reference", "error", "not the reference"),
        ("mid_anchor", shifted(0), "", "", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_file(
    tmp_path: Path, condition: str, change: Change, rule: str, severity: str, words: str
) -> None:
    findings = lint(a_test(items(tmp_path, {condition: change})), tmp_path)
    if not rule:
        assert findings == []
        return
    finding = only(findings, rule, severity)
    assert words in str(finding)
    assert condition in finding.where


def test_clipping_is_an_error_where_the_reference_does_not_clip(tmp_path: Path) -> None:
    def clipped(one: Audio) -> Audio:
        loud = one.samples.copy()
        loud[:, 9_000:9_020] = 1.0
        return Audio(loud, RATE)

    (tmp_path / "one").mkdir()
    findings = lint(a_test(items(tmp_path / "one", {"a": clipped})), tmp_path / "one")
    assert only([one for one in findings if one.rule == "clipping"], "clipping").where == "clip clip1, a"
    everything = dict.fromkeys(("reference", "hidden_reference", "a"), clipped)
    findings = lint(a_test(items(tmp_path / "all", everything)), tmp_path / "all")
    assert {one.severity for one in findings if one.rule == "clipping"} == {"warning"}


def test_a_click_where_the_loop_wraps(tmp_path: Path) -> None:
    trials = items(tmp_path)
    time = np.arange(26_400) / RATE
    tone = Audio(np.tile(0.1 * np.cos(2 * np.pi * 101 * time), (2, 1)).astype(np.float32), RATE)
    unfaded = Stimulus("a", "system", stimuli.save(tone, tmp_path / STIMULI))
    trials[1] = replace(trials[1], stimuli=(*trials[1].stimuli[:3], unfaded, trials[1].stimuli[4]))
    (finding,) = [one for one in lint(a_test(trials), tmp_path) if one.rule == "loop"]
    assert "fade_ms" in finding.todo
    assert "5.3" in finding.clause


def test_items_of_different_loudness(tmp_path: Path) -> None:
    def source(index: int) -> Audio:
        return stimuli.amplified(stimuli.for_playing(probe(RATE, 2, index).part(0, 26_400)), -3.0 * index)

    findings = [one for one in lint(a_test(items(tmp_path, source=source)), tmp_path) if one.rule == "loudness"]
    finding = only(findings, "loudness", "warning")
    assert finding.where == "clip5 and clip0"
    assert "item_lufs" in finding.todo


def test_an_anchor_that_is_the_reference(tmp_path: Path) -> None:
    """Speech of 16 kHz holds nothing above 8 kHz, where the 7 kHz anchor would be heard."""
    trials = items(tmp_path, source=lambda index: stimuli.for_playing(probe(12_000, 1, index).part(0, 6_600)))
    findings = [one for one in lint(a_test(trials), tmp_path) if one.rule == "anchor_is_reference"]
    assert {one.where.rpartition(", ")[2] for one in findings} == {"mid_anchor"}
    assert len(findings) == 6


def test_systems_that_are_the_same(tmp_path: Path) -> None:
    trials = items(tmp_path)
    reference, first = trials[1].reference, trials[1].stimuli[3]
    twin = replace(first, condition="b")
    trials[1] = replace(trials[1], stimuli=(*trials[1].stimuli[:4], twin))
    assert "as a" in only(lint(a_test(trials), tmp_path), "identical", "warning").what
    trials[1] = replace(trials[1], stimuli=(*trials[1].stimuli[:4], replace(reference, condition="b", role="system")))
    assert "it is the reference" in only(lint(a_test(trials), tmp_path), "identical", "warning").what


@pytest.mark.parametrize("harm", ["gone", "other", "rate"])
def test_files_that_were_touched(tmp_path: Path, harm: str) -> None:
    trials = items(tmp_path)
    victim = trials[2].stimuli[3]
    path = tmp_path / STIMULI / f"{victim.sha256}.wav"
    if harm == "gone":
        path.unlink()
    elif harm == "other":
        audio.write(path, noise(RATE, 0.55, 2))
    else:
        sha256 = stimuli.save(noise(44_100, 0.55, 2), tmp_path / STIMULI)
        trials[2] = replace(trials[2], stimuli=(*trials[2].stimuli[:3], replace(victim, sha256=sha256)))
    finding = only([one for one in lint(a_test(trials), tmp_path) if one.rule != "items"], "file")
    assert not finding.forceable
    assert "Build the test again" in str(finding)


def test_what_the_runs_said_is_kept(sound: tuple[Path, list[Trial]]) -> None:
    folder, trials = sound
    said = [
        Finding("warning", "failed_cell", "codecbench", "left out", "clip x"),
        Finding("warning", "reference_clipped", "codecbench", "marked", "clip y"),
        Finding("warning", "dc", "codecbench", "is looked at again", "clip z"),
    ]
    test = replace(a_test(trials), made={"findings": as_rows(said)})
    assert lint_again(test, folder) == said[:2]
    assert from_rows(as_rows(said)) == said
