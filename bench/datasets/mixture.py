"""One clip of noisy-reverberant speech from a recipe, its materials and the clip's number. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench import audio
from bench.audio import Audio
from bench.datasets import mixing, noises, rooms
from bench.datasets.mixing import Samples
from bench.datasets.recipe import Materials, Recipe, Source
from bench.errors import DatasetError

PLACES = 4  # of a recording that is longer than asked, the loudest of so many random parts
SILENT_DBFS = -80.0


@dataclass(frozen=True)
class Mixture:
    """A mixed clip, the recording that speaks in it, and everything that was drawn and measured."""

    audio: Audio
    speech: Source
    attributes: dict[str, Any]


def mix(number: int, recipe: Recipe, materials: Materials) -> Mixture:
    """Clip ``number`` of the recipe; it depends on the seed and its number, not on how many clips there are.

    Raises:
        AudioError, DatasetError: a recording that cannot be read, or is silent.
    """
    seeds = np.random.SeedSequence([recipe.seed, number]).spawn(4)
    speech_rng, room_rng, noise_rng, level_rng = map(np.random.default_rng, seeds)
    source = _talker(number, recipe, materials)
    dry = _part(source, recipe.duration_s, recipe.sample_rate, speech_rng)
    level = mixing.active_level_dbfs(dry, recipe.sample_rate)
    speech, room = _in_a_room(dry, recipe, materials, room_rng)
    noise, origin = _noise(dry, source, recipe, materials, noise_rng)

    wanted = level if recipe.level_dbfs is None else recipe.level_dbfs
    asked_db = float(level_rng.uniform(*recipe.snr_db))
    gain_db = float(level_rng.uniform(*recipe.gain_db))
    speech = speech * mixing.amplitude(wanted - mixing.active_level_dbfs(speech, recipe.sample_rate) + gain_db)
    noise = noise * mixing.amplitude(mixing.snr_db(speech, noise, recipe.sample_rate) - asked_db)
    mixed, attenuation_db = mixing.below_ceiling(speech + noise)
    attributes = {
        "seed": recipe.seed,
        "number": number,
        "speech": source.name,
        "speech_sha256": source.sha256,
        **room,
        **origin,
        "snr_asked_db": round(asked_db, 4),
        "snr_db": round(mixing.snr_db(speech, noise, recipe.sample_rate), 4),
        "gain_db": round(gain_db, 4),
        "attenuation_db": round(attenuation_db, 4),
        "speech_level_dbfs": round(mixing.active_level_dbfs(speech, recipe.sample_rate) + attenuation_db, 4),
    }
    return Mixture(Audio(mixed.astype(np.float32), recipe.sample_rate), source, attributes)


def _talker(number: int, recipe: Recipe, materials: Materials) -> Source:
    """Every recording once, in seeded order, before any comes again."""
    order = np.random.default_rng(recipe.seed).permutation(len(materials.speech))
    return materials.speech[int(order[number % len(order)])]


def _part(source: Source, duration_s: float | None, rate: int, rng: np.random.Generator) -> Samples:
    """A mono part of a recording: all of it, or the loudest of a few random places."""
    recorded, header = None, source.info
    if duration_s is None or duration_s * header.rate >= header.length:
        recorded = audio.read(source.path)
    else:
        last = header.length - round(duration_s * header.rate)
        places = [audio.read(source.path, int(rng.integers(last + 1)) / header.rate, duration_s) for _ in range(PLACES)]
        recorded = max(places, key=lambda place: mixing.power(place.samples))
    mono = recorded.mixed_to(1).at(rate).samples.astype(np.float64)
    if mixing.active_level_dbfs(mono, rate) < SILENT_DBFS:
        raise DatasetError(
            f"{source.path}: expected sound, got silence (below {SILENT_DBFS:g} dBFS); exclude the file."
        )
    return mono


def _in_a_room(
    dry: Samples, recipe: Recipe, materials: Materials, rng: np.random.Generator
) -> tuple[Samples, dict[str, Any]]:
    if rng.random() >= recipe.reverberation_probability:
        return mixing.with_channels(dry, recipe.channels), {"reverberation": False, "rt60_s": None}
    if recipe.rooms == "simulated":
        asked = float(rng.uniform(*recipe.rt60_s))
        room = rooms.simulate(asked, recipe.channels, recipe.sample_rate, rng)
        wet = mixing.reverberate(dry, rooms.normalised(room.response))
        return wet, {
            "reverberation": True,
            "room": f"simulated {' x '.join(f'{side:g}' for side in room.dimensions_m)} m",
            "rt60_asked_s": round(asked, 4),
            "rt60_s": round(room.rt60_s, 4),
        }
    fitting = materials.rooms_of(recipe)
    chosen = fitting[int(rng.integers(len(fitting)))]
    wet = mixing.with_channels(mixing.reverberate(dry, chosen.response), recipe.channels)
    return wet, {
        "reverberation": True,
        "room": chosen.source.name,
        "room_sha256": chosen.source.sha256,
        "rt60_s": None if chosen.rt60_s is None else round(chosen.rt60_s, 4),
    }


def _noise(
    dry: Samples, talker: Source, recipe: Recipe, materials: Materials, rng: np.random.Generator
) -> tuple[Samples, dict[str, Any]]:
    channels, length, rate = recipe.channels, dry.shape[1], recipe.sample_rate
    if recipe.noise == "simulated":
        kind = str(rng.choice(noises.KINDS))
        return _simulated(kind, dry, _others(talker, materials.speech), recipe, rng), {"noise": f"simulated {kind}"}
    source = materials.noise[int(rng.integers(len(materials.noise)))]
    samples = _noise_part(source, length, rate, rng)
    if mixing.decibels(mixing.power(samples)) < SILENT_DBFS:
        raise DatasetError(
            f"{source.path}: expected sound, got silence (below {SILENT_DBFS:g} dBFS); exclude the file."
        )
    noise = mixing.fit_length(mixing.with_channels(samples, channels), length, rng, rate)
    return noise, {"noise": source.name, "noise_sha256": source.sha256}


def _noise_part(source: Source, length: int, rate: int, rng: np.random.Generator) -> Samples:
    """The recording, or, where it is longer than needed, the loudest of a few random parts; at ``rate``."""
    header = source.info
    needed = -(-length * header.rate // rate) + 1
    if needed >= header.length:
        recorded = audio.read(source.path)
    else:
        starts = rng.integers(header.length - needed, size=PLACES)
        places = [audio.read(source.path, int(start) / header.rate, needed / header.rate) for start in starts]
        recorded = max(places, key=lambda place: mixing.power(place.samples))
    return recorded.at(rate).samples.astype(np.float64)


def _others(talker: Source, speech: Sequence[Source]) -> list[Source]:
    return [source for source in speech if source is not talker] or [talker]


def _simulated(kind: str, dry: Samples, others: list[Source], recipe: Recipe, rng: np.random.Generator) -> Samples:
    channels, length, rate = recipe.channels, dry.shape[1], recipe.sample_rate
    if kind == "pink":
        return noises.pink(channels, length, rate, rng)
    if kind == "speech_shaped":
        return noises.speech_shaped(dry, channels, length, rate, rng)
    if kind == "hum_fan":
        return noises.hum_fan(channels, length, rate, rng)
    picked = rng.choice(len(others), size=noises.BABBLE_VOICES, replace=len(others) < noises.BABBLE_VOICES)
    voices = [_part(others[int(index)], length / rate, rate, rng) for index in picked]
    return noises.babble(voices, channels, length, rate, rng)
