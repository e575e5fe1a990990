"""Manifests: JSON Lines, one clip a line, with its hash, its licence and whatever else is known of it."""

from __future__ import annotations

import json
import os
import posixpath
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    ValidationError,
    model_validator,
)

from bench.datasets.base import DatasetContext, checks_options, clashes, problems_of, warn_of_clashes
from bench.datasets.by_hash import fetch, is_url
from bench.datasets.sampling import Allocation, Keys, Limit, Seed, stratified
from bench.domain import Category, Clip
from bench.errors import DatasetError
from bench.storage import Files, Place, exists, is_file, is_remote, read_bytes
from bench.storage import is_url as is_of_store
from bench.storage import place as place_of
from bench.store import write_bytes
from bench.untrusted import parse_json
from bench.wording import listed


class Line(BaseModel):
    """One line of a manifest. Keys that are none of these become the clip's attributes."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    id: str = Field(min_length=1)
    category: Category
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    sample_rate: NonNegativeInt
    channels: NonNegativeInt
    samples: NonNegativeInt
    path: str | None = Field(None, min_length=1)
    url: str | None = None
    dataset: str = ""
    licence: str = ""
    start_s: NonNegativeFloat = Field(0.0, allow_inf_nan=False)
    duration_s: PositiveFloat | None = Field(None, allow_inf_nan=False)
    lead_in_s: NonNegativeFloat = Field(0.0, allow_inf_nan=False)
    source: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Line:
        if (self.path is None) == (self.url is None):
            raise ValueError("expected either path or url")
        if self.url is not None and not is_url(self.url):
            raise ValueError("expected a url that starts with http://, https:// or file://")
        return self


@checks_options
def manifest(
    name: str,
    context: DatasetContext,
    path: str,
    category: Category | None = None,
    limit: Limit = None,
    seed: Seed = 0,
    stratify: Keys = (),
    allocation: Allocation = "equal",
) -> list[Clip]:
    """The clips of the manifest at ``path``, their ids with ``name/`` in front.

    Args:
        category: only the clips of that category.
        limit: that many of them, chosen by ``seed``.
        stratify: keys over whose values the sample is spread, see :mod:`bench.datasets.sampling`.
        allocation: ``equal`` or ``proportional``.
    Raises:
        ConfigError: options of the wrong kind, all of them; a key that no clip has.
        DatasetError: no such manifest, lines that do not fit, files that are missing or cannot be fetched; all of
            them. Hashes of local files are checked when they are measured, see :func:`bench.datasets.base.verify`.
    """
    file = context.locate(path)
    if not is_file(file):
        raise DatasetError(
            f"dataset {name!r}: expected a manifest at {file}, but there is no such file. {context.remedy}"
        )
    clips = named(read_manifest(file), name)
    if category:
        clips = [clip for clip in clips if clip.category == category]
    if not clips:
        what = f"of category {category}, got none; correct or drop `category`" if category else "in it, got none"
        raise DatasetError(f"dataset {name!r}: {file}: expected clips {what}.")
    warn_of_clashes(f"dataset {name!r}, ids of {file}", clashes(clip.id for clip in clips))
    warn_of_clashes(f"dataset {name!r}, files of {file}", clashes(clip.path for clip in clips))
    if "bandwidth" in stratify:  # it has to be measured
        clips = _fetched(clips, context.cache_dir)
    clips = stratified(clips, limit, seed, stratify, allocation, context.cache_dir)
    if absent := _absent([clip.path for clip in clips if not is_url(clip.path)], file.parent):
        raise DatasetError(
            f"dataset {name!r}: {len(absent)} of the {len(clips)} files of {file} are missing: {listed(absent)}. "
            "Paths in a manifest are relative to its folder: correct them, or put the files there."
        )
    return _fetched(clips, context.cache_dir)


def _absent(paths: Iterable[str], folder: Place) -> list[str]:
    """Those of ``paths`` that are not there; what lies below ``folder`` at a store is listed once."""
    listed_once, start = Files(folder), f"{folder}/"
    found = []
    for path in paths:
        if not is_of_store(path):
            there = Path(path).is_file()
        elif path.startswith(start):
            there = path.removeprefix(start) in listed_once
        else:
            there = exists(place_of(path))
        if not there:
            found.append(path)
    return found


def named(clips: Iterable[Clip], dataset: str) -> list[Clip]:
    """``clips`` as those of ``dataset``: its name before their ids, once."""
    return [replace(clip, dataset=dataset, id=f"{dataset}/{clip.id.removeprefix(f'{dataset}/')}") for clip in clips]


def read_manifest(path: str | os.PathLike[str] | Place) -> list[Clip]:
    """The clips of a manifest as they stand in it; paths are made absolute, a url stands in ``Clip.path``.

    The manifest may lie at a store, and so may its files; relative paths start at its folder there, too.

    Raises:
        DatasetError: lines that are no JSON object, lack a field or hold one of the wrong kind, ids that come twice;
            all of them, with their line numbers.
    """
    path = _whole(path)
    problems: list[str] = []
    clips: list[Clip] = []
    lines_of: dict[str, list[int]] = {}
    try:
        text = read_bytes(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path}: expected a manifest, UTF-8 text with a JSON object in each line; it cannot be read ({error})."
        ) from None
    folder = str(path.parent)
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            clip = _clip(line, folder)
        except ValidationError as error:
            problems += [f"{path}, line {number}: {problem}" for problem in problems_of(error)]
        except ValueError as error:
            problems.append(f"{path}, line {number}: expected a JSON object ({error}).")
        else:
            clips.append(clip)
            lines_of.setdefault(clip.id, []).append(number)
    problems += [
        f"{path}, lines {', '.join(map(str, numbers))}: expected every id once, got {clip_id!r} {len(numbers)} times."
        for clip_id, numbers in lines_of.items()
        if len(numbers) > 1
    ]
    if problems:
        raise DatasetError("\n".join(problems))
    return clips


def write_manifest(path: str | os.PathLike[str] | Place, clips: Iterable[Clip]) -> None:
    """Write ``clips`` as a manifest, whole or not at all; files below its folder get relative paths.

    A relative path of a clip is one from the current folder, as for any file that is opened.

    Raises:
        ValueError: an id that comes twice, an attribute with the name of a field, or one that JSON cannot hold.
        StoreError: the place cannot be written.
    """
    path = _whole(path)
    clips = list(clips)
    twice = [clip_id for clip_id, times in Counter(clip.id for clip in clips).items() if times > 1]
    if twice:
        raise ValueError(f"clip ids come more than once: {listed(twice)}")
    folder = str(path.parent)
    text = "".join(
        json.dumps(_record(clip, folder), sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n" for clip in clips
    )
    write_bytes(path, text.encode())


def _whole(path: str | os.PathLike[str] | Place) -> Place:
    found = place_of(path)
    return found if is_remote(found) else Path(os.path.abspath(found))  # noqa: PTH100


def _not_a_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def decode(text: str) -> Any:
    """The value in a line; ValueError where it is no JSON, or holds NaN or infinity."""
    return parse_json(text, parse_constant=_not_a_number)


def _clip(line: str, folder: str) -> Clip:
    record = decode(line)
    if not isinstance(record, dict):
        raise ValueError(f"got a {type(record).__name__}")
    entry = Line.model_validate(record)
    values = dict(entry.__dict__)  # the fields; what is none of them stands in model_extra
    path, url = values.pop("path"), values.pop("url")
    return Clip(**values, path=url or _joined(folder, path), attributes=entry.model_extra or {})


def _joined(folder: str, path: str) -> str:
    if is_of_store(path):
        return path
    if not is_of_store(folder) or path.startswith("/"):
        return os.path.abspath(os.path.join(folder, path))  # noqa: PTH100, PTH118 - a Path takes as long as the rest
    protocol, _, start = folder.partition("://")
    return f"{protocol}://{posixpath.normpath(f'{start}/{path}')}"


NAMES = tuple(field.name for field in fields(Clip) if field.name not in ("path", "attributes"))
DEFAULTS = {key: field.default for key, field in Line.model_fields.items() if not field.is_required()}


def _record(clip: Clip, folder: str) -> dict[str, Any]:
    reserved = Line.model_fields.keys() & clip.attributes.keys()
    if reserved:
        raise ValueError(f"{clip.id}: attributes cannot be called {listed(sorted(reserved))}")
    values = ((name, getattr(clip, name)) for name in NAMES)
    record = {key: value for key, value in values if key not in DEFAULTS or value != DEFAULTS[key]}
    if is_url(clip.path):
        record["url"] = clip.path
    else:
        record["path"] = _relative(clip.path, folder)
    return record | dict(clip.attributes)


def _relative(path: str, folder: str) -> str:
    """``path`` relative to ``folder`` where it lies below it."""
    start = f"{folder}/"
    if path.startswith(start) and "//" not in path.removeprefix(start):
        return path[len(start) :]
    if is_of_store(path):
        return path
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else str(whole)


def _fetched(clips: list[Clip], cache_dir: Path) -> list[Clip]:
    problems: list[str] = []
    local: list[Clip] = []
    for clip in clips:
        try:
            place = str(fetch(clip.path, clip.sha256, cache_dir)) if is_url(clip.path) else clip.path
        except DatasetError as error:
            problems.append(str(error))
        else:
            local.append(replace(clip, path=place))
    if problems:
        raise DatasetError("\n".join(problems))
    return local
