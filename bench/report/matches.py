"""What was found at equal bitrate, as rows, sentences, JSON and the YAML to paste."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import yaml

from bench.curves.equal_rate import Matched
from bench.errors import ConfigError
from bench.wording import counted


def share_of(text: str) -> float:
    """``1%`` or ``0.01`` as a share.

    Raises:
        ConfigError: neither, or not above 0.
    """
    number, percent = (text[:-1], 100.0) if text.endswith("%") else (text, 1.0)
    try:
        share = float(number) / percent
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise ConfigError(f"--tolerance: expected a share such as 1% or 0.01, got {text!r}.")
    return share


def columns(option: str) -> list[str]:
    """The headings of :func:`rows`."""
    return ["category", option, "kbit/s", "off by", "clips", "left out", "steps", "result"]


def rows(found: Sequence[Matched]) -> list[list[str]]:
    """A row for each set."""
    return [
        [
            one.category, f"{one.match.value:g}", f"{one.counted_bps / 1000:.4g}", f"{one.match.deviation:+.2%}",
            str(one.clips), str(len(one.left_out)), str(len(one.match.steps)),
            "not matched" if one.match.problem else "matched",
        ]
        for one in found
    ]  # fmt: skip


def said(found: Sequence[Matched]) -> list[str]:
    """What else is to be known of a result."""
    told = [f"{one.category}: {one.match.problem}." for one in found if one.match.problem]
    told += [
        f"{one.category}: the bitrate does not move in one direction with the option; another value may match too."
        for one in found
        if not one.match.monotone
    ]
    return told + [
        f"{one.category}: {counted(len(one.left_out), 'clip')} left out, such as {clip}: {reason}"
        for one in found
        for clip, reason in list(one.left_out.items())[:1]
    ]


def yaml_of(found: Sequence[Matched]) -> str:
    """Entries for ``codecs`` of a configuration: one for each set that was matched; the same setting only once."""
    entries: dict[str, Any] = {}
    for one in found:
        if not one.match.problem:
            entries.setdefault(str({**one.entry, "label": ""}), one.entry)
    if not entries:
        return ""
    return str(yaml.safe_dump({"codecs": list(entries.values())}, sort_keys=False, allow_unicode=True))


def as_json(found: Sequence[Matched], codec: str, option: str) -> dict[str, Any]:
    """Everything, with every step."""
    return {
        "codec": codec,
        "option": option,
        "sets": [
            {
                "category": one.category, "value": one.match.value, "target_bps": one.match.target_bps,
                "actual_bps": one.counted_bps, "deviation": one.match.deviation, "matched": not one.match.problem,
                "problem": one.match.problem, "monotone": one.match.monotone, "clips": one.clips,
                "seconds": one.seconds, "left_out": dict(one.left_out),
                "steps": [{"value": step.value, "bps": step.bps} for step in one.match.steps],
                "codec": dict(one.entry),
            }
            for one in found
        ],
    }  # fmt: skip
