"""EARS: 107 speakers in an anechoic chamber, from whispering to yelling, 22 emotions, 48 kHz, 100 h.

Layout: ``SPEAKER/STYLE.wav``, such as ``p102/emo_adoration_sentences.wav``; the repository's
``speaker_statistics.json`` beside the speakers is read where it is there. Split: speakers p102 to p107 test, p100 and
p101 validation, as in the paper; what is no speech (``nonverbal``) stands apart.
Checksums and sizes: the publisher states none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import object_of, parsing
from bench.datasets.walking import matching

RELEASE = "https://github.com/facebookresearch/ears_dataset/releases/download/dataset/"
STATISTICS = "speaker_statistics.json"
TOLD = {"gender": "gender", "age": "age", "native language": "native_language"}
NONVERBAL = ("interjection", "melodic", "nonverbal", "vegetative")


def recordings(folder: Path) -> Iterator[Recording]:
    """Every recording with its speaker, style and what the statistics say of the speaker."""
    table = folder / STATISTICS
    speakers = object_of(table) if table.is_file() else {}
    for path in matching(folder, "p[0-9][0-9][0-9]/*.wav"):
        speaker, style = path.parent.name, path.stem
        told = {"speaker": speaker, "style": style, "language": "en"}
        with parsing(table):
            about = speakers.get(speaker, {})
            told |= {name: about[key] for key, name in TOLD.items() if key in about}
        subset = "nonverbal" if style.startswith(NONVERBAL) else _split(speaker)
        yield Recording(f"{speaker}/{style}", path, told, subset=subset)


def _split(speaker: str) -> str:
    number = int(speaker[1:])
    return "test" if number >= 102 else "validation" if number >= 100 else "train"


SET = KnownSet(
    name="ears",
    title="EARS",
    role="speech",
    homepage="https://github.com/facebookresearch/ears_dataset",
    licence="CC BY-NC 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc/4.0/",
    citation=(
        "J. Richter, Y.-C. Wu, S. Krenn, S. Welker, B. Lay, S. Watanabe, A. Richard, T. Gerkmann: EARS: An Anechoic "
        "Fullband Speech Dataset Benchmarked for Speech Enhancement and Dereverberation. Interspeech 2024. "
        "arXiv:2406.06185"
    ),
    attribution="EARS dataset, Meta Platforms, Inc. and Universität Hamburg",
    recognised_by=("p[0-9][0-9][0-9]/emo_*.wav", "p[0-9][0-9][0-9]/rainbow_*.wav"),
    recordings=recordings,
    archives=(
        Archive(f"https://raw.githubusercontent.com/facebookresearch/ears_dataset/main/{STATISTICS}"),
        *(Archive(f"{RELEASE}p{number:03}.zip", subset=_split(f"p{number:03}")) for number in range(1, 108)),
    ),
    languages=("en",),
    sample_rate=48_000,
    channels=1,
    hours=100,
    clip_s=10.0,
    subsets=("train", "validation", "test", "nonverbal"),
    split="test",
)
