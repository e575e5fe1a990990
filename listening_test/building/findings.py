"""What the linter says: findings, and the clauses that they cite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]

SIGNALS_CLAUSE = "BS.1534-3, 5.1 (test signals)"
ANCHORS_CLAUSE = "BS.1534-3, 5.1 (hidden reference and anchors)"
TRAINING_CLAUSE = "BS.1534-3, 5.2 (training)"
PLAYING_CLAUSE = "BS.1534-3, 5.3 (presentation)"
MATERIAL_CLAUSE = "BS.1534-3, 7 (test material)"
LEVEL_CLAUSE = "BS.1534-3, 8 (listening level)"
OWN_RULE = "codecbench"
"""Where no clause asks for it, but a listener would tell the signals apart by it, or their ratings would mean less."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        severity: an error keeps a test from being built, a warning does not; both are kept in ``test.json``.
        rule: short name, such as ``signals`` or ``clipping``.
        clause: what asks for it.
        what, where: what is wrong, and in which trial, clip or condition.
        got, expected: as far as they are numbers or words.
        todo: what mends it.
        forceable: whether ``--force`` may build the test all the same.
    """

    severity: Severity
    rule: str
    clause: str
    what: str
    where: str = ""
    got: str = ""
    expected: str = ""
    todo: str = ""
    forceable: bool = True

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        values = ", ".join(
            part
            for part in (f"expected {self.expected}" if self.expected else "", f"got {self.got}" if self.got else "")
            if part
        )
        return f"{place}{self.what}{f' ({values})' if values else ''}. {self.todo} [{self.rule}; {self.clause}]"


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep a test from being built."""
    return [finding for finding in findings if finding.severity == "error"]


def as_rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as plain mappings, for ``test.json``."""
    return [asdict(finding) for finding in findings]


def from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """The inverse of :func:`as_rows`."""
    return [Finding(**row) for row in rows]
