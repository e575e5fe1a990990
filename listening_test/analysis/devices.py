"""What people listened with, from their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def devices(answers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Kind and model of the transducers, and how many people named them.

    ``answers``: rows of ``Sessions.answer_rows``. What people wrote is text of theirs: escape it where it is shown.
    """
    found = Counter[str]()
    for row in answers:
        if row["kind"] == "device":
            values = row["values"]
            found[", ".join(str(values[name]) for name in ("kind", "model") if values.get(name)) or "no answer"] += 1
    return dict(sorted(found.items()))
