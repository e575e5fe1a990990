"""MTG-Jamendo: 55 701 songs of Jamendo in 100 folders, MP3 of 320 kbit/s, mostly 44.1 kHz stereo.

Layout: ``NN/TRACK.mp3``, NN the last two digits of the track. ``raw_30s_cleantags_50artists.tsv`` (genres) and
``audio_licenses.txt`` of the project beside the folders are read where they are there. The folders are the subsets;
the split is folder 00, so that a few gigabytes of the 508 are enough, and everybody draws from the same songs. The
reference is decoded from a lossy file.
Checksums: raw_30s_audio_sha256_tars.txt of the project. It has all hundred, its script download.py fetches them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import parsing
from bench.datasets.walking import matching

PROJECT = "https://raw.githubusercontent.com/MTG/mtg-jamendo-dataset/master/"
TAGS, LICENCES = "raw_30s_cleantags_50artists.tsv", "audio_licenses.txt"
TARS = (
    "c569f4b7264995c06de93eb6c20138d9355274508dde37085ed992fc990d930b",
    "1b079d27127462c9066ed2fa18490303850bc1041fcae55835be3a46d6c965b0",
    "699de4385be7c5b4ad804bf86608868fb2ccdb7cd827abf38cfbd4e8e7dbd0ad",
    "426fc4c849f8d4aaa34e61c213a4f82db219b13d0b68210a4ccfd2da032af6dd",
)
"""SHA-256 of the archives of folders 00 to 03."""


def recordings(folder: Path) -> Iterator[Recording]:
    """Every song there is, with its genres, other tags, artist and licence where the project's tables are there."""
    tags, licences = _tags(folder / TAGS), _licences(folder / LICENCES)
    for path in matching(folder, "[0-9][0-9]/*.mp3"):
        name = path.relative_to(folder).as_posix()
        subset = path.parent.name
        yield Recording(f"{subset}/{path.stem}", path, tags.get(name, {}), licences.get(name, ""), subset)


def _tags(table: Path) -> dict[str, dict[str, Any]]:
    """By path; the tags take the rest of each line, such as ``genre---rock`` and ``mood/theme---dark``."""
    if not table.is_file():
        return {}
    with parsing(table), table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if len(row) > 4]
    told = {}
    for _, artist, _, path, _, *tags in rows:
        genres = [tag.removeprefix("genre---") for tag in tags if tag.startswith("genre---")]
        told[path] = {"artist": artist, "genre": genres, "labels": tags}
    return told


def _licences(text: Path) -> dict[str, str]:
    """By path; of each song a block of lines: path, title with artist, licence."""
    if not text.is_file():
        return {}
    with parsing(text):
        blocks = [block.splitlines() for block in text.read_text(encoding="utf-8").split("\n\n")]
    return {block[0].strip(): block[2].strip() for block in blocks if len(block) > 2}


SET = KnownSet(
    name="mtg_jamendo",
    title="MTG-Jamendo",
    role="music",
    homepage="https://github.com/MTG/mtg-jamendo-dataset",
    licence="Creative Commons, stated for each song; metadata CC BY-NC-SA 4.0",
    licence_url="https://github.com/MTG/mtg-jamendo-dataset#license",
    citation=(
        "D. Bogdanov, M. Won, P. Tovstogan, A. Porter, X. Serra: The MTG-Jamendo Dataset for Automatic Music Tagging. "
        "Machine Learning for Music Discovery Workshop, ICML 2019"
    ),
    attribution="MTG-Jamendo, Music Technology Group, Universitat Pompeu Fabra; artists in audio_licenses.txt",
    recognised_by=("[0-9][0-9]/*.mp3",),
    recordings=recordings,
    archives=(
        Archive(f"{PROJECT}data/{TAGS}"),
        Archive(f"{PROJECT}{LICENCES}"),
        *(
            Archive(
                f"https://cdn.freesound.org/mtg-jamendo/raw_30s/audio/raw_30s_audio-{number:02}.tar",
                checksum=f"sha256:{sha256}",
                subset=f"{number:02}",
            )
            for number, sha256 in enumerate(TARS)
        ),
    ),
    clip_s=10.0,
    subsets=tuple(f"{number:02}" for number in range(100)),
    split="00",
)
