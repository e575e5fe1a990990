"""What a test must be by design, before any of its files is heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from listening_test.building.findings import (
    ANCHORS_CLAUSE,
    MATERIAL_CLAUSE,
    OWN_RULE,
    SIGNALS_CLAUSE,
    TRAINING_CLAUSE,
    Finding,
    Severity,
)
from listening_test.building.presets import PRESETS
from listening_test.model import Test, Trial

MOST_SIGNALS = 12  # BS.1534-3, 5.1: at most 12 signals in a trial, plus the open reference
LONGEST_S = 12.0  # BS.1534-3, 5.1: about 10 s, preferably not over 12 s
FEWEST_ITEMS, ITEMS_PER_SYSTEM = 5, 1.5  # BS.1534-3, 7: at least 1.5 times as many items as systems, never under 5
NOT_MUSHRA = "Without it the test may not be called MUSHRA."


def of_design(test: Test) -> list[Finding]:
    """Findings on trials, items, anchors and training. The rules of BS.1534-3 are for MUSHRA only."""
    found = [*_pairs(test), *_training(test)]
    if test.rules.type == "mushra":
        found += [*_signals(test), *_length(test), *_items(test), *_anchors(test)]
    return found


def _strict(test: Test) -> Severity:
    return "error" if any(test.preset == one.name and one.strict for one in PRESETS.values()) else "warning"


def _signals(test: Test) -> Iterator[Finding]:
    crowded = [trial for trial in test.trials if len(trial.stimuli) > MOST_SIGNALS]
    if crowded:
        most = max(len(trial.stimuli) for trial in crowded)
        others = most - sum(stimulus.role == "system" for stimulus in crowded[0].stimuli)
        yield Finding(
            "error", "signals", SIGNALS_CLAUSE, "too many signals in a trial", _places(crowded), str(most),
            f"at most {MOST_SIGNALS} beside the open reference",
            f"Divide the systems among listeners: blocks: {{systems_per_trial: {max(1, MOST_SIGNALS - others)}}}",
        )  # fmt: skip


def _length(test: Test) -> Iterator[Finding]:
    long = [trial for trial in test.trials if trial.seconds > LONGEST_S]
    if long:
        yield Finding(
            "error", "excerpt", SIGNALS_CLAUSE, "excerpts are too long to be kept in mind", _places(long),
            f"{max(trial.seconds for trial in long):.2f} s", f"at most {LONGEST_S:g} s", "Set excerpt_s: 10",
        )  # fmt: skip


def _items(test: Test) -> Iterator[Finding]:
    items = Counter[str]()
    for clip in {trial.clip for trial in test.counted}:
        systems = {
            stimulus.condition
            for trial in test.counted
            for stimulus in trial.stimuli
            if trial.clip == clip and stimulus.role == "system"
        }
        items.update(systems)
    if not items:
        yield Finding(
            "error", "items", MATERIAL_CLAUSE, "there is nothing to rate but anchors", forceable=False,
            todo="Choose conditions and clips.",
        )  # fmt: skip
        return
    needed = max(FEWEST_ITEMS, ITEMS_PER_SYSTEM * len(items))
    fewest = min(items.values())
    if fewest < needed:
        yield Finding(
            _strict(test), "items", MATERIAL_CLAUSE, f"too few items for {len(items)} systems", got=str(fewest),
            expected=f"at least {needed:g} (the larger of {FEWEST_ITEMS} and {ITEMS_PER_SYSTEM:g} x systems)",
            todo="Raise clips: {count: ...}, or compare fewer systems.",
        )  # fmt: skip
    if len(set(items.values())) > 1:
        yield Finding(
            _strict(test), "items", MATERIAL_CLAUSE, "not every system is heard with the same number of items",
            got=", ".join(f"{name} {count}" for name, count in sorted(items.items())),
            todo="Build the test again from runs that measured every clip.",
        )  # fmt: skip


def _anchors(test: Test) -> Iterator[Finding]:
    severity = _strict(test)
    wanted = {"hidden_reference": "hidden reference", "low_anchor": "3.5 kHz anchor", "mid_anchor": "7 kHz anchor"}
    for role, name in wanted.items():
        lacking = [trial for trial in test.trials if all(stimulus.role != role for stimulus in trial.stimuli)]
        if lacking:
            must: Severity = "error" if role == "hidden_reference" else severity
            key = "hidden_reference: true" if role == "hidden_reference" else f"anchors: [low, mid]; {name} is missing"
            yield Finding(
                must, "anchors", ANCHORS_CLAUSE, f"no {name}", _places(lacking), todo=f"{NOT_MUSHRA} Set {key}."
            )


def _training(test: Test) -> Iterator[Finding]:
    if not test.training:
        severity = _strict(test) if test.rules.type == "mushra" else "warning"
        todo = "Set training: 2; such trials never count."
        yield Finding(severity, "training", TRAINING_CLAUSE, "there is no training", todo=todo)


def _pairs(test: Test) -> Iterator[Finding]:
    sizes = {"abx": 2, "ab": 2}
    size = sizes.get(test.rules.type)
    wrong = [trial for trial in test.trials if not trial.stimuli or (size and len(trial.stimuli) != size)]
    if wrong or not test.counted:
        yield Finding(
            "error", "trials", OWN_RULE, "a trial lacks its stimuli" if wrong else "there is no trial that counts",
            _places(wrong), expected=f"{size} stimuli" if size else "at least one stimulus", forceable=False,
            todo="Name more conditions; a test of pairs of systems needs two.",
        )  # fmt: skip


def _places(trials: list[Trial]) -> str:
    names = [trial.id for trial in trials]
    return f"{len(names)} trials, such as {names[0]}" if len(names) > 1 else f"trial {names[0]}" if names else ""
