"""Hugging Face datasets: the files as they are in it, never decoded and coded again."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.audio import Audio
from bench.datasets.base import DatasetContext, checks_options, sample_ids
from bench.datasets.cutting import Cut, Duration, Moment, cut_all
from bench.datasets.extracted import keep, keep_samples
from bench.datasets.hub import Opened, open_dataset
from bench.datasets.progress import with_progress
from bench.datasets.sampling import Limit, Seed
from bench.domain import Category, Clip
from bench.errors import ConfigError, DatasetError
from bench.wording import listed


@checks_options
def huggingface(
    name: str,
    context: DatasetContext,
    category: Category,
    path: str,
    config: str | None = None,
    split: str | None = None,
    revision: str | None = None,
    audio: str | None = None,
    id: str | None = None,  # noqa: A002 - the option's name in a configuration
    attributes: Sequence[str] | None = None,
    streaming: bool = False,
    start_s: Moment = 0.0,
    duration_s: Duration = None,
    lead_in_s: Moment = 0.0,
    limit: Limit = None,
    seed: Seed = 0,
    licence: str = "",
) -> list[Clip]:
    """The rows of a split of a Hugging Face dataset, each as one clip: ``name/split/row``.

    Files that the dataset points to are used where they are; the bytes of files that it holds are written to the cache
    folder as they are. Samples that it holds as an array become a WAV file of 32-bit floats, and the attribute
    ``written_from: array`` says so. A row whose audio is missing or unreadable is a clip with a rate of 0.

    Args:
        path: a folder (of ``save_to_disk``, Parquet or Arrow files, an audio folder), else an id of the hub.
        config: configuration of the dataset, such as ``clean``.
        split: such as ``test``; needed where there are several.
        revision: of a dataset of the hub: a tag or a commit.
        audio: its column; default: the only one that holds audio.
        id: column whose values name the clips; default: the row's number.
        attributes: columns that become attributes; default: every column of texts, numbers or truth values.
        streaming: take the first ``limit`` rows and fetch no more than these; ``seed`` chooses nothing then.
        start_s: where the judged part starts.
        duration_s: its longest duration.
        lead_in_s: seconds before ``start_s`` that are coded too.
        limit: that many clips, chosen by ``seed``.
        licence: of the recordings; default: what the dataset says.
    Raises:
        ConfigError: options of the wrong kind, all of them, or ``streaming`` without ``limit``.
        DatasetError: no such dataset, split or column, ids that come twice, or audio that ends before ``start_s``.
    """
    if streaming and not limit:
        raise ConfigError(f"dataset {name!r}: streaming takes the first rows; say with `limit` how many.")
    what = f"dataset {name!r}"
    opened = open_dataset(what, path, config, split, revision, streaming, context)
    column = _audio_column(what, opened, audio)
    columns = _attribute_columns(what, opened, column, attributes)
    opened = opened.with_original_files(column)
    count = limit if streaming and limit else opened.count
    ids = [f"{name}/{opened.split}/{label}" for label in _labels(what, opened, id, count)]
    taken = sample_ids(ids, limit, seed)
    files: dict[str, tuple[Path, dict[str, Any]]] = {}
    chosen = ((one, row) for row, one in enumerate(ids) if one in taken)
    for one, row in with_progress(opened.rows(chosen), len(taken), f"extracting {name}"):
        file, notes = _file(f"{what}: {one}", row[column], opened, context.cache_dir)
        files[one] = file, {key: _plain(opened, key, row[key]) for key in columns} | notes
    how = Cut(category, start_s, duration_s, lead_in_s, licence or opened.licence)
    return cut_all(name, files, how, context.cache_dir)


def _audio_column(what: str, opened: Opened, asked: str | None) -> str:
    if asked is not None:
        if asked in opened.columns:
            return asked
        raise DatasetError(f"{what}, audio: there is no column {asked!r}; there are {', '.join(opened.columns)}.")
    found = [name for name, kind in opened.columns.items() if kind in ("audio", "array")]
    if len(found) == 1:
        return found[0]
    got = f"{len(found)}: {', '.join(found)}" if found else f"none of {', '.join(opened.columns)}"
    raise DatasetError(f"{what}: expected one column with audio, got {got}; name it with `audio`.")


def _attribute_columns(what: str, opened: Opened, audio: str, asked: Sequence[str] | None) -> list[str]:
    if asked is None:
        return [name for name, kind in opened.columns.items() if kind == "plain" and name != audio]
    if absent := [name for name in asked if name not in opened.columns]:
        raise DatasetError(
            f"{what}, attributes: there is no column {listed(absent)}; there are {', '.join(opened.columns)}."
        )
    return list(asked)


def _labels(what: str, opened: Opened, column: str | None, count: int) -> list[str]:
    """What names each of ``count`` rows in ids."""
    if column is None:
        return [f"{row:06}" for row in range(count)]
    if column not in opened.columns:
        raise DatasetError(f"{what}, id: there is no column {column!r}; there are {', '.join(opened.columns)}.")
    labels = [str(value) for value in opened.values(column, count)]
    if twice := [label for label, times in Counter(labels).items() if times > 1]:
        raise DatasetError(
            f"{what}, id: the column {column!r} names rows more than once: {listed(twice)}. Name "
            "another, or leave `id` out."
        )
    return labels


def _file(what: str, value: Any, opened: Opened, cache_dir: Path) -> tuple[Path, dict[str, Any]]:
    """The file of one row, and what its clip should say about it."""
    if isinstance(value, str):
        value = {"path": value}
    if not isinstance(value, Mapping):
        return opened.root / "no audio in this row", {}
    if value.get("bytes") is not None:
        path, _ = keep(value["bytes"], value.get("path") or "", cache_dir)
        return path, {}
    if value.get("array") is not None:
        rate = value.get("sampling_rate")
        if not rate:
            raise DatasetError(f"{what}: expected a sampling_rate beside the array, got none; add it to the dataset.")
        return keep_samples(Audio(_samples(what, value["array"]), int(rate)), cache_dir), {"written_from": "array"}
    name = value.get("path") or "no audio in this row"
    if re.match(r"\w+://", name):
        path, _ = keep(opened.fetched(name), name.split("::")[0], cache_dir)
        return path, {}
    return opened.root / name, {}


def _samples(what: str, array: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Shape ``(channels, samples)``; integers of 16 bits are scaled to [-1, 1), other integers have no known scale."""
    samples = np.atleast_2d(np.asarray(array))
    if samples.dtype == np.int16:
        samples = samples / 32768
    if samples.ndim != 2 or not np.issubdtype(samples.dtype, np.floating):
        raise DatasetError(
            f"{what}: expected samples as numbers with a point, of shape (samples,) or (channels, samples), got "
            f"{samples.dtype} of shape {samples.shape}."
        )
    return samples.astype(np.float32)


def _plain(opened: Opened, column: str, value: Any) -> Any:
    """``value`` as JSON holds it: names of classes for their numbers, null for NaN, text for all that is strange."""
    names = opened.classes.get(column)
    if names and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
