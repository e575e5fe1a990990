"""ESC-50: 2000 environmental sounds of 5 s in 50 classes, 44.1 kHz mono, cut from Freesound.

Layout: ``ESC-50-master/audio/FOLD-CLIP-TAKE-TARGET.wav`` and ``ESC-50-master/meta/esc50.csv``, which lists them.
Checksum and size: none; the archive is packed on demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import parsing, rows_of


def recordings(folder: Path) -> Iterator[Recording]:
    """Every sound of the table; sounds with one ``src_file`` come from one recording. ESC-10 is CC BY as a subset."""
    root = folder / "ESC-50-master"
    table = root / "meta" / "esc50.csv"
    for row in rows_of(table, ("filename", "fold", "category", "esc10", "src_file")):
        name = row["filename"]
        with parsing(table):
            told = {"labels": [row["category"]], "fold": int(row["fold"])}
        yield Recording(
            name.removesuffix(".wav"),
            root / "audio" / name,
            told,
            licence="CC BY 3.0" if row["esc10"] == "True" else "",
            subset="esc10" if row["esc10"] == "True" else "other",
            source=row["src_file"],
        )


SET = KnownSet(
    name="esc50",
    title="ESC-50",
    role="noise",
    homepage="https://github.com/karolpiczak/ESC-50",
    licence="CC BY-NC 3.0",
    licence_url="https://creativecommons.org/licenses/by-nc/3.0/",
    citation=(
        "K. J. Piczak: ESC: Dataset for Environmental Sound Classification. Proceedings of the 23rd ACM International "
        "Conference on Multimedia, 2015, pp. 1015-1018. doi:10.1145/2733373.2806390"
    ),
    attribution="ESC-50 by Karol J. Piczak, from Freesound recordings; authors of all clips in its LICENSE file",
    recognised_by=("ESC-50-master/audio/*.wav", "ESC-50-master/meta/esc50.csv"),
    recordings=recordings,
    archives=(Archive("https://github.com/karolpiczak/ESC-50/archive/master.zip"),),
    sample_rate=44_100,
    channels=1,
    hours=2.8,
    subsets=("esc10", "other"),
    files=2000,
)
