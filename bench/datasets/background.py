"""The noise of a clip: recorded, synthesised or babble, and where in the listener's surroundings it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.datasets import mixing, noises, receivers
from bench.datasets.exact import Samples
from bench.datasets.materials import Material, Source
from bench.datasets.parts import noise_part, speech_part
from bench.datasets.recipe import Babble, Materials, Recipe, drawn

DIRECTIONS = 8  # of diffuse noise, all round
APART_S = 0.1  # the least delay between what comes from two of them


@dataclass(frozen=True)
class Background:
    """Noise of a clip at any level, shape ``(channels, samples)``, what is known of it, and the recordings in it."""

    samples: Samples
    attributes: dict[str, Any]
    sources: list[Source] = field(default_factory=list)


def background(
    dry: Samples,
    talker: Source,
    recipe: Recipe,
    materials: Materials,
    rng: np.random.Generator,
    kind_rng: np.random.Generator,
    place_rng: np.random.Generator,
) -> Background:
    """Noise as long as ``dry``, of one of the recipe's kinds by their weights."""
    index = drawn(recipe.noise, kind_rng)
    entry = recipe.noise[index]
    if isinstance(entry, Material):
        return _recorded(materials.noise[index], dry.shape[1], recipe, rng, place_rng)
    if isinstance(entry, Babble):
        return _babble(entry, dry, talker, recipe, materials, rng)
    kind = str(rng.choice(noises.KINDS)) if entry.kind == "simulated" else entry.kind
    if kind == "babble":
        return _babble(Babble(kind="babble"), dry, talker, recipe, materials, rng, in_turn=False)
    length, rate = dry.shape[1], recipe.sample_rate
    if kind == "pink":
        mono = noises.pink(1, length, rate, rng)
    elif kind == "speech_shaped":
        mono = noises.speech_shaped(dry, 1, length, rate, rng)
    else:
        mono = noises.hum_fan(1, length, rate, rng)
    samples, around = _around(mono, recipe, place_rng)
    return Background(samples, {"noise": f"simulated {kind}", **around})


def _recorded(
    sources: list[Source], length: int, recipe: Recipe, rng: np.random.Generator, place_rng: np.random.Generator
) -> Background:
    source, rate = sources[int(rng.integers(len(sources)))], recipe.sample_rate
    samples = noise_part(source, length, rate, rng)
    known = {"noise": source.name, "noise_sha256": source.sha256}
    if recipe.spatial == "stereo" and samples.shape[0] > 1:
        stereo = mixing.fit_length(mixing.with_channels(samples, 2), length, rng, rate)
        return Background(stereo, known | {"noise_field": "recorded"}, [source])
    mono = mixing.fit_length(mixing.with_channels(samples, 1), length, rng, rate)
    placed, around = _around(mono, recipe, place_rng)
    return Background(placed, known | around, [source])


def _babble(
    entry: Babble,
    dry: Samples,
    talker: Source,
    recipe: Recipe,
    materials: Materials,
    rng: np.random.Generator,
    in_turn: bool = True,
) -> Background:
    """Every other talker once; where more are asked for, again ``in_turn``, or each voice by anybody.

    The babble of ``noise: simulated`` is not in turn, because the embedded clips were made so.
    """
    length, rate = dry.shape[1], recipe.sample_rate
    low, high = entry.talkers
    count = low if low == high else int(rng.integers(low, high + 1))
    others = _others(talker, materials.speech)
    if in_turn or count <= len(others):
        picked = np.resize(rng.choice(len(others), size=min(count, len(others)), replace=False), count)
    else:
        picked = rng.choice(len(others), size=count)
    sources = []
    for index in picked:
        said = others[int(index)]
        sources.append(said[0] if len(said) == 1 else said[int(rng.integers(len(said)))])
    parts = [speech_part(source, length / rate, rate, rng) for source in sources]
    voices, azimuths = noises.voices(parts, length, rate, rng)
    known: dict[str, Any] = {
        "noise": "babble",
        "babble_talkers": count,
        "babble_distinct_talkers": len(set(picked.tolist())),
    }
    if recipe.spatial == "mono":
        return Background(noises.sum_of(voices), known, sources)
    placed = receivers.placed(voices, azimuths, recipe.spatial, rate)
    return Background(placed, known | {"noise_field": "talkers", "noise_azimuth_deg": azimuths}, sources)


def _others(talker: Source, speech: list[Source]) -> list[list[Source]]:
    """Recordings of everybody but ``talker``, speaker by speaker; where a speaker is not known, each for itself.

    Where there is nobody else, other recordings of the talker, and if there are none, that one.
    """
    speakers: dict[str, list[Source]] = {}
    for index, source in enumerate(speech):
        if source is not talker and not (talker.speaker and source.speaker == talker.speaker):
            speakers.setdefault(source.speaker or f"\0{index}", []).append(source)
    return list(speakers.values()) or [[source for source in speech if source is not talker] or [talker]]


def _around(mono: Samples, recipe: Recipe, rng: np.random.Generator) -> tuple[Samples, dict[str, Any]]:
    """Mono noise as a point somewhere, or as a field that comes from all round."""
    if recipe.spatial == "mono":
        return mono, {}
    rate, length = recipe.sample_rate, mono.shape[1]
    diffuse = recipe.noise_field == "diffuse" or (recipe.noise_field == "any" and rng.random() < 0.5)
    first = round(360 * float(rng.random()), 2)
    if not diffuse:
        placed = receivers.placed(mono, [first], recipe.spatial, rate)
        return placed, {"noise_field": "point", "noise_azimuth_deg": first}
    period = mixing.period_of(mono, rate)
    apart = min(round(APART_S * rate), period // (2 * DIRECTIONS))
    free = np.sort(rng.integers(max(1, period - DIRECTIONS * apart), size=DIRECTIONS))
    starts = rng.permutation(free + apart * np.arange(DIRECTIONS))
    parts = np.concatenate([mixing.looped(mono, length, int(start), rate) for start in starts])
    azimuths = [(first + 360 * index / DIRECTIONS) % 360 for index in range(DIRECTIONS)]
    return receivers.placed(parts, azimuths, recipe.spatial, rate), {"noise_field": "diffuse"}
