"""MUSAN: music, speech and noise, 16 kHz mono, 109 h. Three sets of one folder.

Layout: ``musan/ROLE/SOURCE/ROLE-SOURCE-NNNN.wav``, and in each source a LICENSE of every file and ANNOTATIONS: of
music its genres, vocals and artist, of speech gender and language.
Checksum: md5sum of OpenSLR 17; size: length of the file on its server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import language_code, lines_of
from bench.datasets.walking import matching


def _recordings(folder: Path, role: str) -> Iterator[Recording]:
    for source in matching(folder, f"musan/{role}/*/"):
        told = _annotations(source / "ANNOTATIONS", role)
        for path in matching(source, "*.wav"):
            yield Recording(path.stem, path, told.get(path.stem, {}), subset=source.name)


def _annotations(text: Path, role: str) -> dict[str, dict[str, Any]]:
    """Lines such as ``music-fma-0000 baroque,classical N artist`` and ``speech-librivox-0000 m english``."""
    if role == "noise" or not text.is_file():
        return {}
    rows = [line.split(maxsplit=3) for _, line in lines_of(text)]
    if role == "music":
        return {row[0]: {"genre": row[1].split(","), "vocals": row[2] == "Y"} for row in rows if len(row) > 2}
    genders = {"f": "female", "m": "male"}
    return {
        row[0]: {"gender": genders.get(row[1], row[1]), "language": language_code(row[2])}
        for row in rows
        if len(row) > 2
    }


MUSIC = KnownSet(
    name="musan_music",
    title="MUSAN, music",
    role="music",
    homepage="https://www.openslr.org/17",
    licence="CC BY 4.0; each file public domain or Creative Commons, stated in LICENSE beside it",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation="D. Snyder, G. Chen, D. Povey: MUSAN: A Music, Speech, and Noise Corpus. arXiv:1510.08484, 2015",
    attribution="MUSAN by David Snyder, Guoguo Chen and Daniel Povey; authors of the files in LICENSE beside them",
    recognised_by=("musan/music/*/*.wav",),
    recordings=lambda folder: _recordings(folder, "music"),
    archives=(
        Archive(
            "https://www.openslr.org/resources/17/musan.tar.gz", 11_086_114_085, "md5:0c472d4fc0c5141eca47ad1ffeb2a7df"
        ),
    ),
    sample_rate=16_000,
    channels=1,
    hours=42.5,
    clip_s=10.0,
    folder="musan",
    subsets=("fma", "fma-western-art", "hd-classical", "jamendo", "rfm"),
    files=660,
)

SPEECH = replace(
    MUSIC,
    name="musan_speech",
    title="MUSAN, speech",
    role="speech",
    recognised_by=("musan/speech/*/*.wav",),
    recordings=lambda folder: _recordings(folder, "speech"),
    hours=60.4,
    subsets=("librivox", "us-gov"),
    files=426,
)

NOISE = replace(
    MUSIC,
    name="musan_noise",
    title="MUSAN, noise",
    role="noise",
    recognised_by=("musan/noise/*/*.wav",),
    recordings=lambda folder: _recordings(folder, "noise"),
    hours=6,
    clip_s=None,
    subsets=("free-sound", "sound-bible"),
    files=930,
)
