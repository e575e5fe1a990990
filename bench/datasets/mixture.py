"""One clip of noisy-reverberant speech from a recipe, its materials and the clip's number. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.audio import Audio
from bench.datasets import levels, mixing, receivers, rooms, shoebox
from bench.datasets.background import Background, background
from bench.datasets.exact import Samples, convolve
from bench.datasets.levels import SnrClasses
from bench.datasets.materials import Source
from bench.datasets.parts import speech_part
from bench.datasets.recipe import Materials, Recipe, SimulatedRooms, drawn

AHEAD_DEG = 90.0  # a talker without a room stands at most so far to a side


@dataclass(frozen=True)
class Mixture:
    """A mixed clip, the recording that speaks in it, and everything that was drawn and measured.

    ``speech`` and ``noise`` are what was added, shape ``(channels, samples)``, ``noise`` at its final level.
    """

    audio: Audio
    source: Source
    attributes: dict[str, Any]
    speech: Samples
    noise: Samples


@dataclass(frozen=True)
class _Heard:
    """The talker in a room, or without one."""

    samples: Samples
    attributes: dict[str, Any]
    source: Source | None = None


def mix(number: int, recipe: Recipe, materials: Materials) -> Mixture:
    """Clip ``number`` of the recipe; it depends on the seed and its number, not on how many clips there are.

    Raises:
        AudioError, DatasetError: a recording that cannot be read, or is silent.
    """
    rate = recipe.sample_rate
    seeds = np.random.SeedSequence([recipe.seed, number]).spawn(7)
    speech_rng, room_rng, noise_rng, level_rng, kind_rng, place_rng, course_rng = map(np.random.default_rng, seeds)
    source = _talker(number, recipe, materials)
    dry = speech_part(source, recipe.duration_s, rate, speech_rng)
    level = mixing.active_level_dbfs(dry, rate)
    heard = _in_a_room(dry, recipe, materials, room_rng, kind_rng, place_rng)
    behind = background(dry, source, recipe, materials, noise_rng, kind_rng, place_rng)

    wanted = level if recipe.level_dbfs is None else recipe.level_dbfs
    if isinstance(recipe.snr_db, SnrClasses):
        course = levels.course(recipe.snr_db, recipe.seed, number, dry.shape[1] / rate, course_rng)
    else:
        course = levels.still(float(level_rng.uniform(*recipe.snr_db)))
    gain_db = float(level_rng.uniform(*recipe.gain_db))
    speech = heard.samples * mixing.amplitude(wanted - mixing.active_level_dbfs(heard.samples, rate) + gain_db)
    speech_db = mixing.active_level_dbfs(speech, rate)
    noise = levels.to_course(behind.samples, speech_db, course, rate)
    mixed, attenuation_db = mixing.below_ceiling(speech + noise)
    attributes = {
        "seed": recipe.seed,
        "number": number,
        "spatial": recipe.spatial,
        "speech": source.name,
        "speech_sha256": source.sha256,
        **_spoken(source),
        **heard.attributes,
        **behind.attributes,
        **_snr(course, noise, speech_db, recipe),
        "gain_db": round(gain_db, 4),
        "attenuation_db": round(attenuation_db, 4),
        "speech_level_dbfs": round(speech_db + attenuation_db, 4),
        "materials": _materials(source, heard, behind),
    }
    return Mixture(Audio(mixed.astype(np.float32), rate), source, attributes, speech, noise)


def _spoken(source: Source) -> dict[str, str]:
    """Who speaks and in which language, where that is known, under the names that clips of speech have for it."""
    known = {"speaker": source.speaker, "language": source.language}
    return {key: value for key, value in known.items() if value}


def _snr(course: levels.Course, noise: Samples, speech_db: float, recipe: Recipe) -> dict[str, Any]:
    whole = round(speech_db - mixing.decibels(mixing.power(noise)), 4)
    found: dict[str, Any] = {"snr_asked_db": round(course.start_db, 4), "snr_db": whole}
    if isinstance(recipe.snr_db, SnrClasses):
        found |= {"snr_class_db": course.start_db, **levels.record(course)}
    if course.kind != "still":
        found["snr_holds_db"] = levels.measured_db(noise, speech_db, course, recipe.sample_rate)
    return found


def _materials(source: Source, heard: _Heard, behind: Background) -> list[dict[str, str]]:
    """Every recording in the clip with its licence."""
    used: Sequence[tuple[str, Source]] = [
        ("speech", source),
        *(("rooms", room) for room in [heard.source] if room),
        *(("noise", one) for one in behind.sources),
    ]
    return [{"role": role, **one.record} for role, one in used]


def _talker(number: int, recipe: Recipe, materials: Materials) -> Source:
    """Every recording once, in seeded order, before any comes again."""
    order = np.random.default_rng(recipe.seed).permutation(len(materials.speech))
    return materials.speech[int(order[number % len(order)])]


def _in_a_room(
    dry: Samples,
    recipe: Recipe,
    materials: Materials,
    rng: np.random.Generator,
    kind_rng: np.random.Generator,
    place_rng: np.random.Generator,
) -> _Heard:
    index, azimuth_deg = drawn(recipe.rooms, kind_rng), round(place_rng.uniform(-AHEAD_DEG, AHEAD_DEG), 2)
    if rng.random() >= recipe.reverberation_probability:
        nowhere = {"reverberation": False, "rt60_s": None}
        if recipe.spatial == "mono":
            return _Heard(dry, nowhere)
        placed = receivers.placed(dry, [azimuth_deg], recipe.spatial, recipe.sample_rate)
        return _Heard(placed, nowhere | {"talker_azimuth_deg": azimuth_deg})
    entry = recipe.rooms[index]
    if isinstance(entry, SimulatedRooms):
        return _simulated(dry, entry, recipe, rng)
    chosen = materials.rooms[index][int(rng.integers(len(materials.rooms[index])))]
    wet = mixing.with_channels(convolve(dry, chosen.response), recipe.channels)
    attributes = {
        "reverberation": True,
        "room": chosen.source.name,
        "room_sha256": chosen.source.sha256,
        "rt60_s": None if chosen.rt60_s is None else round(chosen.rt60_s, 4),
    }
    return _Heard(wet, attributes, chosen.source)


def _simulated(dry: Samples, entry: SimulatedRooms, recipe: Recipe, rng: np.random.Generator) -> _Heard:
    asked = round(float(rng.uniform(*recipe.rt60_s)), 9)
    if entry.simulator == "pyroomacoustics":
        room = rooms.with_pyroomacoustics(asked, recipe.channels, recipe.sample_rate, rng)
    else:
        room = shoebox.simulate(asked, recipe.spatial, recipe.sample_rate, rng)
    wet = convolve(dry, rooms.normalised(room.response))
    attributes: dict[str, Any] = {
        "reverberation": True,
        "room": f"simulated {' x '.join(f'{side:g}' for side in room.dimensions_m)} m",
        "rt60_asked_s": round(asked, 4),
        "rt60_s": round(room.rt60_s, 4),
    }
    if room.distance_m is not None:
        attributes |= {"talker_distance_m": room.distance_m, "talker_azimuth_deg": room.azimuth_deg}
    return _Heard(wet, attributes)
