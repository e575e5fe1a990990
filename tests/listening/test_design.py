from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening_test import design

SYSTEMS = [f"s{number}" for number in range(20)]


def heard(clips: int, most: int, trials_per_listener: int) -> tuple[int, list[tuple[int, int, str]]]:
    """Blocks, and (block, clip, system) of every cell, as trials are made from the design."""
    per_clip = len(design.groups(SYSTEMS, most, 0))
    count = design.block_count(clips, per_clip, trials_per_listener)
    cells = [
        (design.block_of(clip, number, clips, per_clip, count), clip, system)
        for clip in range(clips)
        for number, group in enumerate(design.groups(SYSTEMS, most, design.window_of(clip, per_clip)))
        for system in group
    ]
    return count, cells


def times_in(block: int, cells: list[tuple[int, int, str]]) -> list[int]:
    times = Counter(system for mine, _, system in cells if mine == block)
    return [times[system] for system in SYSTEMS]


@given(st.integers(1, 30), st.integers(1, 20), st.integers(1, 40))
def test_every_condition_comes_once_with_every_clip_and_evenly_in_every_block(
    clips: int, most: int, trials_per_listener: int
) -> None:
    count, cells = heard(clips, most, trials_per_listener)
    assert Counter((clip, system) for _, clip, system in cells) == {
        (clip, system): 1 for clip in range(clips) for system in SYSTEMS
    }
    for block in range(count):
        every = times_in(block, cells)
        assert max(every) - min(every) <= 3 + max(every) // 4


@pytest.mark.parametrize(("most", "clips"), [(9, 12), (7, 9), (5, 8), (10, 20)])
def test_a_listener_who_hears_each_clip_once_hears_each_system_equally_often(most: int, clips: int) -> None:
    count, cells = heard(clips, most, clips)
    groups = len(design.groups(SYSTEMS, most, 0))
    assert count == groups
    assert clips % groups == 0
    for block in range(count):
        assert set(times_in(block, cells)) == {clips // groups}
        assert len({clip for mine, clip, _ in cells if mine == block}) == clips


@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 40))
def test_blocks_are_equally_long_and_no_longer_than_asked_for(clips: int, groups: int, limit: int) -> None:
    count = design.block_count(clips, groups, limit)
    sizes = Counter(
        design.block_of(clip, group, clips, groups, count) for clip in range(clips) for group in range(groups)
    )
    assert sorted(sizes) == list(range(count))
    assert max(sizes.values()) <= limit
    assert max(sizes.values()) - min(sizes.values()) <= 1


def test_over_a_test_different_systems_meet_on_one_page() -> None:
    met = set()
    for clip in range(24):
        for group in design.groups(SYSTEMS, 9, design.window_of(clip, 3)):
            met |= {(a, b) for a in group for b in group if a < b}
    assert len(met) > 0.9 * len(SYSTEMS) * (len(SYSTEMS) - 1) / 2


def test_kinds_are_spread() -> None:
    kinds = ["speech"] * 8 + ["music"] * 4
    mixed = design.interleaved(kinds, kinds)
    assert Counter(mixed) == Counter(kinds)
    assert all(Counter(mixed[start : start + 3])["music"] == 1 for start in range(0, 12, 3))


def test_groups_are_as_equal_as_can_be_and_keep_the_order() -> None:
    dealt = design.groups(SYSTEMS, 9, seed=3)
    assert sorted(len(group) for group in dealt) == [6, 7, 7]
    assert sorted(system for group in dealt for system in group) == sorted(SYSTEMS)
    assert all(list(group) == sorted(group, key=SYSTEMS.index) for group in dealt)
    assert design.groups(SYSTEMS, None, 0) == [tuple(SYSTEMS)]
    assert design.groups(SYSTEMS, 9, 3) == dealt != design.groups(SYSTEMS, 9, 4)


def test_clips_of_one_recording_come_last() -> None:
    sources = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "c1": "c"}
    for seed in range(20):
        chosen = design.random_clips(sources, 3, seed)
        assert {sources[clip] for clip in chosen} == {"a", "b", "c"}
        assert chosen == design.random_clips(dict(reversed(sources.items())), 3, seed)
    assert len({tuple(design.random_clips(sources, 3, seed)) for seed in range(20)}) > 1
    values = {"a1": 5.0, "a2": 4.0, "a3": 1.0, "b1": 3.0, "c1": 2.0}
    assert design.critical_clips(values, sources, 4) == ["a1", "b1", "c1", "a2"]


def test_pairs() -> None:
    assert design.pairs(["x", "y"], "r") == [("r", "x"), ("r", "y")]
    assert design.pairs(["x", "y", "z"], None) == [("x", "y"), ("x", "z"), ("y", "z")]


@pytest.mark.parametrize("count", [0, 2, 9])
def test_replicates(count: int) -> None:
    chosen = design.replicated(list(range(5)), count, seed=1)
    assert len(set(chosen)) == len(chosen) == min(count, 5)
    assert chosen == sorted(chosen) == design.replicated(list(range(5)), count, seed=1)
