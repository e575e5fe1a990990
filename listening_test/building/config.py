"""TEST.yaml: what a listening test is made of. All problems are found at once, each with its file and key."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, field_validator, model_validator

from bench.config import described, mapping_of, shipped, shipped_tests
from bench.domain import Category
from bench.errors import ConfigError
from bench.registry import nearest
from listening_test import texts
from listening_test.building.presets import LOW_ANCHOR_HZ, MID_ANCHOR_HZ, Preset, PresetName, defaults_of
from listening_test.model import Role, TestType
from listening_test.mushra import CHOICES

T = TypeVar("T")

PLACES = ("start", "middle", "loudest", "random")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ClipsConfig(_Model):
    """Which clips: ``count`` of each category, or of each dataset, that the runs hold, or of the one that is named.

    ``critical`` takes those with the largest spread between the conditions, or the worst mean, of ``quantity``.
    """

    category: Category | None = None
    """Only clips of this category."""
    dataset: str | None = None
    """Only clips of this dataset of the runs."""
    per: Literal["category", "dataset"] = "category"
    """Take `count` clips of each category, or of each dataset."""
    count: PositiveInt | None = None
    """How many; default: as many as the preset says."""
    choose: Literal["random", "critical"] = "random"
    """By seed, or those on which `quantity` tells the conditions apart."""
    quantity: str = ""
    """The measured quantity by which `choose: critical` chooses, such as visqol_audio."""
    by: Literal["spread", "worst"] = "spread"
    """With `choose: critical`: where the conditions differ most, or where they are worst."""
    ids: list[str] = Field(default_factory=list)
    """Clips by name, such as music/piano; without the other keys."""

    @model_validator(mode="after")
    def _fits(self) -> ClipsConfig:
        if (self.choose == "critical") != bool(self.quantity):
            raise ValueError("choose: critical and quantity go together, such as quantity: visqol_speech_lattice")
        if self.ids and self.model_fields_set != {"ids"}:
            raise ValueError("ids is a list of clips of its own; leave out the other keys")
        return self


class AnchorConfig(_Model):
    """A low-pass anchor. In YAML ``low`` and ``mid`` stand for the two of the standard."""

    name: str = Field(pattern=r"^\w[\w.,=+@-]*$")
    """What it is called in the results."""
    cutoff_hz: int = Field(ge=500, le=20_000)
    """Where its low-pass ends, in Hz."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: object) -> object:
        if isinstance(value, str):
            if value not in STANDARD_ANCHORS:
                raise ValueError("expected low, mid, or a mapping such as {name: anchor_10k, cutoff_hz: 10000}")
            return STANDARD_ANCHORS[value]
        return value

    @property
    def role(self) -> Role:
        return {LOW_ANCHOR_HZ: "low_anchor", MID_ANCHOR_HZ: "mid_anchor"}.get(self.cutoff_hz, "anchor")  # type: ignore[return-value]


STANDARD_ANCHORS = {
    "low": {"name": "low_anchor", "cutoff_hz": LOW_ANCHOR_HZ},
    "mid": {"name": "mid_anchor", "cutoff_hz": MID_ANCHOR_HZ},
}


class TrainingConfig(_Model):
    """Trials that come first and never count: a number of clips, or which."""

    count: int | None = Field(default=None, ge=0)
    """How many clips; default: of the preset."""
    ids: list[str] = Field(default_factory=list)
    """Clips by name."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"count": value}
        return {"ids": value} if isinstance(value, list) else value


class BlocksConfig(_Model):
    """How much one listener gets, where everything is too much; see :func:`listening_test.design.block_of`."""

    systems_per_trial: PositiveInt | None = None
    """Systems on one page; the others come on another page. MUSHRA only."""
    trials_per_listener: PositiveInt | None = None
    """Trials that one listener gets."""


class QuestionConfig(_Model):
    """A question of the questionnaire; ``text`` in the first language, or by language."""

    id: str = Field(pattern=r"^\w+$")
    """Of its column in the results."""
    text: str | dict[str, str]
    """The question in the first language, or one for each language."""
    kind: Literal["text", "number", "choice", "choices"] = "text"
    """Free text, a number, one of `options`, or several of them."""
    options: list[str] = Field(default_factory=list)
    """What can be chosen."""
    required: bool = False
    """Whether it has to be answered."""
    when: Literal["before", "after"] = "before"
    """Before the first trial, or after the last."""

    @model_validator(mode="after")
    def _options_fit(self) -> QuestionConfig:
        if self.kind.startswith("choice") != bool(self.options):
            raise ValueError("options go with kind: choice or choices, and these need them")
        return self


class TestConfig(_Model):
    """Everything that decides what a test holds. Keys left out are those of the preset."""

    __test__ = False  # not a test case

    name: str = Field(pattern=r"^\w[\w.-]*$")
    """Of the test, and of its folder below results/tests."""
    title: str = ""
    """The heading that listeners see; default: the name."""
    description: str = ""
    """A sentence for the record."""
    type: TestType = "mushra"
    """MUSHRA after BS.1534-3; acr and dcr after P.800; abx and ab compare pairs."""
    preset: PresetName | None = None
    """Defaults of a MUSHRA test, and the rule by which listeners are left out afterwards; default: bs1534."""
    clips: list[ClipsConfig] = Field(default_factory=lambda: [ClipsConfig()], min_length=1)
    """Which clips of the runs are rated."""
    conditions: list[str] = Field(default_factory=lambda: ["*"], min_length=1)
    """Patterns of conditions, such as opus@*; RUN:PATTERN of one run. Controls are named in full."""
    hidden_reference: bool | None = None
    """Rate a hidden copy of the reference; default: of the type."""
    anchors: list[AnchorConfig] | None = None
    """low (3.5 kHz), mid (7 kHz), or low-passes of your own; default: of the preset."""
    against: str | None = None
    """abx and ab only: reference, each_other, or one condition."""
    excerpt_s: float | None = Field(default=None, ge=0.5, le=60)
    """Seconds of a clip that are heard; default: of the preset."""
    excerpt_at: str | float = "middle"
    """Where the excerpt is cut: start, middle, loudest, random, or a time in seconds."""
    level_match: Literal["none", "bs1770"] = "none"
    """bs1770 brings each system to the loudness of its reference; the gain is recorded."""
    item_lufs: float | None = Field(default=None, ge=-50, le=-10)
    """Brings every item to one loudness in LUFS, with one gain for all its stimuli; default: off."""
    fade_ms: float = Field(default=10.0, ge=0, le=500)
    """Fades at both ends, in ms."""
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    """Clips heard first and never counted: how many, or which."""
    blocks: BlocksConfig = Field(default_factory=BlocksConfig)
    """What one listener hears of a test that is too large for one person."""
    replicates: int = Field(default=0, ge=0)
    """Trials of each block that come a second time, to see how steady a listener is."""
    question: str = ""
    """What listeners are asked; default: the usual question of the type."""
    needs_a_hundred: bool | None = None
    """Whether one stimulus of each page has to get 100; default: of the preset."""
    minimum_ratings: int | None = Field(default=None, ge=0)
    """Ratings of each sample that are wanted; default: of the preset."""
    trials_before_break: int = Field(default=12, ge=0)
    """Trials after which a rest is offered; 0: never."""
    headphone_check: Literal["none", "stereo", "antiphase"] = "stereo"
    """A check that headphones are worn, and the right way round."""
    questionnaire: list[QuestionConfig] = Field(default_factory=list)
    """Questions to listeners."""
    languages: list[str] = Field(default_factory=lambda: ["en"], min_length=1)
    """Languages of the pages, the first one first shown."""
    texts: dict[str, str] = Field(default_factory=dict)
    """Texts of your own in place of those of the pages, such as consent."""
    seed: int = Field(default=0, ge=0)
    """Of every random choice."""

    @field_validator("clips", "conditions", mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]

    @field_validator("excerpt_at", mode="before")
    @classmethod
    def _place(cls, value: object) -> object:
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
        if not number and value not in PLACES:
            raise ValueError(f"expected {', '.join(PLACES)}, or a time in seconds")
        return value

    @field_validator("languages")
    @classmethod
    def _spoken(cls, value: list[str]) -> list[str]:
        return _served(value, tuple(value), {})

    @field_validator("texts")
    @classmethod
    def _shown(cls, value: dict[str, str]) -> dict[str, str]:
        return _served(value, (), value)

    @model_validator(mode="after")
    def _fits(self) -> TestConfig:
        names = [anchor.name for anchor in self.anchors or ()]
        questions = [question.id for question in self.questionnaire]
        pairs = self.type in CHOICES
        problems = [
            text
            for wrong, text in (
                (self.type != "mushra" and self.preset, f"preset {self.preset} is of type mushra, not {self.type}"),
                (not pairs and self.against is not None, "against belongs to the types abx and ab"),
                (
                    pairs and (self.hidden_reference or self.anchors),
                    "a test of pairs has no hidden_reference and no anchors; name what to compare `against`",
                ),
                (
                    self.type != "mushra" and self.blocks.systems_per_trial,
                    "blocks.systems_per_trial belongs to mushra; other types use blocks.trials_per_listener",
                ),
                (len(set(names)) < len(names), "two anchors have one name"),
                (
                    {"reference", "hidden_reference"} & set(names),
                    "reference and hidden_reference are the original itself; call the anchor by another name",
                ),
                (len(set(questions)) < len(questions), "two questions of the questionnaire have one id"),
            )
            if wrong
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def defaults(self) -> Preset:
        return defaults_of(self.type, self.preset)

    @property
    def all_anchors(self) -> list[AnchorConfig]:
        if self.anchors is not None:
            return self.anchors
        return [AnchorConfig.model_validate(name) for name in self.defaults.anchors]

    @property
    def with_hidden_reference(self) -> bool:
        return self.defaults.hidden_reference if self.hidden_reference is None else self.hidden_reference

    @property
    def seconds(self) -> float:
        return self.defaults.excerpt_s if self.excerpt_s is None else self.excerpt_s


def load(path: str | os.PathLike[str]) -> tuple[TestConfig, str]:
    """The configuration in a YAML file, or of that name among the shipped ones, and its text.

    Raises:
        ConfigError: with every problem: ``file, key: what, expected, got``.
    """
    file = Path(path)
    if not file.is_file():
        known = shipped_tests()
        if len(file.parts) > 1 or file.name not in known:
            kind = f"{path} is a run's configuration; " if file.name in shipped() else ""
            raise ConfigError(
                f"{path}: no such file. {kind}expected the YAML file of a listening test.{nearest(file.stem, known)} "
                f"Shipped with codecbench: {', '.join(known)}."
            )
        file = known[file.name]
    data, text = mapping_of(file, "name and conditions")
    if "codecs" in data or "datasets" in data:
        raise ConfigError(f"{file}: this describes a run, no listening test. Measure it first: codecbench run {path}")
    return parse(data, str(file)), text


def parse(data: Mapping[str, Any], where: str = "test") -> TestConfig:
    """The configuration in ``data``.

    Raises:
        ConfigError: with every problem.
    """
    try:
        return TestConfig.model_validate(data)
    except ValidationError as error:
        problems = [f"{where}, {described(problem, TestConfig, _PARTS)}" for problem in error.errors()]
        raise ConfigError(list(dict.fromkeys(problems))) from None


def _served(value: T, languages: tuple[str, ...], own: Mapping[str, str]) -> T:
    """``value``, where the pages have these languages and texts: a test is built once, and served as it is."""
    try:
        texts.check(languages, own)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("texts, ").rstrip(".")) from None
    return value


_PARTS: dict[str, type[BaseModel]] = {
    "clips": ClipsConfig,
    "anchors": AnchorConfig,
    "training": TrainingConfig,
    "blocks": BlocksConfig,
    "questionnaire": QuestionConfig,
}
