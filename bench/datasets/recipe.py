"""The recipe of noisy-reverberant speech: its options and its materials, checked before anything is mixed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, FiniteFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from bench import audio
from bench.audio import Audio
from bench.datasets import rooms
from bench.datasets.base import AUDIO_FILES, DatasetContext, Options, find_files, sha256_of
from bench.datasets.mixing import Samples
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


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError("expected (lowest, highest)")
    return limits


Range = Annotated[tuple[FiniteFloat, FiniteFloat], AfterValidator(_ascending)]
Seconds = Annotated[float, Field(ge=0.1, le=10.0)]


class Recordings(Options):
    """A folder of recordings; globs as in the loader ``folder``."""

    path: str
    include: tuple[str, ...] = AUDIO_FILES
    exclude: tuple[str, ...] = ()
    licence: str = "not stated"


class Recipe(Options):
    """The options of :func:`bench.datasets.noisy_reverberant.noisy_reverberant`, presets filled in."""

    speech: Recordings
    noise: Recordings | Literal["simulated"]
    rooms: Recordings | Literal["simulated"]
    count: PositiveInt
    seed: NonNegativeInt
    sample_rate: int = Field(ge=audio.MIN_RATE, le=audio.MAX_RATE)
    channels: Literal[1, 2]
    duration_s: PositiveFloat | None = Field(allow_inf_nan=False)
    snr_db: Range
    rt60_s: Annotated[tuple[Seconds, Seconds], AfterValidator(_ascending)]
    reverberation_probability: float = Field(ge=0, le=1)
    gain_db: Range
    level_dbfs: float | None = Field(le=0, ge=-80)
    preset: Literal["encodec"] | None

    @model_validator(mode="after")
    def _can_be_simulated(self) -> Recipe:
        if self.rooms == "simulated" and self.rt60_s[0] < rooms.SHORTEST_S:
            raise ValueError(f"rt60_s: simulated rooms go down to {rooms.SHORTEST_S:g} s, got {self.rt60_s[0]:g} s")
        return self


@dataclass(frozen=True)
class Source:
    """A recording that clips are made of; ``name`` is its path below its folder."""

    name: str
    path: Path
    sha256: str

    @cached_property
    def info(self) -> audio.AudioInfo:
        return audio.info(self.path)


@dataclass(frozen=True)
class RecordedRoom:
    """A measured impulse response at the recipe's rate, and its RT60 (None where noise hides it)."""

    source: Source
    response: Samples
    rt60_s: float | None


@dataclass(frozen=True)
class Materials:
    """What the recipe names, found. ``noise`` and ``rooms`` are empty where they are simulated."""

    speech: list[Source]
    noise: list[Source]
    rooms: list[RecordedRoom]

    @classmethod
    def find(cls, recipe: Recipe, context: DatasetContext, dataset: str) -> Materials:
        """Look for every recording; one DatasetError with all problems of all three folders."""
        problems: list[str] = []
        found = {
            key: _sources(getattr(recipe, key), context, dataset, key, problems) for key in ("speech", "noise", "rooms")
        }
        measured: list[RecordedRoom] = []
        for source in found["rooms"]:
            try:
                measured.append(_measured(source, recipe))
            except (AudioError, ValueError) as error:
                problems.append(f"dataset {dataset!r}, rooms: {source.path}: {error}")
        materials = cls(found["speech"], found["noise"], measured)
        if measured and recipe.reverberation_probability > 0 and not materials.rooms_of(recipe):
            problems.append(
                f"dataset {dataset!r}, rooms: none has an RT60 from {recipe.rt60_s[0]:g} s to {recipe.rt60_s[1]:g} s. "
                f"There are: {'; '.join(map(_described, measured))}. Widen rt60_s, or use rooms: simulated."
            )
        if problems:
            raise DatasetError("\n".join(problems))
        return materials

    def rooms_of(self, recipe: Recipe) -> list[RecordedRoom]:
        """The rooms whose RT60 is in the recipe's range."""
        low, high = recipe.rt60_s
        return [room for room in self.rooms if room.rt60_s is not None and low <= room.rt60_s <= high]

    @property
    def hashes(self) -> dict[str, list[tuple[str, str]]]:
        """Name and content of every recording."""
        sources = {"speech": self.speech, "noise": self.noise, "rooms": [room.source for room in self.rooms]}
        return {key: [(source.name, source.sha256) for source in listed] for key, listed in sources.items()}


def _sources(
    spec: Recordings | str, context: DatasetContext, dataset: str, key: str, problems: list[str]
) -> list[Source]:
    if isinstance(spec, str):
        return []
    try:
        root = context.folder(spec.path, f"dataset {dataset!r}, {key}")
    except DatasetError as error:
        problems.append(str(error))
        return []
    files = find_files(root, spec.include, spec.exclude)
    if not files:
        problems.append(f"dataset {dataset!r}, {key}: no file below {root} matches {', '.join(spec.include)}.")
    found = []
    for file in files:
        try:
            source = Source(file.relative_to(root).as_posix(), file, sha256_of(file))
            if not source.info.length:
                raise AudioError(f"{file}: the file holds no samples.")
            found.append(source)
        except (AudioError, OSError) as error:
            problems.append(f"dataset {dataset!r}, {key}: {error} Replace the file, or exclude it.")
    return found


def _measured(source: Source, recipe: Recipe) -> RecordedRoom:
    recorded = audio.read(source.path)
    recorded = Audio(recorded.samples[: recipe.channels], recorded.rate)
    rt60_s = rooms.reverberation_time_s(recorded.samples.astype(np.float64), recorded.rate)
    response = recorded.at(recipe.sample_rate).samples.astype(np.float64)
    return RecordedRoom(source, rooms.normalised(rooms.without_delay(response)), rt60_s)


def _described(room: RecordedRoom) -> str:
    return f"{room.source.name} " + ("noise-limited" if room.rt60_s is None else f"{room.rt60_s:.2f} s")
