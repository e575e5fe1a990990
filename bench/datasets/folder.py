"""Every audio file below a folder as a dataset."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, field_validator

from bench import audio
from bench.datasets.attributes import pattern_problem, with_attributes
from bench.datasets.base import AUDIO_FILES, DatasetContext, Options, checked, find_files, sha256_of
from bench.datasets.sampling import Allocation, sampled
from bench.domain import Category, Clip
from bench.errors import AudioError, DatasetError


class FolderOptions(Options):
    """The options of :func:`folder`."""

    category: Category
    path: str
    include: tuple[str, ...] = Field(min_length=1)
    exclude: tuple[str, ...]
    start_s: NonNegativeFloat = Field(allow_inf_nan=False)
    duration_s: PositiveFloat | None = Field(allow_inf_nan=False)
    lead_in_s: NonNegativeFloat = Field(allow_inf_nan=False)
    limit: PositiveInt | None
    seed: NonNegativeInt
    licence: str
    attributes: str
    stratify: tuple[str, ...]
    allocation: Allocation

    @field_validator("attributes")
    @classmethod
    def _names_groups(cls, pattern: str) -> str:
        if problem := pattern and pattern_problem(pattern):
            raise ValueError(problem)
        return pattern


def folder(
    name: str,
    context: DatasetContext,
    category: Category,
    path: str,
    include: Sequence[str] = AUDIO_FILES,
    exclude: Sequence[str] = (),
    start_s: float = 0.0,
    duration_s: float | None = None,
    lead_in_s: float = 0.0,
    limit: int | None = None,
    seed: int = 0,
    licence: str = "",
    attributes: str = "",
    stratify: Sequence[str] = (),
    allocation: Allocation = "equal",
) -> list[Clip]:
    """Every WAV, FLAC, Ogg or MP3 file below ``path`` that the globs name, each as one clip.

    A file that cannot be read is a clip too, with sample_rate, channels and samples of 0: it becomes failed rows
    whose reason says what is wrong with it, and never goes missing.

    Args:
        include: globs relative to ``path``, see :func:`bench.datasets.base.find_files`; a file needs one of them.
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
        DatasetError: no such folder, no file that matches, ``attributes`` that match no path, or files that end
            before ``start_s``, by name.
    """
    options = checked(
        FolderOptions, name, category=category, path=path, include=include, exclude=exclude, start_s=start_s,
        duration_s=duration_s, lead_in_s=lead_in_s, limit=limit, seed=seed, licence=licence, attributes=attributes,
        stratify=stratify, allocation=allocation,
    )  # fmt: skip
    root = context.folder(options.path, f"dataset {name!r}")
    files = find_files(root, options.include, options.exclude)
    if not files:
        without = f" (without {', '.join(options.exclude)})" if options.exclude else ""
        raise DatasetError(
            f"dataset {name!r}: no file below {root} matches {', '.join(options.include)}{without}; "
            "correct `path`, `include` or `exclude`."
        )
    ids = [f"{name}/{one}" for one in clip_ids([file.relative_to(root).as_posix() for file in files])]
    found = [_unread(name, file, one, options) for file, one in zip(files, ids, strict=True)]
    if options.attributes:
        found = with_attributes(found, options.attributes)
    clips = sampled(
        found, lambda clip: _read(clip, options), options.limit, options.seed, options.stratify, options.allocation,
        context.cache_dir,
    )  # fmt: skip
    if late := [clip for clip in clips if clip.sample_rate and round(start_s * clip.sample_rate) >= clip.samples]:
        raise DatasetError(
            "\n".join(
                f"dataset {name!r}: {clip.path}: expected a start within the file's "
                f"{clip.samples / clip.sample_rate:.3f} s, got start_s {start_s:g}; lower it or exclude the file."
                for clip in late
            )
        )
    return clips


def clip_ids(paths: Sequence[str]) -> list[str]:
    """Relative paths without their suffix; where two would be the same, whatever their case, with it.

    >>> clip_ids(["a.wav", "b.flac", "b.wav", "c.wav", "C.wav"])
    ['a', 'b.flac', 'b.wav', 'c.wav', 'C.wav~2']
    """

    def key(text: str) -> str:
        return unicodedata.normalize("NFC", text).casefold()

    stems = [str(PurePosixPath(path).with_suffix("")) for path in paths]
    times = Counter(map(key, stems))
    taken: set[str] = set()
    ids = []
    for path, stem in zip(paths, stems, strict=True):
        wanted = stem if times[key(stem)] == 1 else path
        clip_id, number = wanted, 1
        while key(clip_id) in taken:
            number += 1
            clip_id = f"{wanted}~{number}"
        taken.add(key(clip_id))
        ids.append(clip_id)
    return ids


def _unread(name: str, file: Path, clip_id: str, options: FolderOptions) -> Clip:
    """All that is known of a file without opening it."""
    return Clip(
        id=clip_id,
        dataset=name,
        category=options.category,
        path=str(file),
        sha256="",
        sample_rate=0,
        channels=0,
        samples=0,
        licence=options.licence,
        start_s=options.start_s,
        lead_in_s=min(options.lead_in_s, options.start_s),
        source=clip_id,
    )


def facts_of(file: Path) -> tuple[int, int, int, str]:
    """Rate, channels, samples per channel (all 0 where it cannot be read) and SHA-256 of a file."""
    rate = channels = samples = 0
    try:
        header = audio.info(file)
        if header.length:
            rate, channels, samples = header.rate, header.channels, header.length
    except AudioError:
        pass  # a clip all the same; reading it at measure time gives the reason
    try:
        sha256 = sha256_of(file)
    except OSError:  # a link to nothing, no permission
        sha256 = ""
    return rate, channels, samples, sha256


def _read(clip: Clip, options: FolderOptions) -> Clip:
    """``clip`` with what its header and its bytes say."""
    rate, channels, samples, sha256 = facts_of(Path(clip.path))
    start = round(options.start_s * rate)
    whole = options.duration_s is None or start + round(options.duration_s * rate) >= samples
    return replace(
        clip,
        sha256=sha256,
        sample_rate=rate,
        channels=channels,
        samples=samples,
        duration_s=None if whole else options.duration_s,
    )
