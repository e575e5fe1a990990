"""Noisy-reverberant speech: speech x room x noise, seeded, built once and kept."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench import audio
from bench.datasets.base import DatasetContext, checked, sha256_of, verify
from bench.datasets.manifest import named, read_manifest, write_manifest
from bench.datasets.mixture import Mixture, mix
from bench.datasets.progress import with_progress
from bench.datasets.recipe import ORDINARY, PRESETS, Materials, Recipe, identities
from bench.domain import Clip
from bench.errors import AudioError, DatasetError

BUILDER = 4  # part of the cache key; raised whenever the same recipe gives other samples

Entries = Mapping[str, Any] | str | Sequence[Mapping[str, Any] | str]
"""One entry of a recipe's materials, or several."""

log = logging.getLogger(__name__)


def noisy_reverberant(
    name: str,
    context: DatasetContext,
    speech: Entries,
    noise: Entries,
    rooms: Entries,
    count: int,
    seed: int = 0,
    sample_rate: int = 48_000,
    channels: Literal[1, 2] | None = None,
    spatial: Literal["mono", "stereo", "binaural"] | None = None,
    noise_field: Literal["any", "point", "diffuse"] = "any",
    duration_s: float | None = None,
    snr_db: tuple[float, float] | Mapping[str, Any] | None = None,
    rt60_s: tuple[float, float] | None = None,
    reverberation_probability: float | None = None,
    gain_db: tuple[float, float] | None = None,
    level_dbfs: float | None = None,
    bits: Literal[16, 24] = 16,
    preset: Literal["encodec"] | None = None,
) -> list[Clip]:
    """``count`` clips of speech in noisy rooms. The clip itself is the reference that codecs are judged against.

    Ranges are (lowest, highest), drawn from uniformly. What is not given comes from ``preset``, else it is: snr_db
    (0, 20), rt60_s (0.2, 1.0), reverberation_probability 1, gain_db (0, 0), and the speech keeps its own level.

    ``speech``, ``noise`` and ``rooms`` are one entry or a list of them, of which each clip draws by ``weight``.

    Args:
        speech: recordings, ``{path | dataset | manifest, include, exclude, limit, speaker, licence, ...}``, mixed to
            mono; see :class:`~bench.datasets.materials.Material`.
        noise: recordings; ``{kind: babble, talkers: [4, 8]}`` of the speech recordings; ``{kind: pink}``,
            ``speech_shaped`` or ``hum_fan``; or ``simulated``: one of these.
        rooms: recorded impulse responses, or ``simulated``: shoebox rooms.
        channels: 1 or 2; the same as ``spatial`` mono or stereo.
        spatial: ``mono``, ``stereo`` (two microphones) or ``binaural`` (two ears).
        noise_field: where mono noise comes from in two channels: a point, all round, or either.
        duration_s: longest duration of a clip; shorter recordings are used whole.
        snr_db: active level of the reverberant speech over the RMS level of the noise, or
            ``{classes: [0, 10, 20], moving: 0.5}``.
        gain_db: gain on the whole mix.
        level_dbfs: active level of the speech before that gain.
        bits: of the files.
        preset: ``encodec``: gain, reverberation and RT60 as in section 4.1 of arXiv:2210.13438.
    Raises:
        ConfigError: options of the wrong kind, all of them.
        DatasetError: recordings that are missing, unreadable or silent, or no room in range; all of them.
        MissingRequirement: rooms simulated by pyroomacoustics without that package.
    """
    recipe = recipe_of(
        name, speech=speech, noise=noise, rooms=rooms, count=count, seed=seed, sample_rate=sample_rate,
        channels=channels, spatial=spatial, noise_field=noise_field, duration_s=duration_s, snr_db=snr_db,
        rt60_s=rt60_s, reverberation_probability=reverberation_probability, gain_db=gain_db, level_dbfs=level_dbfs,
        bits=bits, preset=preset,
    )  # fmt: skip
    materials = Materials.find(recipe, context, name)
    folder = context.cache_dir / "noisy_reverberant" / f"{recipe_key(recipe, materials)}-{recipe.count}"
    clips = _kept(folder, recipe)
    if clips is None:
        _build(folder, recipe, materials, name)
        clips = read_manifest(folder / "manifest.jsonl")
    return named(clips, name)


def recipe_of(name: str, **options: Any) -> Recipe:
    """The options of :func:`noisy_reverberant` as a recipe: what is None comes from the preset, or is the ordinary.

    Raises:
        ConfigError: options of the wrong kind, all of them.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if "spatial" not in given:
        given["spatial"] = "stereo" if given.get("channels") == 2 else "mono"
    given.setdefault("channels", 1 if given["spatial"] == "mono" else 2)
    preset = PRESETS.get(given.get("preset", ""), {})
    return checked(Recipe, name, **(ORDINARY | preset | given))


def recipe_key(recipe: Recipe, materials: Materials) -> str:
    """A hash of everything that changes the samples of a clip: not where the recordings lie, nor how many clips."""
    place = {"path", "dataset", "manifest", "subset", "include", "exclude", "limit", "seed", "speaker"}
    entries = {
        role: [entry.model_dump(mode="json", exclude=place) for entry in getattr(recipe, role)]
        for role in ("speech", "noise", "rooms")
    }
    key = {
        "builder": BUILDER,
        "made_with": identities(recipe),
        "entries": entries,
        "options": recipe.model_dump(mode="json", exclude={"speech", "noise", "rooms", "preset", "count"}),
        "materials": materials.hashes,
    }
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode(errors="surrogateescape")).hexdigest()[:32]


def _kept(folder: Path, recipe: Recipe) -> list[Clip] | None:
    """The clips of an earlier build, or None where there is none or it is damaged."""
    if not folder.exists():
        return None
    try:
        clips = read_manifest(folder / "manifest.jsonl")
        if len(clips) != recipe.count:
            raise DatasetError(f"{folder}: expected {recipe.count} clips, got {len(clips)}.")
        for clip in clips:
            verify(clip)
    except DatasetError as error:
        log.warning("%s is damaged and is built again: %s", folder, error)
        return None
    return clips


def _build(folder: Path, recipe: Recipe, materials: Materials, name: str) -> None:
    """Mix every clip in a temporary folder and move it into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=folder.parent) as temporary:
        new = Path(temporary) / "new"
        new.mkdir()
        clips: list[Clip] = []
        problems: list[str] = []
        for number in with_progress(range(recipe.count), recipe.count, f"mixing {name}"):
            done = mixed(recipe, materials, new, number)
            if isinstance(done, str):
                problems.append(done)
            else:
                clips.append(done)
        if problems:
            raise DatasetError("\n".join(f"dataset {name!r}: {problem}" for problem in dict.fromkeys(problems)))
        write_manifest(new / "manifest.jsonl", clips)
        _move(new, folder, recipe, Path(temporary))


def _move(new: Path, folder: Path, recipe: Recipe, temporary: Path) -> None:
    try:
        new.rename(folder)
    except OSError:  # there is one already: another process was faster, or it is damaged
        if _kept(folder, recipe) is None:
            shutil.move(folder, temporary / "damaged")
            new.rename(folder)


def mixed(recipe: Recipe, materials: Materials, folder: Path, number: int) -> Clip | str:
    """Clip ``number``, written into ``folder``; or what is wrong with its recordings."""
    try:
        return write(folder, mix(number, recipe, materials), recipe)
    except (AudioError, DatasetError) as error:
        return str(error)


def write(folder: Path, mixture: Mixture, recipe: Recipe) -> Clip:
    """``mixture`` as a FLAC file in ``folder``, and its description."""
    stem = re.sub(r"[^\w-]+", "_", Path(mixture.source.name).stem)
    clip_id = f"{mixture.attributes['number']:04d}_{stem}"
    path = folder / f"{clip_id}.flac"
    audio.write(path, mixture.audio, f"PCM_{recipe.bits}")
    return Clip(
        id=clip_id,
        dataset="",
        category="noisy_reverberant_speech",
        path=str(path),
        sha256=sha256_of(path),
        sample_rate=mixture.audio.rate,
        channels=mixture.audio.channels,
        samples=mixture.audio.length,
        licence=_licence(mixture.attributes),
        source=mixture.source.name,
        attributes={
            **mixture.attributes,
            "attribution": attribution_of(mixture.attributes["materials"]),
            "samples_sha256": samples_sha256(path, recipe.bits),
        },
    )


def samples_sha256(path: Path, bits: int) -> str:
    """Hash of the decoded samples, which does not depend on the version of the FLAC encoder.

    SHA-256 of the text ``rate channels length bits`` and a line feed, then the samples as little-endian integers of 32
    bits, frame by frame, in units of the last of their ``bits``.
    """
    sound = audio.read(path)
    digest = hashlib.sha256(f"{sound.rate} {sound.channels} {sound.length} {bits}\n".encode())
    digest.update(np.rint(sound.samples.T.astype(np.float64) * 2 ** (bits - 1)).astype("<i4").tobytes())
    return digest.hexdigest()


def attribution_of(materials: Iterable[Mapping[str, str]]) -> str:
    """Whom to name for recordings, each once; recordings without an attribution are named themselves."""
    return "; ".join(dict.fromkeys(one.get("attribution") or one["name"] for one in materials))


def _licence(attributes: Mapping[str, Any]) -> str:
    """Licences of the clip's recordings by what they are used as; what is not recorded is simulated."""
    used: dict[str, dict[str, None]] = {"speech": {}, "noise": {}, "rooms": {}}
    for one in attributes["materials"]:
        used[one["role"]][one["licence"]] = None
    if not used["rooms"] and not attributes["reverberation"]:
        del used["rooms"]
    return "; ".join(f"{role}: {', '.join(licences) or 'simulated'}" for role, licences in used.items())
