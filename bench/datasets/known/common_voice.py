"""Common Voice: sentences read by volunteers in many languages, MP3.

Layout: ``cv-corpus-RELEASE/LANGUAGE/clips/*.mp3`` with ``test.tsv``, ``dev.tsv`` and ``train.tsv``, which list them.
A release holds the clips of those before it, so of several releases of a language the newest is taken.
Clips are mono MP3, 32 or 48 kHz: the reference itself is decoded from a lossy file.
Checksums and sizes: stated at each download; since October 2025 the files come from an account with the Mozilla Data
Collective (README of the repository common-voice/cv-dataset).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.known.tables import rows_of
from bench.datasets.walking import matching

SUBSETS = ("test", "dev", "train")
GENDERS = {
    "male": "male",
    "male_masculine": "male",
    "female": "female",
    "female_feminine": "female",
    "do_not_wish_to_say": "",
}
COLUMNS = ("client_id", "path", "sentence")

log = logging.getLogger(__name__)


def recordings(folder: Path) -> Iterator[Recording]:
    """Every clip of the tables; the speaker is the first 16 digits of ``client_id``."""
    for corpus in _newest(matching(folder, "cv-corpus-*/*/")):
        place = corpus.relative_to(folder).as_posix()
        for table in (corpus / f"{subset}.tsv" for subset in SUBSETS):
            for row in rows_of(table, COLUMNS, delimiter="\t", quoted=False) if table.is_file() else ():
                name = row["path"].removesuffix(".mp3")
                gender = row.get("gender") or ""
                told = {
                    "speaker": row["client_id"][:16],
                    "language": corpus.name,
                    "gender": GENDERS.get(gender, gender),
                    "age": row.get("age") or "",
                    "text": row["sentence"],
                }
                told = {key: value for key, value in told.items() if value}
                yield Recording(f"{place}/{name}", corpus / "clips" / f"{name}.mp3", told, subset=table.stem)


def _newest(corpora: Iterable[Path]) -> list[Path]:
    """Of each language the folder of the newest release; a warning names the others."""
    newest: dict[str, Path] = {}
    for corpus in sorted(corpora, key=_release):
        if older := newest.pop(corpus.name, None):
            log.warning("%s: %s is newer and taken instead", older, corpus)
        newest[corpus.name] = corpus
    return list(newest.values())


def _release(corpus: Path) -> list[int]:
    """The numbers in the name of a release, such as ``cv-corpus-17.0-2024-03-15``: version, then date."""
    return [int(number) for number in re.findall(r"\d+", corpus.parent.name)]


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
        "accept the terms at https://mozilladatacollective.com, download a language, and unpack it so that "
        "common_voice/cv-corpus-RELEASE/LANGUAGE/test.tsv is there"
    ),
    channels=1,
    subsets=SUBSETS,
    split="test",
)
