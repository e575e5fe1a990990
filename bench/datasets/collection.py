"""The known sets on this machine: where they lie, what of them is there, and what can be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.datasets import records
from bench.datasets.base import DatasetContext
from bench.datasets.known.base import Archive, KnownSet
from bench.datasets.known.places import ALL, missing_from, places
from bench.datasets.partial import gigabytes
from bench.datasets.unpacking import RECORDS
from bench.datasets.volumes import belongs_to
from bench.errors import ConfigError
from bench.registry import nearest
from bench.storage import is_remote


@dataclass(frozen=True, slots=True)
class State:
    """What of a set is here.

    ``folder`` is where it lies, or where it will. ``missing`` are the globs of ``recognised_by`` that match nothing.
    ``fetched`` are the archives that were unpacked there.
    """

    status: Literal["absent", "partial", "there", "unreadable"]
    folder: Path
    missing: tuple[str, ...]
    fetched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is unpacked at once: an archive, and the parts before it where it comes in several files."""

    archive: Archive
    earlier: tuple[Archive, ...] = ()

    @property
    def archives(self) -> tuple[Archive, ...]:
        return (*self.earlier, self.archive)


def state(known: KnownSet, context: DatasetContext) -> State:
    """What of ``known`` is on this machine."""
    for place in places(known, context):
        if not missing_from(known, place):
            return State("there", place, (), fetched_to(place))
    folder = target_of(known, context)
    missing, fetched = missing_from(known, folder), fetched_to(folder)
    begun = len(missing) < len(known.recognised_by) or (folder / RECORDS).exists() or archives_of(folder).exists()
    return State("partial" if begun else "absent", folder, missing, fetched)


def target_of(known: KnownSet, context: DatasetContext) -> Path:
    """Where the set is fetched to: the data folder where there is one on this machine, else the cache folder."""
    data = context.data_dir
    return (context.cache_dir / "sets" if data is None or is_remote(data) else context.resolve(".")) / known.place


def archives_of(folder: Path) -> Path:
    """Where the archives of the set in ``folder`` lie, while they are needed."""
    return folder.with_name(f"{folder.name}-archives")


def fetched_to(folder: Path) -> tuple[str, ...]:
    """The archives that were unpacked to ``folder``."""
    names = sorted(path.stem for path in (folder / RECORDS).glob("*.jsonl"))
    return tuple(name for name in names if name != records.OWN)


def subsets_of(known: KnownSet) -> list[str]:
    """The parts of a set that can be fetched alone."""
    return list(dict.fromkeys(archive.subset for archive in known.archives if archive.subset))


def units(known: KnownSet, subsets: Sequence[str] = ()) -> list[Unit]:
    """What ``subsets`` are made of; none means the set's own split, or everything where that is no part of its own.

    Raises:
        ConfigError: the set has no such subset.
    """
    parts = subsets_of(known)
    if unknown := [one for one in subsets if one not in (ALL, *parts)]:
        has = f"It has {', '.join([*parts, ALL])}." if parts else "It comes as a whole: leave --subset out."
        raise ConfigError(f"{known.name} has no subset {unknown[0]!r} to fetch.{nearest(unknown[0], parts)} {has}")
    wanted = set(subsets) or ({known.split} if known.split in parts else {ALL})
    chosen = [one for one in known.archives if ALL in wanted or not one.subset or one.subset in wanted]
    names = [one.name for one in chosen]
    split = {name: tuple(one for one in chosen if belongs_to(one.name) == name) for name in names}
    return [Unit(one, split[one.name]) for one in chosen if belongs_to(one.name) not in names]


def size_of(parts: Sequence[Unit]) -> str:
    """The published size of ``parts``, for people."""
    sizes = [one.size_bytes for unit in parts for one in unit.archives]
    known = gigabytes(sum(size for size in sizes if size))
    if None not in sizes:
        return known
    return "size not published" if not any(sizes) else f"more than {known}"


def by_hand(known: KnownSet, folder: Path, parts: Sequence[Unit]) -> str:
    """How to get the set to a place that has no network, and how it is recognised there."""
    recognised = f"the set is recognised by {', '.join(known.recognised_by)} below that folder."
    if not known.archives:
        return f"{known.title} cannot be fetched: {known.obtain.rstrip('.')}. The place is {folder}; {recognised}"
    lines = [f"To bring {known.title} here by hand, put these files into {archives_of(folder)}:"]
    for one in (one for unit in parts for one in unit.archives):
        facts = [gigabytes(one.size_bytes)] if one.size_bytes else []
        facts += [one.checksum] if one.checksum else []
        lines.append(f"  {one.url}" + (f"  ({', '.join(facts)})" if facts else ""))
    lines.append(
        f"The same command then uses them as if it had fetched them. Or unpack them into {folder}: {recognised}"
    )
    return "\n".join(lines)
