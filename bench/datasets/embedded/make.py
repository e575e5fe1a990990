"""Makes the embedded dataset: ``python -m bench.datasets.embedded.make [FOLDER]``.

Speech comes from the program ``espeak-ng`` (Debian: ``apt install espeak-ng``), music from ``music.py``, rooms and
noise from the loader ``noisy_reverberant``. Everything is seeded: with the same versions of espeak-ng,
pyroomacoustics, numpy, scipy and soxr it makes the same bytes again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio
from bench.audio import Audio
from bench.datasets.base import DatasetContext, sha256_of
from bench.datasets.embedded.music import PIECES, RATE
from bench.datasets.manifest import write_manifest
from bench.datasets.noisy_reverberant import noisy_reverberant
from bench.domain import Category, Clip
from bench.errors import MissingRequirement

LICENCE = "CC0-1.0, synthetic, made by codecbench"
PEAK = 10 ** (-3 / 20)  # -3 dBFS
SPEECH_RATE = 24_000  # espeak-ng synthesises at 22.05 kHz: more would be empty band
NOISY_SEED = 38  # of the first seeds, one that draws all four kinds of noise


@dataclass(frozen=True)
class Voice:
    """What espeak-ng is to say, and how."""

    name: str
    voice: str
    words_per_minute: int
    pitch: int
    text: str


SPEECH = (
    Voice(
        "en_male", "en-gb+m3", 165, 42, "The last train leaves at seven, and nobody waits on a platform in the rain."
    ),
    Voice(
        "en_female",
        "en-us+f3",
        170,
        58,
        "She chose six fresh peaches, a jar of honey, and just enough bread for us all.",
    ),
    Voice("de_female", "de+f2", 165, 55, "Zwischen den hohen Bergen fließt ein schmaler Bach durch das stille Tal."),
    Voice("fr_male", "fr-fr+m2", 165, 45, "Chaque jeudi, le vieux jardinier apporte des fleurs fraîches à sa voisine."),
)
"""The clean clips."""

NOISY = (
    Voice(
        "en_male_2", "en-us+m7", 165, 38, "Could you please repeat the second address, a little more slowly this time?"
    ),
    Voice(
        "en_female_2",
        "en-gb+f4",
        170,
        60,
        "We should have turned left at the bridge, but the map was older than the road.",
    ),
    Voice("es_male", "es+m5", 165, 45, "El mercado abre muy temprano, y a las ocho ya no quedan fresas."),
    Voice("it_female", "it+f1", 165, 55, "Stamattina il cielo è limpido, e dalla finestra si vede tutta la costa."),
)
"""What is said in noisy rooms; other sentences, so that no clip depends on another."""


def espeak_version() -> str:
    """Such as ``espeak-ng 1.51``; MissingRequirement where it is not installed."""
    try:
        out = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    except FileNotFoundError:
        raise MissingRequirement("speech is made with espeak-ng. To get it: apt install espeak-ng") from None
    return f"espeak-ng {out.split('text-to-speech:')[1].split()[0]}"


def render(voice: Voice) -> Audio:
    """``voice`` at 24 kHz without the silence around it, peak at -3 dBFS."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(  # noqa: S603 - a fixed command and our own sentences
            ["espeak-ng", "-v", voice.voice, "-s", str(voice.words_per_minute), "-p", str(voice.pitch),  # noqa: S607
             "-w", str(path), voice.text],
            check=True,
        )  # fmt: skip
        spoken = audio.read(path)
    loud = np.flatnonzero(np.abs(spoken.samples[0]) > 0.003)
    margin = round(0.05 * spoken.rate)
    return at_peak(spoken.part(max(0, int(loud[0]) - margin), int(loud[-1]) + margin).at(SPEECH_RATE))


def at_peak(sound: Audio) -> Audio:
    """``sound`` with its highest sample at -3 dBFS."""
    return Audio(sound.samples * np.float32(PEAK / sound.peak), sound.rate)


def save(folder: Path, clip_id: str, category: Category, sound: Audio, **attributes: Any) -> Clip:
    """Write ``sound`` as 16-bit FLAC, and describe it."""
    path = folder / f"{clip_id}.flac"
    audio.write(path, sound, "PCM_16")
    return Clip(
        id=clip_id,
        dataset="",
        category=category,
        path=str(path),
        sha256=sha256_of(path),
        sample_rate=sound.rate,
        channels=sound.channels,
        samples=sound.length,
        licence=LICENCE,
        source=clip_id,
        attributes={"synthetic": True, **attributes},
    )


def make_speech(folder: Path) -> list[Clip]:
    """The clean clips."""
    made_with = espeak_version()
    return [
        save(
            folder, f"speech_synthetic_{voice.name}", "speech", render(voice),
            speaker=voice.voice, text=voice.text, made_with=made_with,
        )
        for voice in SPEECH
    ]  # fmt: skip


def make_music(folder: Path) -> list[Clip]:
    """The pieces of ``music.py``."""
    return [
        save(folder, name, "music", at_peak(Audio(piece().astype(np.float32), RATE)), genre=what, made_with="numpy")
        for name, (what, piece) in PIECES.items()
    ]


def make_noisy(folder: Path) -> list[Clip]:
    """Other sentences in simulated rooms, with simulated noise: mono at 24 kHz."""
    with tempfile.TemporaryDirectory() as temporary:
        context = DatasetContext(Path(temporary), Path(temporary) / "cache")
        voices = {voice.name: voice for voice in NOISY}
        for voice in NOISY:
            audio.write(Path(temporary) / f"{voice.name}.flac", render(voice))
        mixed = noisy_reverberant(
            "noisy", context, {"path": ".", "include": ["*.flac"], "exclude": ["cache/*"]}, "simulated",
            {"kind": "simulated", "simulator": "pyroomacoustics"},
            count=len(NOISY), seed=NOISY_SEED, sample_rate=SPEECH_RATE, snr_db=(3, 18), bits=24,
        )  # fmt: skip
        clips = []
        for clip in mixed:
            name = Path(clip.source).stem
            sound = at_peak(audio.read(clip.path))
            kept = {
                k: v for k, v in clip.attributes.items() if k not in ("gain_db", "attenuation_db", "speech_level_dbfs")
            }
            made = save(folder, f"noisy_reverberant_synthetic_{name}", "noisy_reverberant_speech", sound, **kept)
            spoken = {"speaker": voices[name].voice, "text": voices[name].text, "made_with": espeak_version()}
            clips.append(replace(made, attributes={**made.attributes, **spoken}))
    return clips


def main(folder: Path) -> None:
    """Make every clip and the manifest in ``folder``."""
    clips = make_speech(folder) + make_noisy(folder) + make_music(folder)
    write_manifest(folder / "manifest.jsonl", sorted(clips, key=lambda clip: clip.id))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
