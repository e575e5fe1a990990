"""EBU SQAM (Tech 3253): 70 tracks for judging codecs, 44.1 kHz stereo. Two sets of one folder: music and speech.

Layout: ``01.flac`` to ``70.flac``. Tracks 1 to 7 are test signals and stand apart as the subset ``signals``.
Checksum and size: the EBU states none. Its terms allow research and development only, so nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.datasets.known.base import KnownSet, Recording

INSTRUMENTS = [
    *("violin", "viola", "violoncello", "double bass", "piccolo", "flute", "oboe", "cor anglais", "clarinet"),
    *("bass clarinet", "bassoon", "contra-bassoon", "saxophone", "trumpet", "trombone", "horn", "tuba", "harp"),
    *("claves", "castanets", "side drum", "bass drum", "kettle drums", "cymbal", "triangle", "gong", "tubular bells"),
    *("glockenspiel", "xylophone", "vibraphone", "marimba", "grand piano", "harpsichord", "celesta", "accordion"),
    "organ",
]
PARTS = (
    ("signals", 1, 7),
    ("instruments", 8, 43),
    ("vocal", 44, 48),
    ("speech", 49, 54),
    ("solo", 55, 60),
    ("vocal_orchestra", 61, 64),
    ("orchestra", 65, 68),
    ("pop", 69, 70),
)
SPEECH_TRACKS = {49 + 2 * row + column: (gender, language)
    for row, language in enumerate(("en", "fr", "de")) for column, gender in enumerate(("female", "male"))}  # fmt: skip


def music(folder: Path) -> Iterator[Recording]:
    """Every track but the speech; instruments with their name."""
    for part, first, last in PARTS:
        subset = "signals" if part == "signals" else "music"
        for track in range(first, last + 1) if part != "speech" else ():
            told = {"genre": part} | ({"labels": [INSTRUMENTS[track - 8]]} if part == "instruments" else {})
            yield Recording(f"{track:02}", folder / f"{track:02}.flac", told, subset=subset)


def speech(folder: Path) -> Iterator[Recording]:
    """Tracks 49 to 54: a woman and a man in English, French and German."""
    for track, (gender, language) in SPEECH_TRACKS.items():
        told = {"speaker": f"{language}_{gender}", "gender": gender, "language": language}
        yield Recording(f"{track:02}", folder / f"{track:02}.flac", told)


MUSIC = KnownSet(
    name="ebu_sqam",
    title="EBU SQAM, music",
    role="music",
    homepage="https://tech.ebu.ch/publications/sqamcd",
    licence="EBU terms: not for commercial use, except as a tool of research and development",
    licence_url="https://tech.ebu.ch/publications/sqamcd",
    citation="EBU Tech 3253: Sound Quality Assessment Material recordings for subjective tests. Geneva, 2008",
    attribution="EBU SQAM, European Broadcasting Union",
    recognised_by=("08.flac", "70.flac"),
    recordings=music,
    obtain=(
        "accept the terms at https://tech.ebu.ch/publications/sqamcd and put the tracks 01.flac to 70.flac into "
        "ebu_sqam"
    ),
    sample_rate=44_100,
    channels=2,
    clip_s=10.0,
    folder="ebu_sqam",
    subsets=("music", "signals"),
    split="music",
    files=57,
)

SPEECH = replace(
    MUSIC,
    name="ebu_sqam_speech",
    title="EBU SQAM, speech",
    role="speech",
    recognised_by=("49.flac", "54.flac"),
    recordings=speech,
    languages=("en", "fr", "de"),
    subsets=(),
    split="",
    files=6,
)
