"""MUSDB18-HQ: 150 songs, uncompressed, 44.1 kHz stereo; their mixtures, without the stems.

Layout: ``train/ARTIST - TITLE/mixture.wav`` and ``test/...``; the archive has no folder around them.
Checksum and size: as Zenodo states them for record 3338373.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.walking import matching


def recordings(folder: Path) -> Iterator[Recording]:
    """The mixture of every song; a song without one is listed all the same, and so noticed."""
    for subset in ("train", "test"):
        for song in matching(folder, f"{subset}/*/"):
            artist, _, title = song.name.partition(" - ")
            told = {"artist": artist, "title": title}
            yield Recording(f"{subset}/{song.name}", song / "mixture.wav", told, subset=subset)


SET = KnownSet(
    name="musdb18_hq",
    title="MUSDB18-HQ",
    role="music",
    homepage="https://sigsep.github.io/datasets/musdb.html",
    licence="educational purposes only; some songs CC BY-NC-SA 3.0, CC BY-NC-SA 4.0 or under terms of their own",
    licence_url="https://sigsep.github.io/datasets/musdb.html",
    citation=(
        "Z. Rafii, A. Liutkus, F.-R. Stöter, S. I. Mimilakis, R. Bittner: MUSDB18-HQ - an uncompressed version of "
        "MUSDB18. Zenodo, 2019. doi:10.5281/zenodo.3338373"
    ),
    attribution="MUSDB18-HQ, SigSep; songs by the artists named in each clip",
    recognised_by=("test/*/mixture.wav", "test/*/vocals.wav"),
    recordings=recordings,
    archives=(
        Archive(
            "https://zenodo.org/records/3338373/files/musdb18hq.zip",
            22_656_664_047,
            "md5:12d4f2ecd55245a4688754dd76363103",
        ),
    ),
    sample_rate=44_100,
    channels=2,
    hours=10,
    clip_s=10.0,
    subsets=("train", "test"),
    split="test",
    files=50,
)
