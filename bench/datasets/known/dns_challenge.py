"""DNS Challenge 4 (ICASSP 2022), 48 kHz: clean speech, noise, room impulse responses. Three sets of one folder.

Layout: ``datasets_fullband/clean_fullband/SOURCE/**``, ``datasets_fullband/noise_fullband/*.wav``,
``datasets_fullband/impulse_responses/SLR26`` (simulated) and ``SLR28`` (recorded).
All of it takes 892 GB. The archives named here are one part of each source of speech, that of the best ratings where
parts are rated; the organisers' script download-dns-challenge-4.sh has the others, and what is there is used.
Checksums and sizes: the organisers state none for the archives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.datasets.base import find_files
from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.walking import matching

STORE = "https://dns4public.blob.core.windows.net/dns4archive/datasets_fullband/"
PARTS = {
    "read_speech": ("024_4.67_NA", "en", "public domain (LibriVox)"),
    "french_speech": ("000_NA_NA", "fr", ""),
    "german_speech": ("016_4.43_NA", "de", ""),
    "italian_speech": ("003_4.40_NA", "it", ""),
    "russian_speech": ("001_4.31_NA", "ru", ""),
    "spanish_speech": ("001_4.09_NA", "es", ""),
    "emotional_speech": ("000_NA_NA", "en", "DbCL 1.0 (CREMA-D)"),
    "vctk_wav48_silence_trimmed": ("000", "en", "ODC-By 1.0 (VCTK)"),
    "VocalSet_48kHz_mono": ("000_NA_NA", "", "CC BY 4.0 (VocalSet)"),
}
"""Source of speech: the part that is fetched, language, licence where the organisers state one for the source."""


def speech(folder: Path) -> Iterator[Recording]:
    """Clean speech by source; of audiobooks the reader is the speaker, and segments of a chapter are one recording."""
    root = folder / "datasets_fullband" / "clean_fullband"
    for path in find_files(root, ("*.wav", "*.flac"), ()):
        source, *_ = path.relative_to(root).parts
        _, language, licence = PARTS.get(source, ("", "", ""))
        told = {"language": language} if language else {}
        if (reader := path.stem.partition("_reader_")[2]) and source == "read_speech":
            told["speaker"] = reader.split("_")[0]
        name = path.relative_to(root).with_suffix("").as_posix()
        yield Recording(name, path, told, licence, source, name.partition("_seg_")[0])


def noise(folder: Path) -> Iterator[Recording]:
    """Noise from AudioSet, Freesound and DEMAND, in one folder."""
    for path in matching(folder, "datasets_fullband/noise_fullband/*.wav"):
        yield Recording(path.stem, path)


def rooms(folder: Path) -> Iterator[Recording]:
    """Impulse responses: recorded ones of OpenSLR 28 without its noises, simulated ones of OpenSLR 26."""
    root = folder / "datasets_fullband" / "impulse_responses"
    for subset, place in (("recorded", "SLR28/RIRS_NOISES/real_rirs_isotropic_noises"), ("simulated", "SLR26")):
        for path in find_files(root / place, ("*.wav",), ("*_noise_*",)):
            yield Recording(path.relative_to(root).with_suffix("").as_posix(), path, subset=subset)


def _blob(name: str, subset: str = "") -> Archive:
    return Archive(f"{STORE}{name}.tar.bz2", subset=subset)


CLEAN = KnownSet(
    name="dns_clean",
    title="DNS Challenge 4, clean speech",
    role="speech",
    homepage="https://github.com/microsoft/DNS-Challenge",
    licence="as each source was received; stated for each source in the README of DNS-Challenge",
    licence_url="https://github.com/microsoft/DNS-Challenge#dataset-licenses",
    citation=(
        "H. Dubey, V. Gopal, R. Cutler, A. Aazami, S. Matusevych, S. Braun, S. E. Eskimez, M. Thakker, T. Yoshioka, "
        "H. Gamper, R. Aichner: ICASSP 2022 Deep Noise Suppression Challenge. ICASSP 2022. arXiv:2202.13288"
    ),
    attribution="Deep Noise Suppression Challenge 4, Microsoft, and the sources named in its README",
    recognised_by=("datasets_fullband/clean_fullband/*/*",),
    recordings=speech,
    archives=tuple(
        _blob(f"clean_fullband/datasets_fullband.clean_fullband.{source}_{part}", source)
        for source, (part, _, _) in PARTS.items()
    ),
    languages=("en", "fr", "de", "it", "ru", "es"),
    sample_rate=48_000,
    channels=1,
    clip_s=10.0,
    folder="dns_challenge",
    subsets=tuple(PARTS),
    split="read_speech",
)

NOISE = replace(
    CLEAN,
    name="dns_noise",
    title="DNS Challenge 4, noise",
    role="noise",
    licence="AudioSet CC BY 4.0, Freesound CC0 1.0, DEMAND CC BY-SA 3.0",
    recognised_by=("datasets_fullband/noise_fullband/*.wav",),
    recordings=noise,
    archives=tuple(
        _blob(f"noise_fullband/datasets_fullband.noise_fullband.{part}")
        for part in ("freesound_000", "freesound_001", *(f"audioset_{number:03}" for number in range(7)))
    ),
    languages=(),
    clip_s=None,
    subsets=(),
    split="",
)

ROOMS = replace(
    CLEAN,
    name="dns_rooms",
    title="DNS Challenge 4, room impulse responses",
    role="rooms",
    licence="Apache 2.0",
    recognised_by=("datasets_fullband/impulse_responses/*/*",),
    recordings=rooms,
    archives=(_blob("datasets_fullband.impulse_responses_000"),),
    languages=(),
    channels=None,
    clip_s=None,
    subsets=("recorded", "simulated"),
    split="recorded",
)
