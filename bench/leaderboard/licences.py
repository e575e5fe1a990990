"""Under which licence the weights of a run's codecs stand, where that is known."""

from __future__ import annotations

from bench.domain import Condition
from bench.errors import CodecbenchError
from bench.runs.results import Results
from bench.tables.configured import configured_codecs

ELSEWHERE = "see "
"""How an entry of :mod:`bench.models.catalogue` begins that only says where to look: that is no licence."""


def licences(results: Results) -> dict[str, str]:
    """The licence of the weights by codec (as the column ``codec`` has it); codecs without a known one are left out.

    The run's own configuration says which codec stands behind a label. Where it has an option that names other weights,
    nothing is known of them.
    """
    found = {}
    for codec in configured_codecs(results):
        options = codec.get("options") or {}
        series = Condition(str(codec["name"]), options=options, label=str(codec.get("label") or "")).series
        if "weights" not in options and (licence := _of_codec(str(codec["name"]))):
            found[series] = licence
    return found


def _of_codec(name: str) -> str:
    from bench import codecs

    try:
        if not codecs.registry.entry(name).requires:
            return ""  # what needs no package has no weights, and there is no need to import those that have
    except CodecbenchError:
        return ""
    from bench.models.catalogue import models

    model = models().get(name)
    return "" if model is None or model.licence.startswith(ELSEWHERE) else model.licence
