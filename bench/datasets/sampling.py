"""Fair samples: clips chosen by seed so that no speaker, language, genre or bandwidth is forgotten.

A sample is the beginning of a fixed order of all clips, so a smaller sample is part of a larger one. The order depends
on the seed, the ids and the strata; not on the machine or on the order in which files are found. A clip that is added
or removed exchanges one clip of an equal sample at most.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, NonNegativeInt, PositiveInt

from bench.datasets.bandwidth import bandwidth_class, bandwidth_hz
from bench.domain import Clip
from bench.errors import ConfigError
from bench.registry import nearest

Allocation = Literal["equal", "proportional"]
"""``equal``: every stratum gives the same number of clips, as far as it has them. ``proportional``: as many as it has
in the whole, so that the sample looks like the dataset."""

UNKNOWN = "unknown"
"""The stratum of the clips of which the key is not known."""

OWN_KEYS = ("category", "dataset", "source", "licence", "rate", "channels", "bandwidth")
"""Keys that every clip has; all others are attributes."""

IN_THE_FILE = frozenset({"rate", "channels", "bandwidth"})
"""Keys that need the file to be opened."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """How many clips share ``values``, one for each key, and how many of them are in the sample."""

    values: tuple[str, ...]
    clips: int
    chosen: int


def _listed(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f"expected a list of keys, such as [{value}]")
    return value


Limit = PositiveInt | None
Seed = NonNegativeInt
Keys = Annotated[Sequence[str] | str, BeforeValidator(_listed)]
"""The options ``limit``, ``seed`` and ``stratify`` of a loader; a single text is refused, with what to write."""


def sampled(
    clips: Sequence[Clip],
    read: Callable[[Sequence[Clip]], list[Clip]],
    limit: int | None,
    seed: int,
    by: Sequence[str],
    allocation: Allocation,
    cache_dir: Path,
) -> list[Clip]:
    """As :func:`stratified`, for clips whose files are not open yet: only those in the sample are.

    Args:
        clips: with ids and attributes; what stands in the files may be missing.
        read: adds to clips what stands in their files. All are read where ``by`` asks for that.
    """
    if limit is not None and IN_THE_FILE & set(by):
        return stratified(read(clips), limit, seed, by, allocation, cache_dir)
    return read(stratified(clips, limit, seed, by, allocation, cache_dir))


def stratified(
    clips: Sequence[Clip],
    limit: int | None,
    seed: int,
    by: Sequence[str] = (),
    allocation: Allocation = "equal",
    cache_dir: Path | None = None,
) -> list[Clip]:
    """``limit`` of ``clips`` (None: all of them), spread over the strata of ``by``, in their order.

    The first key is the outermost: with ``language, speaker`` every language gives the same number of clips, and within
    a language every speaker. With fewer clips than strata, which strata are left out is decided by ``seed``.

    Args:
        by: keys, see :func:`stratum_of`.
        cache_dir: where measured bandwidths are kept.
    Raises:
        ConfigError: a key that no clip has.
    """
    if limit is None:
        return list(clips)
    strata = {clip.id: values for clip, values in zip(clips, strata_of(clips, by, cache_dir), strict=True)}
    taken = set(ranked(strata, seed, allocation)[:limit])
    return [clip for clip in clips if clip.id in taken]


def recorded(clips: Sequence[Clip], limit: int, seed: int, by: Sequence[str], allocation: Allocation) -> list[Clip]:
    """``clips`` with the attribute ``sampling``: how the sample was drawn that they are in."""
    how = {"limit": limit, "seed": seed, "by": list(by), "allocation": allocation}
    return [replace(clip, attributes={**clip.attributes, "sampling": how}) for clip in clips]


def table(
    clips: Sequence[Clip], sampled: Sequence[Clip], by: Sequence[str], cache_dir: Path | None = None
) -> list[Stratum]:
    """Every stratum of ``clips`` and how much of it is in ``sampled``, in alphabetic order."""
    ids = {clip.id for clip in sampled}
    strata = strata_of(clips, by, cache_dir)
    there = Counter(strata)
    taken = Counter(values for clip, values in zip(clips, strata, strict=True) if clip.id in ids)
    return [Stratum(values, count, taken[values]) for values, count in sorted(there.items())]


def strata_of(clips: Sequence[Clip], by: Sequence[str], cache_dir: Path | None = None) -> list[tuple[str, ...]]:
    """The stratum of each clip; ConfigError names the keys that no clip has."""
    attributes = sorted({key for clip in clips for key in clip.attributes})
    known = [*OWN_KEYS, *attributes]
    problems = [
        f"no clip has the attribute {key!r} to stratify by.{nearest(key, known)} There are: {', '.join(known)}."
        for key in by
        if clips and key not in known
    ]
    if problems:
        raise ConfigError(problems)
    return [stratum_of(clip, by, cache_dir) for clip in clips]


def stratum_of(clip: Clip, by: Iterable[str], cache_dir: Path | None = None) -> tuple[str, ...]:
    """The value of each key as text, ``unknown`` where there is none.

    A key is ``category``, ``dataset``, ``source``, ``licence``, ``rate``, ``channels``, ``bandwidth`` (a class:
    NB, WB, SWB or FB) or an attribute of the clip, such as ``speaker``.
    """
    return tuple(_value(clip, key, cache_dir) for key in by)


def _value(clip: Clip, key: str, cache_dir: Path | None) -> str:
    if key == "bandwidth" and key not in clip.attributes:
        hz = bandwidth_hz(clip, cache_dir)
        return UNKNOWN if hz is None else bandwidth_class(hz)
    if key == "rate" and key not in clip.attributes:
        return str(clip.sample_rate or UNKNOWN)
    if key == "source":
        return clip.source or clip.id
    return _text(clip.attributes[key] if key in clip.attributes else getattr(clip, key, None) or None)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " + ".join(sorted(map(_text, value))) or UNKNOWN
    text = "" if value is None else str(value).strip()
    return text or UNKNOWN


def ranked(strata: Mapping[str, tuple[str, ...]], seed: int, allocation: Allocation = "equal") -> list[str]:
    """The ids of ``strata`` (id -> values) in the order in which samples take them.

    Strata take turns, one clip each ("equal"), or each at even distances that fit its size ("proportional", which is
    the method of Webster and Sainte-Laguë). Within the innermost stratum the SHA-256 of seed and id decides, and
    between strata that are even that of seed and names.
    """
    return _ranked(list(strata), strata, seed, allocation, ())


def _ranked(
    ids: list[str], strata: Mapping[str, tuple[str, ...]], seed: int, allocation: Allocation, path: tuple[str, ...]
) -> list[str]:
    if not ids or len(path) == len(strata[ids[0]]):
        return sorted(ids, key=lambda one: _hash(f"{seed}:{one}"))
    groups: dict[str, list[str]] = {}
    for one in ids:
        groups.setdefault(strata[one][len(path)], []).append(one)
    places: list[tuple[float, str, str]] = []
    for name, members in groups.items():
        inner = (*path, name)
        tie = _hash("\n".join((f"{seed}:", *inner)))
        size = 1 if allocation == "equal" else len(members)
        ordered = _ranked(members, strata, seed, allocation, inner)
        places += [((2 * place + 1) / size, tie, one) for place, one in enumerate(ordered)]
    # Sorting is stable, and places of one group ascend: equal keys never belong to one group.
    return [one for _, _, one in sorted(places, key=lambda place: place[:2])]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
