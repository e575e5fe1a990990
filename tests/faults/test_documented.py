"""docs/faults.md speaks of tests that exist, and of every test here."""

from __future__ import annotations

import re

from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "faults.md"
NOT_FAULTS = (
    "test_a_wrong_limit_is_said_before_anything_starts",
    "test_what_a_codec_costs_is_found_whatever_it_does_to_its_process",
    "test_the_document_names_tests_that_exist",
    "test_every_fault_is_in_the_document",
)


def named() -> list[tuple[str, str]]:
    """File and function of every test in the document."""
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT.read_text(encoding="utf-8"))


def test_the_document_names_tests_that_exist() -> None:
    assert len(named()) > 25
    for file, function in named():
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), (file, function)


def test_every_fault_is_in_the_document() -> None:
    for path in sorted((ROOT / "tests" / "faults").glob("test_*.py")):
        for function in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert function in NOT_FAULTS or ("tests/faults/" + path.name, function) in named(), function
