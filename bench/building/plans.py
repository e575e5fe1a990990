"""From a recipe file to what is to be built: its options, its recordings, what they ask of whoever publishes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bench import config
from bench.datasets.base import DatasetContext, problems_of
from bench.datasets.manifest import read_manifest
from bench.datasets.noisy_reverberant import noisy_reverberant, recipe_key, recipe_of
from bench.datasets.recipe import Materials, Recipe
from bench.datasets.terms import Terms, combined
from bench.errors import ConfigError, DatasetError
from bench.loading import dataset_context, local_cache_folder
from bench.registry import nearest

PathText = str | os.PathLike[str]
SHA256 = re.compile(r"[0-9a-f]{64}")


class SetFile(BaseModel):
    """The keys of a recipe file besides the options of the loader.

    ``licence`` is the one you publish the set under. ``expect`` is the set's hash, or the path of a manifest beside
    the file, with which what is built is compared.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    loader: Literal["noisy_reverberant"]
    name: str = Field(pattern=r"^\w[\w.-]*$")
    title: str = ""
    description: str = ""
    licence: str = ""
    attribution: str = ""
    homepage: str = ""
    expect: str = ""

    @field_validator("expect")
    @classmethod
    def _is_a_hash_or_a_file(cls, value: str) -> str:
        if value and not SHA256.fullmatch(value) and not value.endswith(".jsonl"):
            raise ValueError("expected 64 lower-case hex digits, or the path of a manifest (.jsonl)")
        return value


@dataclass(frozen=True)
class SetPlan:
    """A set to be built: ``file`` is the recipe file, ``text`` its content, ``key`` names its samples.

    ``expected`` are the hashes of samples by id in the manifest that the recipe expects; empty where it names none.
    ``cache`` keeps what is measured of the clips for the data card.
    """

    file: Path
    text: str
    about: SetFile
    recipe: Recipe
    materials: Materials
    key: str
    expected: Mapping[str, str]
    cache: Path

    @property
    def terms(self) -> Terms:
        """Of every recording that may be used."""
        used = (source.licence for sources in self.materials.sources.values() for source in sources)
        return combined(used, self.about.licence)


def plan(path: PathText, data: PathText | None = None, cache: PathText | None = None) -> SetPlan:
    """The plan of the recipe at ``path``, or of the shipped recipe of that name.

    Raises:
        ConfigError: a recipe that cannot be read or does not fit, with all its problems.
        DatasetError: recordings that are missing or unreadable, all of them; an expected manifest that is.
    """
    file = _find(path)
    given, text = config.mapping_of(file)
    about, recipe = parse(given, str(file))
    expected = _expected(about, file)
    context: DatasetContext = dataset_context(data, cache)
    materials = Materials.find(recipe, context, about.name)
    return SetPlan(
        file, text, about, recipe, materials, recipe_key(recipe, materials), expected, local_cache_folder(cache)
    )


def _expected(about: SetFile, file: Path) -> dict[str, str]:
    if not about.expect or SHA256.fullmatch(about.expect):
        return {}
    path = file.parent / about.expect
    if not path.is_file():
        raise DatasetError(
            f"{file}, expect: expected a manifest at {path}, but there is no such file. Its path is relative to the "
            "recipe's folder."
        )
    return {clip.id: str(clip.attributes.get("samples_sha256", "")) for clip in read_manifest(path)}


def parse(given: Mapping[str, Any], where: str) -> tuple[SetFile, Recipe]:
    """The set's own keys, and the loader's options."""
    import inspect

    if "datasets" in given and "loader" not in given:
        raise ConfigError(
            f"{where}: this is the configuration of a run, not the recipe of a set. Run it with `codecbench run`; a "
            "recipe has the keys loader: noisy_reverberant, name, speech, noise, rooms and count."
        )
    try:
        about = SetFile.model_validate(given)
    except ValidationError as error:
        raise ConfigError([f"{where}, {problem}" for problem in problems_of(error)]) from None
    options = about.model_extra or {}
    known = [name for name in inspect.signature(noisy_reverberant).parameters if name not in ("name", "context")]
    if wrong := [name for name in options if name not in known]:
        keys = [*SetFile.model_fields, *known]
        raise ConfigError(
            [f"{where}, {name}: unknown key.{nearest(name, keys)} Known: {', '.join(keys)}." for name in wrong]
        )
    return about, recipe_of(about.name, **options)


def _find(path: PathText) -> Path:
    file, recipes = Path(path), config.shipped_recipes()
    if file.is_file():
        return file
    if len(file.parts) == 1 and file.name in recipes:
        return recipes[file.name]
    if file.as_posix() in (f"configs/{name}.yaml" for name in recipes):  # not in a checkout: what the docs show works
        return recipes[file.stem]
    raise ConfigError(
        f"{path}: no such recipe file.{nearest(file.stem, recipes)} Shipped with codecbench: {', '.join(recipes)}."
    )
