"""A run against the run before it: what a change of a codec did, with a verdict for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.comparing.changes import changes, powerless
from bench.comparing.clips import changed_most
from bench.comparing.gates import Gate, Outcome, judge, parse
from bench.comparing.matching import match, renames
from bench.comparing.model import Change, Comparison
from bench.runs.results import Results

__all__ = ["Change", "Comparison", "Gate", "Outcome", "compare", "judge", "parse", "renames"]


def compare(
    base: Results,
    new: Results,
    renamed: Mapping[str, str] | None = None,
    allow_other_versions: bool = False,
    only: Sequence[str] = (),
    by: str | None = None,
    most: int = 10,
    seed: int = 0,
) -> Comparison:
    """NEW against BASE.

    Args:
        renamed: id of a condition in BASE to its id in NEW, where they differ.
        allow_other_versions: compare also what was measured by another version of a metric, and clips of another
            content under the same name.
        only: patterns of quantities; nothing else is compared. Fewer tests are corrected for less.
        by: the quantity that says which clips changed most; see :func:`bench.comparing.clips.changed_most`.
        most: how many of them for each category.
        seed: of the intervals and tests.
    Raises:
        ConfigError: ``only`` or ``by`` name what does not exist, or the runs have nothing in common.
    """
    matched = match(base, new, renamed or {}, allow_other_versions)
    found, failures = changes(base, new, matched, only, seed)
    clips = changed_most(base, new, matched, by, most)
    return Comparison(base, new, seed, matched, found, failures, clips, [*matched.notices, *powerless(found)])
