"""Names of files that every file system can hold."""

from __future__ import annotations

from itertools import combinations

import pytest

from bench.paths import file_name

RESERVED = ("con", "aux", "nul", "com1", "LPT9")


@pytest.mark.parametrize(
    "clip", ["aux", "con.take", "NUL", "com1", "lpt9.a.b", "speech/a:b", "a?b", "q<>|*", "ends.", "A"]
)
def test_names_hold_on_windows(clip: str) -> None:
    name = file_name(clip)
    assert not set(name) & set(':\\/*?"<>|')
    assert name.partition(".")[0].lower() not in {one.lower() for one in RESERVED}
    assert not name.endswith((".", " "))


def test_names_differ_whatever_their_case() -> None:
    clips = ["aux", "AUX", "aux.a", "aux.b", "a", "A", "a/b", "a__b"]
    for one, other in combinations(clips, 2):
        assert file_name(one).lower() != file_name(other).lower(), (one, other)
