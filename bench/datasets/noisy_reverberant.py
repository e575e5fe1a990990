"""Noisy-reverberant speech: speech x room x noise, seeded, built once and kept."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from bench import audio
from bench.datasets.base import DatasetContext, checked, sha256_of, verify
from bench.datasets.manifest import named, read_manifest, write_manifest
from bench.datasets.mixture import Mixture, mix
from bench.datasets.recipe import ORDINARY, PRESETS, Materials, Recipe, Recordings
from bench.datasets.rooms import simulator_identity
from bench.domain import Clip
from bench.errors import AudioError, DatasetError

BUILDER = 2  # part of the cache key; raised whenever the same recipe gives other samples
PATIENCE_S = 2.0

log = logging.getLogger(__name__)


def noisy_reverberant(
    name: str,
    context: DatasetContext,
    speech: Mapping[str, Any],
    noise: Mapping[str, Any] | Literal["simulated"],
    rooms: Mapping[str, Any] | Literal["simulated"],
    count: int,
    seed: int = 0,
    sample_rate: int = 48_000,
    channels: int = 1,
    duration_s: float | None = None,
    snr_db: tuple[float, float] | None = None,
    rt60_s: tuple[float, float] | None = None,
    reverberation_probability: float | None = None,
    gain_db: tuple[float, float] | None = None,
    level_dbfs: float | None = None,
    preset: Literal["encodec"] | None = None,
) -> list[Clip]:
    """``count`` clips of speech in noisy rooms. The clip itself is the reference that codecs are judged against.

    Ranges are (lowest, highest), drawn from uniformly. What is not given comes from ``preset``, else it is: snr_db
    (0, 20), rt60_s (0.2, 1.0), reverberation_probability 1, gain_db (0, 0), and the speech keeps its own level.

    Args:
        speech: recordings, ``{path, include, exclude, licence}``, mixed to mono.
        noise: recordings, or ``simulated``: pink, speech-shaped, babble of the speech recordings, hum and fan.
        rooms: recorded impulse responses, or ``simulated``: shoebox rooms.
        duration_s: longest duration of a clip; shorter recordings are used whole.
        snr_db: active level of the reverberant speech over the RMS level of the noise.
        gain_db: gain on the whole mix.
        level_dbfs: active level of the speech before that gain.
        preset: ``encodec``: gain, reverberation and RT60 as in section 4.1 of arXiv:2210.13438.
    Raises:
        ConfigError: options of the wrong kind, all of them.
        DatasetError: recordings that are missing, unreadable or silent, or no room in range; all of them.
        MissingRequirement: simulated rooms without pyroomacoustics.
    """
    given = {
        "snr_db": snr_db,
        "rt60_s": rt60_s,
        "reverberation_probability": reverberation_probability,
        "gain_db": gain_db,
        "level_dbfs": level_dbfs,
    }
    drawn = ORDINARY | PRESETS.get(preset or "", {}) | {key: value for key, value in given.items() if value is not None}
    recipe = checked(
        Recipe, name, speech=speech, noise=noise, rooms=rooms, count=count, seed=seed, sample_rate=sample_rate,
        channels=channels, duration_s=duration_s, preset=preset, **drawn,
    )  # fmt: skip
    materials = Materials.find(recipe, context, name)
    folder = context.cache_dir / "noisy_reverberant" / recipe_key(recipe, materials)
    clips = _kept(folder, recipe)
    if clips is None:
        _build(folder, recipe, materials, name)
        clips = read_manifest(folder / "manifest.jsonl")
    return named(clips, name)


def recipe_key(recipe: Recipe, materials: Materials) -> str:
    """Name of the folder: a hash of everything that changes the samples; where the recordings lie does not."""
    options = recipe.model_dump(mode="json", exclude={"speech", "noise", "rooms", "preset"})
    key = {
        "builder": BUILDER,
        "resampler": audio.resampler_identity(),
        "rooms": simulator_identity() if recipe.rooms == "simulated" else "recorded",
        "noise": "simulated" if recipe.noise == "simulated" else "recorded",
        "licence": _licence(recipe),
        "options": options,
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
        clips, problems = [], []
        for number in _with_progress(range(recipe.count), f"mixing {name}"):
            try:
                clips.append(_write(new, mix(number, recipe, materials), recipe))
            except (AudioError, DatasetError) as error:
                problems.append(str(error))
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


def _write(folder: Path, mixture: Mixture, recipe: Recipe) -> Clip:
    stem = re.sub(r"[^\w-]+", "_", Path(mixture.speech.name).stem)
    clip_id = f"{mixture.attributes['number']:04d}_{stem}"
    path = folder / f"{clip_id}.flac"
    audio.write(path, mixture.audio, "PCM_24")
    return Clip(
        id=clip_id,
        dataset="",
        category="noisy_reverberant_speech",
        path=str(path),
        sha256=sha256_of(path),
        sample_rate=mixture.audio.rate,
        channels=mixture.audio.channels,
        samples=mixture.audio.length,
        licence=_licence(recipe),
        source=mixture.speech.name,
        attributes=mixture.attributes,
    )


def _licence(recipe: Recipe) -> str:
    parts = {"speech": recipe.speech, "noise": recipe.noise, "rooms": recipe.rooms}
    return "; ".join(f"{key}: {spec.licence if isinstance(spec, Recordings) else spec}" for key, spec in parts.items())


def _with_progress(numbers: Iterable[int], what: str) -> Iterator[int]:
    """``numbers``, with a bar on a terminal once it takes longer than a moment."""
    if not sys.stderr.isatty():
        yield from numbers
        return
    from rich.console import Console
    from rich.progress import Progress

    todo = list(numbers)
    started = time.monotonic()
    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=len(todo))
    try:
        for done, number in enumerate(todo):
            if time.monotonic() - started > PATIENCE_S:
                bar.start()
            bar.update(task, completed=done)
            yield number
    finally:
        bar.stop()
