"""The gates as JUnit XML: a suite for each ``--fail-on``, a test case for each condition and category."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from bench.comparing.gates import Outcome
from bench.comparing.model import Comparison
from bench.comparing.shown import title

_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def junit(comparison: Comparison, outcomes: Sequence[Outcome]) -> str:
    """The document as text. Times are 0: nothing was run, and equal runs give equal bytes."""
    cases = [case for outcome in outcomes for case in outcome.cases]
    root = _element("testsuites", f"codecbench compare: {title(comparison)}", [case.tripped for case in cases])
    for outcome in outcomes:
        suite = _element("testsuite", outcome.gate.text, [case.tripped for case in outcome.cases])
        root.append(suite)
        for case in outcome.cases:
            where = case.category or "all categories"
            child = ElementTree.SubElement(
                suite, "testcase", {"classname": _clean(where), "name": _clean(case.condition), "time": "0"}
            )
            if case.tripped:
                failure = ElementTree.SubElement(child, "failure", {"message": _clean(case.told), "type": "gate"})
                failure.text = _clean(f"{outcome.gate.text}: {case.told}")
            else:
                ElementTree.SubElement(child, "system-out").text = _clean(case.told)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _element(tag: str, name: str, tripped: Sequence[bool]) -> ElementTree.Element:
    counts = {"tests": len(tripped), "failures": sum(tripped), "errors": 0, "skipped": 0, "time": 0}
    return ElementTree.Element(tag, {"name": _clean(name), **{key: str(value) for key, value in counts.items()}})


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
