"""From files, and what is known of them, to clips: what the loaders of whole recordings share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from bench.datasets.base import Options
from bench.datasets.index import Facts, facts_of
from bench.datasets.manifest import Line
from bench.domain import Category, Clip
from bench.errors import DatasetError
from bench.storage import Place


class CutOptions(Options):
    """The options of every loader that makes one clip of each recording."""

    category: Category
    start_s: NonNegativeFloat = Field(allow_inf_nan=False)
    duration_s: PositiveFloat | None = Field(allow_inf_nan=False)
    lead_in_s: NonNegativeFloat = Field(allow_inf_nan=False)
    limit: PositiveInt | None
    seed: NonNegativeInt
    licence: str


def unread(dataset: str, clip_id: str, file: Place, options: CutOptions, attributes: Mapping[str, Any]) -> Clip:
    """The clip ``clip_id`` of a file that nobody has opened yet: without hash, rate, channels and length.

    An attribute with the name of a field of a manifest gets an underscore after it: ``id_``, ``path_``.
    """
    return Clip(
        id=clip_id,
        dataset=dataset,
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
        attributes={f"{key}_" if key in Line.model_fields else key: value for key, value in attributes.items()},
    )


def cut(clip: Clip, facts: Facts, options: CutOptions) -> Clip:
    """``clip`` with what its file says, and its part from ``start_s`` on, at most ``duration_s`` long."""
    start = round(options.start_s * facts.rate)
    whole = options.duration_s is None or start + round(options.duration_s * facts.rate) >= facts.samples
    return replace(with_facts(clip, facts), duration_s=None if whole else options.duration_s)


def with_facts(clip: Clip, facts: Facts) -> Clip:
    """``clip`` with the hash and the header of its file."""
    return replace(clip, sha256=facts.sha256, sample_rate=facts.rate, channels=facts.channels, samples=facts.samples)


def read(clips: Sequence[Clip], options: CutOptions, cache_dir: Path, what: str) -> list[Clip]:
    """Every one of ``clips``, cut, after a look into its file; ``what`` stands beside the progress bar."""
    facts = facts_of([clip.path for clip in clips], cache_dir, what)
    return [cut(clip, known, options) for clip, known in zip(clips, facts, strict=True)]


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
