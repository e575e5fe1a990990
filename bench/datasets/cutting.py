"""From files, and what is known of them, to clips: what the loaders of whole recordings share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from bench.datasets.base import Options
from bench.datasets.index import Facts
from bench.datasets.manifest import Line
from bench.domain import Category, Clip
from bench.errors import DatasetError


class CutOptions(Options):
    """The options of every loader that makes one clip of each recording."""

    category: Category
    start_s: NonNegativeFloat = Field(allow_inf_nan=False)
    duration_s: PositiveFloat | None = Field(allow_inf_nan=False)
    lead_in_s: NonNegativeFloat = Field(allow_inf_nan=False)
    limit: PositiveInt | None
    seed: NonNegativeInt
    licence: str


def cut(
    dataset: str, clip_id: str, file: Path, facts: Facts, options: CutOptions, attributes: Mapping[str, Any]
) -> Clip:
    """The clip ``clip_id`` of ``file``: its part from ``start_s`` on, at most ``duration_s`` long.

    An attribute with the name of a field of a manifest gets an underscore after it: ``id_``, ``path_``.
    """
    start = round(options.start_s * facts.rate)
    whole = options.duration_s is None or start + round(options.duration_s * facts.rate) >= facts.samples
    return Clip(
        id=clip_id,
        dataset=dataset,
        category=options.category,
        path=str(file),
        sha256=facts.sha256,
        sample_rate=facts.rate,
        channels=facts.channels,
        samples=facts.samples,
        licence=options.licence,
        start_s=options.start_s,
        duration_s=None if whole else options.duration_s,
        lead_in_s=min(options.lead_in_s, options.start_s),
        source=clip_id,
        attributes={f"{key}_" if key in Line.model_fields else key: value for key, value in attributes.items()},
    )


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
