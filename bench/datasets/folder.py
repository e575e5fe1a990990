"""Every audio file below a folder as a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from bench.datasets.attributes import Pattern, with_attributes
from bench.datasets.base import (
    AUDIO_FILES,
    DatasetContext,
    checks_options,
    clashes,
    find_paths,
    same_name,
    warn_of_clashes,
)
from bench.datasets.cutting import Cut, Duration, Moment, read, require_starts, unread
from bench.datasets.sampling import Allocation, Keys, Limit, Seed, sampled
from bench.domain import Category, Clip
from bench.errors import DatasetError
from bench.storage import Place


@checks_options
def folder(
    name: str,
    context: DatasetContext,
    category: Category,
    path: str,
    include: Annotated[Sequence[str], Field(min_length=1)] = AUDIO_FILES,
    exclude: Sequence[str] = (),
    start_s: Moment = 0.0,
    duration_s: Duration = None,
    lead_in_s: Moment = 0.0,
    limit: Limit = None,
    seed: Seed = 0,
    licence: str = "",
    attributes: Pattern = "",
    stratify: Keys = (),
    allocation: Allocation = "equal",
) -> list[Clip]:
    """Every WAV, FLAC, Ogg or MP3 file below ``path`` that the globs name, each as one clip.

    A file that cannot be read is a clip too, with sample_rate, channels and samples of 0: it becomes failed rows
    whose reason says what is wrong with it, and never goes missing. Hashes and headers are remembered, see
    :mod:`bench.datasets.index`. Of two files whose paths differ only by case, the second has ``same_name_as``.

    ``path`` may be a URL such as ``s3://bucket/folder``; every file there is read once for its hash.

    Args:
        include: globs relative to ``path``, see :func:`bench.datasets.base.find_paths`; a file needs one of them.
        exclude: globs of files to leave out.
        start_s: where the judged part starts.
        duration_s: its longest duration; shorter files are used to their end.
        lead_in_s: seconds before ``start_s`` that are coded too; fewer where ``start_s`` is smaller.
        limit: that many clips, chosen by ``seed``.
        licence: of the recordings.
        attributes: a regular expression with named groups, searched in each path below ``path`` without its suffix;
            the groups become attributes, ``source`` the recording's name. Such as ``(?P<speaker>p\\d+)_``.
        stratify: keys over whose values the sample is spread, see :mod:`bench.datasets.sampling`.
        allocation: ``equal`` or ``proportional``.
    Raises:
        ConfigError: options of the wrong kind, all of them; a key that no clip has.
        DatasetError: no such folder, folders that cannot be read, no file that matches, ``attributes`` that match no
            path, or files that end before ``start_s``, by name.
    """
    how = Cut(category, start_s, duration_s, lead_in_s, licence)
    root = context.place_of(path, f"dataset {name!r}")
    paths = matching(root, include, exclude, f"dataset {name!r}")
    twins = clashes(paths)
    warn_of_clashes(f"dataset {name!r}, {root}", twins)
    found = [
        unread(name, f"{name}/{one}", root / file, how, {"same_name_as": twins[file]} if file in twins else {})
        for one, file in zip(clip_ids(paths), paths, strict=True)
    ]
    if attributes:
        found = with_attributes(found, attributes)
    clips = sampled(
        found, lambda some: read(name, some, how, context.cache_dir), limit, seed, stratify, allocation,
        context.cache_dir,
    )  # fmt: skip
    require_starts(name, clips, start_s)
    return clips


def matching(root: Place, include: Sequence[str], exclude: Sequence[str], what: str) -> list[str]:
    """Paths below ``root`` of the files that the globs name, at least one; see :func:`bench.datasets.base.find_paths`.

    Raises:
        DatasetError: there is none, or a folder cannot be read; it starts with ``what``.
    """
    paths = find_paths(root, include, exclude)
    if not paths:
        without = f" (without {', '.join(exclude)})" if exclude else ""
        raise DatasetError(
            f"{what}: no file below {root} matches {', '.join(include)}{without}; "
            "correct `path`, `include` or `exclude`."
        )
    return paths


def clip_ids(paths: Sequence[str]) -> list[str]:
    """Relative paths without their suffix; where two would be the same, whatever their case, with it.

    >>> clip_ids(["a.wav", "b.flac", "b.wav", "c.wav", "C.wav"])
    ['a', 'b.flac', 'b.wav', 'c.wav', 'C.wav~2']
    """
    stems = [str(PurePosixPath(path).with_suffix("")) for path in paths]
    times = Counter(map(same_name, stems))
    taken: set[str] = set()
    ids = []
    for path, stem in zip(paths, stems, strict=True):
        wanted = stem if times[same_name(stem)] == 1 else path
        clip_id, number = wanted, 1
        while same_name(clip_id) in taken:
            number += 1
            clip_id = f"{wanted}~{number}"
        taken.add(same_name(clip_id))
        ids.append(clip_id)
    return ids
