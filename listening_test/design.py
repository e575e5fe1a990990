"""Which clips, which conditions together, and who hears what: the design of a test. Pure; every choice has a seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def seed_of(*numbers: int) -> int:
    """One seed out of several numbers, so that no two choices share their random numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def random_clips(sources: Mapping[str, str], count: int, seed: int) -> list[str]:
    """``count`` of the clips (id to source), drawn by ``seed``; no source a second time before all are there once."""
    order = np.random.default_rng(seed).permutation(len(sources))
    names = sorted(sources)
    return _one_of_each_source([names[index] for index in order], sources)[:count]


def critical_clips(values: Mapping[str, float], sources: Mapping[str, str], count: int) -> list[str]:
    """The ``count`` clips of the highest value, ties by id; no source a second time before all are there once."""
    return _one_of_each_source(sorted(values, key=lambda clip: (-values[clip], clip)), sources)[:count]


def _one_of_each_source(clips: Sequence[str], sources: Mapping[str, str]) -> list[str]:
    seen: dict[str, int] = {}
    rounds = []
    for clip in clips:
        rounds.append(seen.setdefault(sources[clip], 0))
        seen[sources[clip]] += 1
    return [clip for _, clip in sorted(zip(rounds, clips, strict=True), key=lambda pair: pair[0])]


def groups(systems: Sequence[T], most: int | None, seed: int) -> list[tuple[T, ...]]:
    """``systems`` dealt by ``seed`` into as few groups of at most ``most`` as will do, of sizes that differ by one.

    Within a group, the order of ``systems`` is kept.
    """
    if most is None or len(systems) <= most:
        return [tuple(systems)]
    if most == 1:
        return [(system,) for system in systems]
    count = -(-len(systems) // most)
    order = np.random.default_rng(seed).permutation(len(systems))
    return [tuple(systems[index] for index in sorted(order[start::count])) for start in range(count)]


def pairs(systems: Sequence[T], against: T | None) -> list[tuple[T, T]]:
    """Each of ``systems`` beside ``against``, or, without it, every pair of them."""
    return list(combinations(systems, 2)) if against is None else [(against, system) for system in systems]


def block_count(clips: int, groups_per_clip: int, trials_per_listener: int) -> int:
    """How many blocks it takes so that none of them (see :func:`block_of`) holds more than ``trials_per_listener``."""
    return max(1, math.ceil(clips * groups_per_clip / trials_per_listener))


def block_of(clip: int, group: int, clips: int, groups_per_clip: int, count: int) -> int:
    """The block, of ``count``, in which clip number ``clip`` is heard with group number ``group``.

    All cells of clip and group, each once, are put in a row, one diagonal of the table after the other (a Latin
    square where a block is as long as a diagonal), and the row is cut into blocks whose sizes differ by at most one.
    The diagonals follow each other so that clips and groups both go round and round along the row. So over all blocks
    every condition is heard equally often with every clip, and any stretch of the row holds clips and groups evenly.
    """
    period = groups_per_clip // math.gcd(clips, groups_per_clip)  # diagonals until the groups begin where they began
    diagonals = [(turn * clips + turn // period) % groups_per_clip for turn in range(groups_per_clip)]
    turn = diagonals.index((group - clip) % groups_per_clip)
    return (turn * clips + clip) * count // (clips * groups_per_clip)


def window_of(clip: int, groups_per_clip: int) -> int:
    """Number of the dealing of systems into groups that clip number ``clip`` uses.

    It changes when each group has come once on a diagonal: the balance of :func:`block_of` stays, and over a test
    different systems meet on one page.
    """
    return clip // groups_per_clip


def interleaved(items: Sequence[T], kinds: Sequence[str]) -> list[T]:
    """``items`` with their kinds spread evenly, so that any stretch of them holds each kind in proportion."""
    sizes, seen = Counter(kinds), Counter[str]()
    places = []
    for kind in kinds:
        places.append((seen[kind] + 0.5) / sizes[kind])
        seen[kind] += 1
    return [items[index] for index in sorted(range(len(items)), key=lambda index: (places[index], kinds[index]))]


def replicated(trials: Sequence[T], count: int, seed: int) -> list[T]:
    """``count`` of ``trials``, in their order, that are presented a second time."""
    chosen = np.random.default_rng(seed).permutation(len(trials))[:count]
    return [trials[index] for index in sorted(chosen)]
