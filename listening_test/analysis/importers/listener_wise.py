"""A CSV with a line for each listener and sample, scores 1 to 5 (ACR), as the sheets of the VoiceMOS challenges.

Columns: ``listener`` or ``listener_name``; ``sample_id``, ``sample`` or ``file``; and ``score``, or the one named with
``--score``. What in the name of a sample is condition and clip tells ``--pattern``.
"""

from __future__ import annotations

from bench.errors import DatasetError
from listening_test.analysis.importers.base import Options, Pseudonyms, Row, number, table

LISTENERS = ("listener", "listener_name")
SAMPLES = ("sample_id", "sample", "file")


def read(text: str, options: Options) -> tuple[list[Row], list[str]]:
    """Rows of RATING_COLUMNS, and notes."""
    score = options.score or "score"
    lines = table(text, "listener_wise", ())
    header = list(lines[0]) if lines else []
    listener, sample = (next((name for name in names if name in header), None) for names in (LISTENERS, SAMPLES))
    if listener is None or sample is None or score not in header:
        raise DatasetError(
            f"listener_wise: expected columns {' or '.join(LISTENERS)}; {' or '.join(SAMPLES)}; {score} (see --score). "
            f"Got: {', '.join(header) or 'nothing'}. Means without their listeners cannot be analysed."
        )
    people, rows, seen = Pseudonyms(), list[Row](), dict[tuple[str, str], int]()
    for place, line in enumerate(lines, 2):
        name, who = line[sample], people(line[listener])
        condition, clip = options.parts(name)
        seen[who, name] = seen.get((who, name), -1) + 1
        rows.append(
            {
                "listener": who,
                "trial": name,
                "clip": clip or name,
                "replicate": seen[who, name],
                "condition": condition,
                "score": number(line[score], f"listener_wise, row {place}", 1.0, 5.0),
            }
        )
    notes = [] if options.pattern else ["Each sample counts as a condition; tell them with --pattern."]
    return rows, notes
