"""From what a user names (a dataset, a folder, a manifest, a configuration) to clips."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from bench import config as config_module
from bench import datasets
from bench.config import RunConfig
from bench.datasets.base import DatasetContext
from bench.domain import Category, Clip
from bench.errors import ConfigError, DatasetError
from bench.registry import nearest
from bench.storage import Place, absolute, is_file, is_folder, is_remote, is_url, place, read_bytes
from bench.untrusted import parse_json

MANIFEST = "manifest.jsonl"


def cache_folder(cache: str | os.PathLike[str] | Place | None = None) -> Place:
    """Where bitstreams are kept: ``cache``, ``CODECBENCH_CACHE``, else the platform's folder."""
    from platformdirs import user_cache_path

    chosen = cache or os.environ.get("CODECBENCH_CACHE")
    return absolute(place(chosen)) if chosen else user_cache_path("codecbench")


def local_cache_folder(cache: str | os.PathLike[str] | Place | None = None) -> Path:
    """Where built datasets and what is known of this machine are kept: a cache at a URL leaves them in the platform's
    folder.
    """
    from platformdirs import user_cache_path

    chosen = cache_folder(cache)
    return user_cache_path("codecbench") if is_remote(chosen) else chosen


def dataset_context(
    data: str | os.PathLike[str] | Place | None = None, cache: str | os.PathLike[str] | Place | None = None
) -> DatasetContext:
    """Where datasets look: ``data``, else ``CODECBENCH_DATA``, else the current folder."""
    data = data or os.environ.get("CODECBENCH_DATA")
    return DatasetContext(data_dir=place(data) if data else None, cache_dir=local_cache_folder(cache) / "datasets")


def load_config(config: str | os.PathLike[str] | Mapping[str, object] | RunConfig) -> tuple[RunConfig, str]:
    """``config`` parsed, and its text."""
    if isinstance(config, RunConfig):
        return config, config.model_dump_json(indent=2)
    if isinstance(config, Mapping):
        return config_module.parse(config), repr(dict(config))
    return config_module.load(config)


def clips_of_config(config: RunConfig, context: DatasetContext) -> list[Clip]:
    """The clips of all datasets of a configuration.

    Raises:
        DatasetError: with the problems of every dataset.
    """
    clips: list[Clip] = []
    problems: list[str] = []
    for index, item in enumerate(config.datasets):
        name = item.name or item.loader
        try:
            clips += _made(item.loader, {"name": name, **item.options}, context)
        except (DatasetError, ConfigError) as error:
            problems += [f"datasets[{index}] ({name}): {line}" for line in str(error).splitlines()]
    ids = [clip.id for clip in clips]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    problems += [f"clip {one!r} is in two datasets; give the datasets different names." for one in twice]
    if problems:
        raise DatasetError("\n".join(problems))
    if not clips:
        raise DatasetError(
            "datasets: expected clips, but none of them holds any "
            f"({', '.join(item.name or item.loader for item in config.datasets)}). Correct their options."
        )
    return clips


def clips_of(what: str, context: DatasetContext, category: Category = "speech") -> list[Clip]:
    """The clips of ``what``: a folder, a manifest (``.jsonl``), a configuration, or the name of a dataset.

    A folder that holds ``manifest.jsonl`` is that manifest.

    Args:
        category: of the files of a folder, which does not say; everything else does.
    Raises:
        ConfigError: nothing is called that.
        DatasetError: it is not there, or broken.
    """
    path, name = _place(what), name_of(what)
    if is_folder(path):
        return _made("folder", {"name": name, "path": str(path), "category": category}, context)
    if path.suffix == ".jsonl":
        return _made("manifest", {"name": name, "path": str(path)}, context)
    if path.suffix in (".yaml", ".yml") or what in config_module.shipped():
        return clips_of_config(load_config(what)[0], context)
    known = datasets.registry.entries()
    if what in known or (all(what.partition(":")) and "/" not in what):
        return _made(what, {"name": what}, context)
    if is_file(path):
        raise ConfigError(
            f"{what}: expected a folder, a manifest (.jsonl), a configuration (.yaml) or the name of a dataset, got a "
            f"single file. Give the folder it lies in: {path.parent}"
        )
    raise ConfigError(
        f"{what}: expected a folder, a manifest (.jsonl), a configuration (.yaml) or the name of a dataset, and it is "
        f"none.{nearest(what, [*known, *config_module.shipped()])} `codecbench data list` shows the names."
    )


def name_of(what: str) -> str:
    """What the clips of ``what`` are called together: its name, but that of its dataset where it is a set's manifest.

    A manifest that is called ``manifest.jsonl`` has its dataset's name where its clips are of one, else its folder's.
    """
    path = _place(what)
    if path.name != MANIFEST:
        return path.name if is_folder(path) else path.stem
    names = set()
    try:
        for line in read_bytes(path).decode().splitlines():
            names.add(str(parse_json(line)["dataset"]) if line.strip() else "")
    except (OSError, ValueError, KeyError, TypeError):  # whoever reads the manifest says what is wrong with it
        names.clear()
    names.discard("")
    return names.pop() if len(names) == 1 else path.parent.name


def _place(what: str) -> Place:
    """The URL or absolute path that ``what`` may be; of a folder with a manifest, that."""
    path = place(what) if is_url(what) else Path(os.path.abspath(Path(what).expanduser()))  # noqa: PTH100
    return path / MANIFEST if is_file(path / MANIFEST) else path


def _made(loader: str, options: Mapping[str, object], context: DatasetContext) -> list[Clip]:
    clips: list[Clip] = datasets.make(loader, {"context": context, **options})
    return clips
