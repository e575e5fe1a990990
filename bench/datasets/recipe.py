"""The recipe of noisy-reverberant speech: its options and its materials, checked before anything is mixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    NonNegativeInt,
    PositiveInt,
    Tag,
    model_validator,
)

from bench import audio
from bench.audio import Audio
from bench.datasets import noises, rooms, shoebox
from bench.datasets.base import DatasetContext, Options
from bench.datasets.exact import Samples
from bench.datasets.levels import Range, Snr, ascending
from bench.datasets.materials import Material, Role, Source, sources_of
from bench.datasets.receivers import Spatial
from bench.errors import AudioError, DatasetError

ORDINARY: dict[str, Any] = {
    "snr_db": (0.0, 20.0),
    "rt60_s": (0.2, 1.0),
    "reverberation_probability": 1.0,
    "gain_db": (0.0, 0.0),
    "level_dbfs": None,
}

PRESETS: dict[str, dict[str, Any]] = {
    # arXiv:2210.13438, section 4.1: files normalised (it does not say to what level), random gain, reverberation.
    "encodec": {
        "gain_db": (-10.0, 6.0),
        "reverberation_probability": 0.2,
        "rt60_s": (0.3, 1.3),
        "level_dbfs": -26.0,
    },
}


Seconds = Annotated[float, Field(ge=0.1, le=10.0)]
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SimulatedNoise(Options):
    """Synthesised noise of one kind, or of any (``simulated``: all of them and babble of six talkers)."""

    kind: Literal["simulated", "pink", "speech_shaped", "hum_fan"]
    weight: Weight = 1.0


def _number_of(value: object) -> object:
    if isinstance(value, int):
        raise ValueError(f"expected the lowest and the highest number, such as [{value}, {value}]")
    return value


Talkers = Annotated[int, Field(ge=1, le=32)]


class Babble(Options):
    """So many other talkers of the speech recordings at once, the lowest and the highest number."""

    kind: Literal["babble"]
    talkers: Annotated[tuple[Talkers, Talkers], BeforeValidator(_number_of), AfterValidator(ascending)] = (
        noises.BABBLE_VOICES,
        noises.BABBLE_VOICES,
    )
    weight: Weight = 1.0


class SimulatedRooms(Options):
    """Shoebox rooms, by image sources of our own or by pyroomacoustics (mono and stereo)."""

    kind: Literal["simulated"]
    simulator: Literal["image_sources", "pyroomacoustics"] = "image_sources"
    weight: Weight = 1.0


def _several(value: object) -> list[object]:
    """One material as a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _recordings(value: object) -> object:
    items = _several(value)
    if words := [item for item in items if isinstance(item, str)]:
        raise ValueError(
            f"expected recordings; for those of a known set write {{dataset: {words[0]}}}, for a folder "
            f"{{path: {words[0]}}}"
        )
    return items


def _simulated_or(kinds: Sequence[str]) -> Callable[[object], object]:
    """A bare word is ``{kind: word}``, where it is one of ``kinds``."""

    def checked(value: object) -> object:
        items = _several(value)
        if words := [item for item in items if isinstance(item, str) and item not in kinds]:
            raise ValueError(
                f"expected {', '.join(kinds)} or recordings; for those of a known set write {{dataset: {words[0]}}}, "
                f"for a folder {{path: {words[0]}}}"
            )
        return [{"kind": item} if isinstance(item, str) else item for item in items]

    return checked


def _noise_kind(value: object) -> str:
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)
    return "recordings" if kind is None else "babble" if kind == "babble" else "simulated"


def _rooms_kind(value: object) -> str:
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)
    return "recordings" if kind is None else "simulated"


NoiseKind = Annotated[
    Annotated[Material, Tag("recordings")]
    | Annotated[Babble, Tag("babble")]
    | Annotated[SimulatedNoise, Tag("simulated")],
    Discriminator(_noise_kind),
]
RoomsKind = Annotated[
    Annotated[Material, Tag("recordings")] | Annotated[SimulatedRooms, Tag("simulated")], Discriminator(_rooms_kind)
]


NOISES = ("simulated", "babble", "pink", "speech_shaped", "hum_fan")


class Recipe(Options):
    """The options of :func:`bench.datasets.noisy_reverberant.noisy_reverberant`, presets filled in."""

    speech: Annotated[list[Material], BeforeValidator(_recordings), Field(min_length=1)]
    noise: Annotated[list[NoiseKind], BeforeValidator(_simulated_or(NOISES)), Field(min_length=1)]
    rooms: Annotated[list[RoomsKind], BeforeValidator(_simulated_or(("simulated",))), Field(min_length=1)]
    count: PositiveInt
    seed: NonNegativeInt = 0
    sample_rate: int = Field(48_000, ge=audio.MIN_RATE, le=audio.MAX_RATE)
    channels: Literal[1, 2]
    spatial: Spatial
    noise_field: Literal["any", "point", "diffuse"] = "any"
    duration_s: float | None = Field(None, ge=0.5, allow_inf_nan=False)
    snr_db: Snr
    rt60_s: Annotated[tuple[Seconds, Seconds], AfterValidator(ascending)]
    reverberation_probability: float = Field(ge=0, le=1)
    gain_db: Range
    level_dbfs: float | None = Field(le=0, ge=-80)
    bits: Literal[16, 24] = 16
    preset: Literal["encodec"] | None = None

    @model_validator(mode="after")
    def _can_be_made(self) -> Recipe:
        if self.channels != (1 if self.spatial == "mono" else 2):
            raise ValueError(f"channels: {self.spatial} clips do not have {self.channels}; leave one of the two out")
        simulated = [one for one in self.rooms if isinstance(one, SimulatedRooms)]
        if simulated and self.rt60_s[0] < rooms.SHORTEST_S:
            raise ValueError(f"rt60_s: simulated rooms go down to {rooms.SHORTEST_S:g} s, got {self.rt60_s[0]:g} s")
        if self.spatial == "binaural" and any(one.simulator == "pyroomacoustics" for one in simulated):
            raise ValueError("rooms: pyroomacoustics has no head; for binaural rooms use simulator: image_sources")
        return self


@dataclass(frozen=True)
class RecordedRoom:
    """A measured impulse response at the recipe's rate, and its RT60 (None where noise hides it)."""

    source: Source
    response: Samples
    rt60_s: float | None


@dataclass(frozen=True)
class Materials:
    """What the recipe names, found: for each entry of ``noise`` and ``rooms`` a list, empty where it is simulated."""

    speech: list[Source]
    noise: list[list[Source]]
    rooms: list[list[RecordedRoom]]

    @classmethod
    def find(cls, recipe: Recipe, context: DatasetContext, dataset: str) -> Materials:
        """Look for every recording; one DatasetError with all problems of all materials.

        Of measured rooms, those are kept whose RT60 is in the recipe's range.
        """
        problems: list[str] = []

        def found(role: Role, entry: object) -> list[Source]:
            where = f"dataset {dataset!r}, {role}"
            return sources_of(entry, role, context, where, problems) if isinstance(entry, Material) else []

        speech = [source for entry in recipe.speech for source in found("speech", entry)]
        noise = [found("noise", entry) for entry in recipe.noise]
        measured = []
        for entry in recipe.rooms:
            sources = found("rooms", entry)
            if recipe.spatial == "binaural":
                sources = _of_two_ears(sources, dataset, problems)
            measured.append(_fitting(sources, recipe, f"dataset {dataset!r}, rooms", problems))
        if problems:
            raise DatasetError("\n".join(problems))
        return cls(speech, noise, measured)

    @property
    def sources(self) -> dict[Role, list[Source]]:
        """Every recording that may be used, by what it is used as."""
        return {
            "speech": self.speech,
            "noise": [source for entry in self.noise for source in entry],
            "rooms": [room.source for entry in self.rooms for room in entry],
        }

    @property
    def hashes(self) -> dict[str, list[Any]]:
        """Name and content of every recording, entry by entry, and what else of it changes a clip."""

        def facts(sources: list[Source]) -> list[Any]:
            return [
                [one.name, one.sha256, one.speaker, one.language, one.licence, one.start_s, one.duration_s]
                for one in sources
            ]

        return {
            "speech": facts(self.speech),
            "noise": [facts(entry) for entry in self.noise],
            "rooms": [facts([room.source for room in entry]) for entry in self.rooms],
        }


def _of_two_ears(sources: list[Source], dataset: str, problems: list[str]) -> list[Source]:
    fitting = [source for source in sources if audio.info(source.path).channels == 2]
    if sources and not fitting:
        problems.append(
            f"dataset {dataset!r}, rooms: binaural clips need responses of two channels, one for each ear; none of "
            f"the {len(sources)} recordings has two. Use rooms: simulated, or spatial: stereo."
        )
    return fitting


def _fitting(sources: list[Source], recipe: Recipe, where: str, problems: list[str]) -> list[RecordedRoom]:
    measured, before = [], len(problems)
    for source in sources:
        try:
            measured.append(_measured(source, recipe))
        except (AudioError, ValueError) as error:
            problems.append(f"{where}: {source.path}: {str(error).rstrip('.')}. Exclude the file, or replace it.")
    low, high = recipe.rt60_s
    fitting = [room for room in measured if room.rt60_s is not None and low <= room.rt60_s <= high]
    if measured and not fitting and len(problems) == before and recipe.reverberation_probability > 0:
        problems.append(
            f"{where}: none has an RT60 from {low:g} s to {high:g} s. There are: "
            f"{'; '.join(map(_described, measured))}. Widen rt60_s, or use rooms: simulated."
        )
    return fitting


def _measured(source: Source, recipe: Recipe) -> RecordedRoom:
    recorded = source.read()
    recorded = Audio(recorded.samples[: recipe.channels], recorded.rate)
    rooms.require_decay(recorded.samples.astype(np.float64), recorded.rate)
    rt60_s = rooms.reverberation_time_s(recorded.samples.astype(np.float64), recorded.rate)
    response = recorded.at(recipe.sample_rate).samples.astype(np.float64)
    return RecordedRoom(source, rooms.normalised(rooms.without_delay(response)), rt60_s)


def _described(room: RecordedRoom) -> str:
    return f"{room.source.name} " + ("noise-limited" if room.rt60_s is None else f"{room.rt60_s:.2f} s")


def identities(recipe: Recipe) -> dict[str, str]:
    """What besides codecbench's own arithmetic makes samples; MissingRequirement where it is not installed."""
    made = {"resampler": audio.resampler_identity()}
    for entry in recipe.rooms:
        if isinstance(entry, SimulatedRooms):
            ours = entry.simulator == "image_sources"
            made[entry.simulator] = shoebox.IDENTITY if ours else rooms.simulator_identity()
    return made


def drawn(entries: list[Any], rng: np.random.Generator) -> int:
    """Index of one of ``entries`` by their weights; a single one takes no random number."""
    if len(entries) == 1:
        return 0
    bounds = np.cumsum([entry.weight for entry in entries])
    return int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right").clip(0, len(entries) - 1))
