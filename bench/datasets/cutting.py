"""From files, and what is known of them, to clips: what the loaders of whole recordings share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from bench.datasets.index import Facts, facts_of
from bench.datasets.manifest import Line
from bench.domain import Category, Clip
from bench.errors import DatasetError
from bench.storage import Place

Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Duration = Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
"""Seconds, as options of a loader."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How recordings become clips: the options that every loader has that makes one clip of each recording."""

    category: Category
    start_s: float
    duration_s: float | None
    lead_in_s: float
    licence: str


def unread(dataset: str, clip_id: str, file: Place, how: Cut, attributes: Mapping[str, Any]) -> Clip:
    """The clip ``clip_id`` of a file that nobody has opened yet: without hash, rate, channels and length.

    An attribute with the name of a field of a manifest gets an underscore after it: ``id_``, ``path_``.
    """
    return Clip(
        id=clip_id,
        dataset=dataset,
        category=how.category,
        path=str(file),
        sha256="",
        sample_rate=0,
        channels=0,
        samples=0,
        licence=how.licence,
        start_s=how.start_s,
        lead_in_s=min(how.lead_in_s, how.start_s),
        source=clip_id,
        attributes={f"{key}_" if key in Line.model_fields else key: value for key, value in attributes.items()},
    )


def cut(clip: Clip, facts: Facts, how: Cut) -> Clip:
    """``clip`` with what its file says, and its part from ``start_s`` on, at most ``duration_s`` long."""
    start = round(how.start_s * facts.rate)
    whole = how.duration_s is None or start + round(how.duration_s * facts.rate) >= facts.samples
    return replace(with_facts(clip, facts), duration_s=None if whole else how.duration_s)


def with_facts(clip: Clip, facts: Facts) -> Clip:
    """``clip`` with the hash and the header of its file."""
    return replace(clip, sha256=facts.sha256, sample_rate=facts.rate, channels=facts.channels, samples=facts.samples)


def read(dataset: str, clips: Sequence[Clip], how: Cut, cache_dir: Path) -> list[Clip]:
    """Every one of ``clips``, cut, after a look into its file."""
    facts = facts_of([clip.path for clip in clips], cache_dir, f"reading {dataset}")
    return [cut(clip, known, how) for clip, known in zip(clips, facts, strict=True)]


def cut_all(dataset: str, files: Mapping[str, tuple[Path, Mapping[str, Any]]], how: Cut, cache_dir: Path) -> list[Clip]:
    """The clips of ``files``, each with its attributes, by id; DatasetError where one ends before it starts."""
    clips = [unread(dataset, clip_id, file, how, attributes) for clip_id, (file, attributes) in files.items()]
    clips = read(dataset, clips, how, cache_dir)
    require_starts(dataset, clips, how.start_s)
    return clips


def require_starts(dataset: str, clips: Iterable[Clip], start_s: float) -> None:
    """Raise DatasetError with every file that ends before ``start_s``."""
    late = [clip for clip in clips if clip.sample_rate and round(start_s * clip.sample_rate) >= clip.samples]
    if late:
        raise DatasetError(
            "\n".join(
                f"dataset {dataset!r}: {clip.path}: expected a start within the file's "
                f"{clip.samples / clip.sample_rate:.3f} s, got start_s {start_s:g}; lower it or exclude the file."
                for clip in late
            )
        )
