"""A run as text: YAML to RunConfig. All problems are found at once, each with its file and key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, field_validator, model_validator

from bench import codecs, datasets, metrics
from bench.audio import MAX_RATE, MIN_RATE
from bench.domain import Condition
from bench.errors import CodecbenchError, ConfigError, MissingRequirement, UnknownName
from bench.metrics import sets
from bench.models.device import Name as DeviceName
from bench.paths import shipped_configurations
from bench.registry import nearest
from bench.untrusted import parse_yaml
from bench.wording import key_of


class CodecConfig(BaseModel):
    """One codec at some bitrates. In YAML a bare name stands for ``{name: ...}``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """A codec of `codecbench list codecs`, or package.module:Class."""
    bitrates_bps: list[PositiveInt] = Field(default_factory=list)
    """Bitrates in bit/s, each a condition; for codecs that have bitrates to choose."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of the codec; docs/codecs.md has them."""
    label: str = ""
    """What it is called in tables and folders; needed where one codec is there with different options."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    def conditions(self) -> list[Condition]:
        rates: list[int | None] = [*self.bitrates_bps] or [None]
        return [Condition(self.name, rate, self.options, self.label) for rate in rates]


class DatasetConfig(BaseModel):
    """One dataset. Besides ``loader`` and ``name``, the keys are the loader's own."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    loader: str
    """A loader of `codecbench list datasets`, or a set of `codecbench data list`; the other keys are its options."""
    name: str = ""
    """What the dataset is called, the prefix of its clips; default: the loader's name."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        return {"loader": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class RunConfig(BaseModel):
    """Everything that decides what a run measures. ``workers`` and ``num_gpus`` change no table."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str = Field(pattern=r"^\w[\w.-]*$")
    """Of the run, and of its folder below results/runs."""
    description: str = ""
    """A sentence for the report."""
    datasets: list[DatasetConfig] = Field(min_length=1)
    """Where the clips come from."""
    codecs: list[CodecConfig] = Field(min_length=1)
    """What codes them; codecs at bitrates, and controls such as passthrough and lowpass_3500."""
    metrics: list[str] = Field(default_factory=lambda: ["core"], min_length=1)
    """Quantities of `codecbench list metrics`, or groups of them: core, signal, mos, semantic, all."""
    set_measures: list[str] = Field(default_factory=list)
    """Measures of all clips of a category together, of `codecbench list sets`."""
    sample_rate: int | None = Field(default=None, ge=MIN_RATE, le=MAX_RATE)
    """Hz; every clip is converted before it becomes the reference. Default: each as it is."""
    channels: Literal[1, 2] | None = None
    """1 mixes every clip to mono, 2 makes it stereo, before it becomes the reference. Default: each as it is."""
    band_limited: Literal["exclude", "include"] = "exclude"
    """Clips whose content ends below the band of a codec: leave them out of its means, or only mark them."""
    seed: int = Field(default=0, ge=0)
    """Of every random choice that has no seed of its own."""
    cell_timeout_s: float = Field(default=600.0, gt=0)
    """Seconds that a step of a cell may take; then it is tried once more, and then it is a failed row."""
    workers: int | None = Field(default=None, ge=1)
    """How many processes measure, where the command does not say. Default: one for each core."""
    device: DeviceName = "cpu"
    """Where networks of codecs compute: cpu, cuda, or auto, which is cuda where the driver has it."""
    metrics_device: DeviceName = "cpu"
    """Where networks of metrics compute: cpu, cuda, or auto."""
    num_gpus: float = Field(default=0.0, ge=0)
    """GPUs of workers that only code, beside those that measure; with device cuda."""
    batch_seconds: float = Field(default=0.0, ge=0)
    """Seconds of audio that a network takes at once; 0: one clip at a time. On cuda it is part of the identity."""

    @field_validator("metrics", "set_measures", mode="before")
    @classmethod
    def _one_name(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @property
    def conditions(self) -> list[Condition]:
        return [condition for codec in self.codecs for condition in codec.conditions()]

    @property
    def quantities(self) -> list[str]:
        """Names of the quantities to measure, in the order of the metric table; groups such as ``core`` resolved."""
        chosen, known = metrics.expand(self.metrics), metrics.names()
        return [name for name in known if name in chosen] + [name for name in chosen if name not in known]


def load(path: str | os.PathLike[str]) -> tuple[RunConfig, str]:
    """The configuration in a YAML file, and its text.

    ``path`` may also be the name of a configuration that comes with codecbench, such as ``demo``.

    Raises:
        ConfigError: with every problem: ``file, key: what, expected, got``.
    """
    file = find(path)
    data, text = mapping_of(file)
    if "conditions" in data and "codecs" not in data and "datasets" not in data:
        raise ConfigError(
            f"{file}: this describes a listening test, no run. Build it from runs: "
            f"codecbench listen build RUN... {path}"
        )
    if "loader" in data and "codecs" not in data:
        raise ConfigError(f"{file}: this is the recipe of a dataset, no run. Build it: codecbench data build {path}")
    return parse(data, str(file)), text


def mapping_of(file: Path, keys: str = "datasets and codecs") -> tuple[dict[str, Any], str]:
    """The mapping in a YAML file, and the file's text; ``keys`` are examples for who gives none.

    Raises:
        ConfigError: it cannot be read, is no YAML, gives a key twice, or holds something else than a mapping.
    """
    try:
        text = file.read_text(encoding="utf-8")
        data = parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"{file}: not valid YAML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}).") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{file}: expected keys such as {keys}, got {type(data).__name__}.")
    return data, text


def parse(data: Mapping[str, Any], where: str = "configuration") -> RunConfig:
    """The configuration in ``data``, checked for names, options and bitrates too."""
    problems: list[str] = []
    config = None
    try:
        config = RunConfig.model_validate(data)
    except ValidationError as error:
        problems += [described(problem, RunConfig, {"codecs": CodecConfig}) for problem in error.errors()]
    problems += _unknown_names(data)
    if config is not None:
        problems += _impossible(config)
    if problems:
        raise ConfigError([f"{where}, {problem}" for problem in dict.fromkeys(problems)])
    assert config is not None
    return config


def shipped() -> dict[str, Path]:
    """The configurations of runs that come with codecbench, by name; recipes and listening tests are none."""
    others = {*shipped_recipes(), *shipped_tests()}
    return {name: path for name, path in _shipped_files().items() if name not in others}


def shipped_recipes() -> dict[str, Path]:
    """The recipes of datasets that come with codecbench, by name: files with a ``loader`` of their own."""
    return _shipped_with("loader:")


def shipped_tests() -> dict[str, Path]:
    """The listening tests that come with codecbench, by name: files with ``conditions``."""
    return _shipped_with("conditions:")


def _shipped_with(key: str) -> dict[str, Path]:
    found = _shipped_files().items()
    return {name: path for name, path in found if f"\n{key}" in f"\n{path.read_text(encoding='utf-8')}"}


def _shipped_files() -> dict[str, Path]:
    return {path.stem: path for path in shipped_configurations()}


def find(path: str | os.PathLike[str]) -> Path:
    """The file at ``path``, or the shipped configuration of that name."""
    file = Path(path)
    if file.is_file():
        return file
    known = shipped()
    there = known | shipped_tests()  # what is no run says so when it is loaded
    if file.name in there and len(file.parts) == 1:
        return there[file.name]
    near = nearest(file.stem, known)
    raise ConfigError(f"{path}: no such configuration file.{near} Shipped with codecbench: {', '.join(known)}.")


def described(problem: Mapping[str, Any], top: type[BaseModel], parts: Mapping[str, type[BaseModel]]) -> str:
    """A problem that pydantic found: its key, what is wrong there, what was got.

    Args:
        top: the model that was asked for.
        parts: the models of what stands below some of its keys.
    """
    location = [part for part in problem["loc"] if not str(part).startswith(("list[", "literal["))]
    key = key_of(location)
    if problem["type"] == "extra_forbidden":
        known = (parts[location[0]] if len(location) > 1 else top).model_fields
        return f"{key}: unknown key.{nearest(str(location[-1]), known)} Known: {', '.join(known)}."
    if problem["type"] == "missing":
        return f"{key}: this key is required."
    message, got = problem["msg"].removeprefix("Value error, "), problem.get("input")
    if problem["type"] == "value_error" and isinstance(got, dict):
        return f"{key}: {message}."
    return f"{key}: {message[0].lower()}{message[1:]}, got {got!r}."


def _unknown_names(data: Mapping[str, Any]) -> list[str]:
    """Names that no registry knows; looked up in the raw data, so that they show even beside other problems."""
    problems = []
    for section, key, registry in (
        ("datasets", "loader", datasets.registry),
        ("codecs", "name", codecs.registry),
    ):
        for index, item in enumerate(_listed(data.get(section))):
            name = item.get(key) if isinstance(item, dict) else item
            if isinstance(name, str):
                problems += _problems_of(f"{section}[{index}].{key}", lambda name=name, r=registry: r.load(name))
    for index, name in enumerate(_listed(data.get("metrics", "core"))):
        if isinstance(name, str):
            problems += _problems_of_metrics(f"metrics[{index}]", name)
    for index, name in enumerate(_listed(data.get("set_measures"))):
        if isinstance(name, str):
            problems += _problems_of(f"set_measures[{index}]", lambda name=name: sets.make(name))
    return problems


def _impossible(config: RunConfig) -> list[str]:
    """Options and bitrates that a codec or loader does not have, and conditions given twice."""
    problems = []
    for index, dataset in enumerate(config.datasets):
        try:
            wrong = datasets.registry.option_problems(dataset.loader, ["name", "context", *dataset.options])
        except CodecbenchError:
            continue  # an unknown loader is reported with the names
        problems += [f"datasets[{index}]: {problem}" for problem in wrong]
    for index, item in enumerate(config.codecs):
        key = f"codecs[{index}]"
        try:
            codec = codecs.make(item.name, item.options)
        except UnknownName:
            continue  # reported with the names
        except CodecbenchError as error:
            problems += [f"{key}.options: {line}" for line in str(error).splitlines()]
            continue
        if item.bitrates_bps and not codec.takes_bitrate:
            problems.append(f"{key}.bitrates_bps: {item.name} has no bitrate to choose; leave the key out.")
        elif codec.takes_bitrate and not item.bitrates_bps:
            usual = ", ".join(map(str, codec.bitrates_bps))
            problems.append(f"{key}.bitrates_bps: {item.name} needs at least one bitrate in bit/s, such as {usual}.")
        else:
            rates = codec.sample_rates or (48_000,)
            channels = codec.channels or (1, 2)
            for position, bitrate in enumerate(item.bitrates_bps):
                refusals = [codec.refusal(bitrate, rate, count) for rate in reversed(rates) for count in channels]
                if all(refusals):
                    problems.append(f"{key}.bitrates_bps[{position}]: {refusals[0]}")
        if item.name in codecs.DESCRIBED and not item.label:
            problems.append(f"{key}.label: {item.name} needs a label, its name in tables and folders.")
    series: dict[str, list[object]] = {}
    for condition in config.conditions:
        made = series.setdefault(condition.series, [])
        if (what := [condition.codec, dict(condition.options)]) not in made:
            made.append(what)
    problems += [
        f"codecs: {len(made)} different codecs would be one curve called {name}; give them different labels."
        for name, made in series.items()
        if len(made) > 1
    ]
    ids = [condition.id for condition in config.conditions]
    problems += [
        f"codecs: condition {name} is there {ids.count(name)} times; give the codecs different labels."
        for name in dict.fromkeys(ids)
        if ids.count(name) > 1
    ]
    return problems


def _problems_of_metrics(key: str, name: str) -> list[str]:
    """What is wrong with a quantity, or with a group of them: one line for all that is not installed."""
    missing: dict[str, str] = {}
    others = []
    quantities = metrics.expand([name])
    for quantity in quantities:
        try:
            metrics.make([quantity])
        except MissingRequirement as error:
            missing[quantity] = str(error)
        except CodecbenchError as error:
            others.append(f"{key}: {error}")
    if len(missing) < 2:
        return [*others, *(f"{key}: {text}" for text in missing.values())]
    remedies = dict.fromkeys(text.partition("To get it: ")[2] or text for text in missing.values())
    here = ", ".join(quantity for quantity in quantities if quantity not in missing)
    advice = f" Or name those that work here: {here}." if here else ""
    return [*others, f"{key}: {name} holds {', '.join(missing)}. To get them: {'; '.join(remedies)}.{advice}"]


def _problems_of(key: str, check: Any) -> list[str]:
    try:
        check()
    except CodecbenchError as error:
        return [f"{key}: {error}"]
    return []


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
