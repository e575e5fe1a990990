"""What the configuration of a run asked for, as its text says."""

from __future__ import annotations

from typing import Any

from bench.runs.results import Results
from bench.untrusted import parse_yaml


def configured(text: str, section: str) -> list[Any]:
    """The list under ``section`` in the text of a configuration; empty where there is none."""
    try:
        told = parse_yaml(text)
    except ValueError:
        return []
    listed = told.get(section) if isinstance(told, dict) else None
    return listed if isinstance(listed, list) else []


def configured_codecs(results: Results) -> list[dict[str, Any]]:
    """The codecs of the configuration, each with a ``name``; none where its text is no configuration."""
    listed = configured(str(results.info.get("config_text") or ""), "codecs")
    entries = [{"name": one} if isinstance(one, str) else one for one in listed]
    return [one for one in entries if isinstance(one, dict) and "name" in one]
