"""Common Voice: sentences read by volunteers in many languages, MP3.

Layout: ``cv-corpus-RELEASE/LANGUAGE/clips/*.mp3`` with ``test.tsv``, ``dev.tsv`` and ``train.tsv``, which list them.
Clips are mono MP3, 32 or 48 kHz: the reference itself is decoded from a lossy file.
Checksums and sizes: Mozilla states them at each download; the files come from an account with Mozilla.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.known.loading import loader

SUBSETS = ("test", "dev", "train")


def recordings(folder: Path) -> Iterator[Recording]:
    """Every clip of the tables; the speaker is the first 16 digits of ``client_id``."""
    for subset in SUBSETS:
        for table in sorted(folder.glob(f"cv-corpus-*/*/{subset}.tsv")):
            place = table.parent.relative_to(folder).as_posix()
            with table.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                    name = row["path"].removesuffix(".mp3")
                    told = {
                        "speaker": row["client_id"][:16],
                        "language": table.parent.name,
                        "gender": (row.get("gender") or "").split("_")[0],  # such as female_feminine
                        "age": row.get("age") or "",
                        "text": row["sentence"],
                    }
                    told = {key: value for key, value in told.items() if value}
                    clip = table.parent / "clips" / f"{name}.mp3"
                    yield Recording(f"{place}/{name}", clip, told, subset=subset)


SET = KnownSet(
    name="common_voice",
    title="Mozilla Common Voice",
    role="speech",
    homepage="https://commonvoice.mozilla.org/datasets",
    licence="CC0 1.0",
    licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
    citation=(
        "R. Ardila, M. Branson, K. Davis, M. Kohler, J. Meyer, M. Henretty, R. Morais, L. Saunders, F. Tyers, "
        "G. Weber: Common Voice: A Massively-Multilingual Speech Corpus. LREC 2020, pp. 4218-4222. arXiv:1912.06670"
    ),
    attribution="Common Voice, the Mozilla Foundation and its contributors",
    recognised_by=("cv-corpus-*/*/test.tsv", "cv-corpus-*/*/clips/*.mp3"),
    recordings=recordings,
    obtain=(
        "accept the terms at https://commonvoice.mozilla.org/datasets, download a language, and unpack it so that "
        "common_voice/cv-corpus-RELEASE/LANGUAGE/test.tsv is there"
    ),
    channels=1,
    subsets=SUBSETS,
    split="test",
)

common_voice = loader(SET)
