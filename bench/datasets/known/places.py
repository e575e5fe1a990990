"""Where a known set lies on this machine, and which of its recordings are asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from bench.datasets.base import DatasetContext
from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.walking import is_there, unreadable
from bench.errors import CodecbenchError, ConfigError, DatasetError
from bench.storage import is_remote
from bench.wording import listed

ALL = "all"  # the subset that is everything

log = logging.getLogger(__name__)


def places(known: KnownSet, context: DatasetContext, path: str | None = None) -> list[Path]:
    """Where the set is looked for, in this order: ``path`` alone, or data folder and cache folder; never at a URL."""
    if path is not None:
        return [context.resolve(path)]
    in_cache, data = context.cache_dir / "sets" / known.place, context.locate(".")
    return [in_cache] if is_remote(data) else [data / known.place, data, in_cache]


def missing_from(known: KnownSet, folder: Path) -> tuple[str, ...]:
    """The globs of ``recognised_by`` that match nothing below ``folder``."""
    return tuple(glob for glob in known.recognised_by if not is_there(folder, glob))


def folder_of(known: KnownSet, context: DatasetContext, path: str | None = None, subset: str = "") -> Path:
    """The folder of a set that is there; DatasetError says where it was looked for and how to get it."""
    looked_in = places(known, context, path)
    for place in looked_in:
        if not missing_from(known, place):
            return place
    raise DatasetError(
        f"{known.title} is not there: looked in {', '.join(map(str, looked_in))}{_partly(known, looked_in)}. "
        f"It is recognised by {', '.join(known.recognised_by)} below its folder. {remedy(known, subset)}"
    )


def remedy(known: KnownSet, subset: str = "") -> str:
    """How to get the set, or that subset where it comes alone, or point to it."""
    alone = subset == ALL or subset in {archive.subset for archive in known.archives}
    part = f" --subset {subset}" if subset and alone else ""
    get = f"Get it: codecbench data fetch {known.name}{part}" if known.archives else f"Get it: {known.obtain}"
    return f"{get.rstrip('.')}. Or say where it lies: --data DIR with a folder {known.place} in it, or `path`."


def recordings_of_folder(known: KnownSet, folder: Path) -> list[Recording]:
    """Every recording that the set lists in ``folder``; DatasetError names what of its tables or folders is broken."""
    try:
        return list(known.recordings(folder))
    except CodecbenchError:
        raise
    except OSError as error:
        raise unreadable(error) from None
    except Exception as error:
        raise DatasetError(
            f"{folder}: the recordings of {known.title} cannot be listed ({type(error).__name__}: {error}). "
            "Unpack its archives again; of a set of your own, mend the function `recordings`."
        ) from error


def absent(recordings: Iterable[Recording]) -> list[Path]:
    """The files of ``recordings`` that are not there."""
    try:
        return [one.path for one in recordings if not one.path.is_file()]
    except OSError as error:
        raise unreadable(error) from None


def recordings_in(
    known: KnownSet, context: DatasetContext, subset: str | None = None, path: str | None = None
) -> list[Recording]:
    """The recordings of a subset (None: of the set's own split), sorted by id.

    Raises:
        ConfigError: the set has no such subset.
        DatasetError: the set is not there, or not all of it.
    """
    subset = known.split if subset is None else subset
    if subset not in ("", ALL, *known.subsets):
        raise ConfigError(f"{known.name}, subset: expected {', '.join([*known.subsets, ALL])}, got {subset!r}.")
    folder = folder_of(known, context, path, subset)
    wanted = [one for one in recordings_of_folder(known, folder) if subset in ("", ALL, one.subset)]
    if not wanted:
        raise DatasetError(
            f"{folder}: {known.title} has no recording of {subset or ALL!r} here. {remedy(known, subset)}"
        )
    if lost := absent(wanted):
        raise DatasetError(
            f"{folder}: {known.title} is here only in part: {len(lost)} of {len(wanted)} recordings that it lists are "
            f"missing: {listed([file.relative_to(folder) for file in lost])}. Unpack its archives again. "
            f"{remedy(known, subset)}"
        )
    if known.files and subset == known.split and len(wanted) < known.files:
        log.warning("%s: %s has %d recordings, %d are here", folder, known.title, known.files, len(wanted))
    return sorted(wanted, key=lambda one: one.id)


def _partly(known: KnownSet, looked_in: list[Path]) -> str:
    for place in looked_in:
        missing = missing_from(known, place)
        if len(missing) < len(known.recognised_by):
            return f". {place} holds a part of it, but nothing that matches {', '.join(missing)}"
    return ""
