"""A built test and the linter's findings, for the terminal and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.terminal import console
from bench.wording import counted
from listening_test.building.findings import Finding, errors_of, from_rows
from listening_test.model import Test

SHOWN = 4  # findings of one rule that are printed in full


def to_json(test: Test, folder: Path) -> dict[str, Any]:
    """What was built, in numbers."""
    return {
        "test": test.name,
        "folder": str(folder),
        "type": test.rules.type,
        "preset": test.preset,
        "clips": len({trial.clip for trial in test.counted}),
        "systems": systems_of(test),
        "trials": len(test.counted),
        "training": len(test.training),
        "blocks": test.blocks,
        "trials_per_listener": max(Counter(trial.block for trial in test.counted).values()),
        "forced": test.made["forced"],
        "findings": list(test.made["findings"]),
    }


def systems_of(test: Test) -> list[str]:
    """Conditions under test, in the order of their first trial."""
    return list(dict.fromkeys(s.condition for trial in test.counted for s in trial.stimuli if s.role == "system"))


def print_test(test: Test, folder: Path) -> None:
    """What was built, and what the linter said."""
    facts = to_json(test, folder)
    systems = ", ".join(facts["systems"])
    rows = [
        ("type", facts["type"] + (f", preset {facts['preset']}" if facts["preset"] else "")),
        ("systems", f"{len(facts['systems'])}: {systems}"),
        ("clips", facts["clips"]),
        ("trials", f"{facts['trials']} that count, {facts['training']} of training"),
        ("blocks", f"{facts['blocks']}; a listener hears {facts['trials_per_listener']} trials"),
    ]
    console.print_table(test.title, ("", ""), rows)
    print_findings(from_rows(facts["findings"]))
    console.say(f"written: {folder}")
    console.say(f"next:   codecbench listen serve {folder}")


def print_findings(findings: Sequence[Finding]) -> None:
    """Findings, one a line; of a rule that has many, the first few and how many more."""
    printed: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        key = (finding.severity, finding.rule)
        printed[key] += 1
        if printed[key] <= SHOWN:
            console.say(f"{finding.severity}: {finding}")
    for (severity, rule), count in printed.items():
        if count > SHOWN:
            console.out.print(f"{severity}: {count - SHOWN} more of {rule}; --json shows all", markup=False)
    errors = len(errors_of(findings))
    console.out.print(f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}")
