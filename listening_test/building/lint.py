"""The linter: what a listener, or a reader of the results, would hold against a test."""

from __future__ import annotations

from pathlib import Path

from listening_test.building import rules, signals
from listening_test.building.findings import Finding, from_rows
from listening_test.model import Test

OF_THE_BUILD = (
    "failed_cell",
    "unmeasured",
    "whole_clip",
    "decoder_clipping",
    "other_reference",
    "headroom",
    "training_clips",
)
"""Rules that only the runs can tell; beside these, all that start with ``reference_``."""


def lint(test: Test, folder: Path) -> list[Finding]:
    """What can be seen in the test and its files, hashes included. Errors first."""
    return in_order([*rules.of_design(test), *signals.of_files(test, folder)])


def lint_again(test: Test, folder: Path) -> list[Finding]:
    """As :func:`lint`, of a test that was built, with what its build found in the runs."""
    kept = [
        finding
        for finding in from_rows(test.made.get("findings", ()))
        if finding.rule in OF_THE_BUILD or finding.rule.startswith("reference_")
    ]
    return in_order([*lint(test, folder), *kept])


def in_order(findings: list[Finding]) -> list[Finding]:
    """Errors first, then by rule."""
    return sorted(findings, key=lambda finding: (finding.severity != "error", finding.rule))
