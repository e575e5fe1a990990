"""Recordings that clips are mixed from: a folder, a known set or a manifest, with licence and attribution of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, field_validator, model_validator

from bench import audio
from bench.audio import Audio
from bench.datasets.base import AUDIO_FILES, DatasetContext, Options, sample_ids, sha256_of, verify
from bench.datasets.by_hash import fetch, is_url
from bench.datasets.folder import matching
from bench.datasets.licence_terms import NOT_STATED
from bench.datasets.manifest import read_manifest
from bench.errors import AudioError, ConfigError, DatasetError

Role = Literal["speech", "noise", "rooms"]


class Material(Options):
    """Recordings: ``path`` (a folder), ``dataset`` (a known set) or ``manifest``.

    ``include`` and ``exclude`` are globs of files of a folder. ``limit`` recordings are chosen by ``seed``. ``speaker``
    is a regular expression whose first group, or whole match, in a file's name is its speaker. ``licence``,
    ``attribution`` and ``language`` are those of recordings that do not say; ``hall.attribution.txt`` speaks for
    ``hall.wav`` beside it.
    ``weight``: how often it is drawn, relative to the others.
    """

    path: str | None = None
    dataset: str | None = None
    manifest: str | None = None
    subset: str | None = None
    include: tuple[str, ...] = AUDIO_FILES
    exclude: tuple[str, ...] = ()
    limit: PositiveInt | None = None
    seed: NonNegativeInt = 0
    speaker: str | None = None
    licence: str = NOT_STATED
    attribution: str = ""
    language: str = ""
    weight: PositiveFloat = Field(1.0, allow_inf_nan=False)

    @field_validator("speaker")
    @classmethod
    def _is_a_pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"expected a regular expression ({error})") from None
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Material:
        if self.dataset is None and [self.path, self.manifest].count(None) != 1:
            raise ValueError("expected one of path, dataset and manifest")
        if self.dataset is not None and self.manifest is not None:
            raise ValueError("expected either dataset or manifest")
        return self


@dataclass(frozen=True)
class Source:
    """A recording that clips are made of, or the part of one from ``start_s`` on.

    ``name`` is its path below its folder, or its id in its set; ``collection`` is the set.
    """

    name: str
    path: Path
    sha256: str
    licence: str = NOT_STATED
    attribution: str = ""
    speaker: str = ""
    language: str = ""
    collection: str = ""
    start_s: float = 0.0
    duration_s: float | None = None

    @cached_property
    def rate(self) -> int:
        return audio.info(self.path).rate

    @cached_property
    def length(self) -> int:
        """Samples of the part."""
        if self.duration_s is not None:
            return round(self.duration_s * self.rate)
        return audio.info(self.path).length - round(self.start_s * self.rate)

    def read(self, start_s: float = 0.0, duration_s: float | None = None) -> Audio:
        """``duration_s`` seconds from ``start_s`` on, both within the part."""
        return audio.read(self.path, self.start_s + start_s, self.duration_s if duration_s is None else duration_s)

    @property
    def record(self) -> dict[str, str]:
        """What the manifest keeps of it."""
        kept = ("name", "sha256", "licence", "attribution", "collection", "speaker", "language")
        return {key: value for key in kept if (value := getattr(self, key))}


def sources_of(
    material: Material, role: Role, context: DatasetContext, where: str, problems: list[str]
) -> list[Source]:
    """The recordings of ``material``, hashed; what is wrong is added to ``problems`` with ``where`` in front."""
    try:
        if material.dataset is not None:
            listed = _of_set(material, role, context)
        elif material.manifest is not None:
            listed = _of_manifest(material, context)
        else:
            listed = _of_folder(material, context, where)
    except (DatasetError, ConfigError) as error:
        problems += [line if line.startswith(where) else f"{where}: {line}" for line in str(error).splitlines()]
        return []
    chosen = sample_ids([source.name for source in listed], material.limit, material.seed)
    found = []
    for source in listed:
        if source.name not in chosen:
            continue
        try:
            hashed = source if source.sha256 else replace(source, sha256=sha256_of(source.path))
            if hashed.length <= 0:
                raise AudioError(f"{source.path}: the file holds no samples.")
            found.append(hashed)
        except (AudioError, OSError) as error:
            problems.append(f"{where}: {error} Replace the file, or exclude it.")
    return found


def _of_folder(material: Material, context: DatasetContext, where: str) -> list[Source]:
    root = context.folder(str(material.path), where)
    names = matching(root, material.include, material.exclude, where)
    return [_source(material, name, root / name, {"attribution": _beside(root / name)}) for name in names]


def _beside(file: Path) -> str:
    """The attribution in a text file beside the recording, as some collections have it: ``hall.attribution.txt``."""
    text = file.with_suffix(".attribution.txt")
    return " ".join(text.read_text(encoding="utf-8", errors="replace").split()) if text.is_file() else ""


def _of_set(material: Material, role: Role, context: DatasetContext) -> list[Source]:
    from bench.datasets.known import recordings_of

    known, recordings = recordings_of(str(material.dataset), context, material.subset, material.path)
    if known.role != role:
        raise ConfigError(
            f"{known.name} holds {known.role}, expected a set of {role}; `codecbench data list` shows them."
        )
    of_set = {"attribution": known.attribution, "language": known.languages[0] if len(known.languages) == 1 else ""}
    return [
        _source(
            material, one.id, one.path, of_set | {key: value for key, value in one.attributes.items() if value},
            licence=one.licence or known.licence, collection=known.name,
        )
        for one in recordings
    ]  # fmt: skip


def _of_manifest(material: Material, context: DatasetContext) -> list[Source]:
    file = context.resolve(str(material.manifest))
    if not file.is_file():
        raise DatasetError(f"expected a manifest at {file}, but there is no such file. {context.remedy}")
    clips = read_manifest(file)
    chosen = sample_ids([clip.id for clip in clips], material.limit, material.seed)
    found = []
    for clip in clips:
        if clip.id not in chosen:
            continue
        if is_url(clip.path):
            local = replace(clip, path=str(fetch(clip.path, clip.sha256, context.cache_dir)))
        else:
            verify(local := clip)
        found.append(
            _source(
                material, clip.id, Path(local.path), clip.attributes, clip.sha256, clip.licence,
                clip.dataset or file.parent.name, clip.start_s, clip.duration_s,
            )
        )  # fmt: skip
    return found


def _source(
    material: Material,
    name: str,
    path: Path,
    told: Mapping[str, object],
    sha256: str = "",
    licence: str = "",
    collection: str = "",
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> Source:
    """A recording; what is not ``told`` of it is as the material says."""
    known = {key: str(value) for key in ("attribution", "speaker", "language") if (value := told.get(key)) is not None}
    return Source(
        name, path, sha256, licence or material.licence, known.get("attribution") or material.attribution,
        known.get("speaker") or _speaker(material, name), known.get("language") or material.language, collection,
        start_s, duration_s,
    )  # fmt: skip


def _speaker(material: Material, name: str) -> str:
    found = re.search(material.speaker, name) if material.speaker else None
    return (found[1] if found.re.groups else found[0]) if found else ""
