"""What the configuration of a run asked for, as its text says."""

from __future__ import annotations

from typing import Any

from bench.runs.results import Results
from bench.untrusted import parse_yaml


def configured_codecs(results: Results) -> list[dict[str, Any]]:
    """The codecs of the configuration, each with a ``name``; none where its text is no configuration."""
    try:
        told = parse_yaml(str(results.info.get("config_text") or ""))
    except ValueError:
        return []
    listed = told.get("codecs") if isinstance(told, dict) else None
    entries = [{"name": one} if isinstance(one, str) else one for one in (listed if isinstance(listed, list) else [])]
    return [one for one in entries if isinstance(one, dict) and "name" in one]
