"""LibriSpeech test-clean: read English audiobooks, 40 speakers, 16 kHz.

Layout: ``LibriSpeech/test-clean/SPEAKER/CHAPTER/SPEAKER-CHAPTER-UTTERANCE.flac``, a transcript for each chapter, and
``LibriSpeech/SPEAKERS.TXT``. The transcripts list the utterances, so that a lost file is noticed.
Checksums: md5sum.txt of OpenSLR 12. Figures: table 1 of the paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import lines_of, parsing
from bench.datasets.walking import matching

SPLIT = "test-clean"
GENDERS = {"F": "female", "M": "male"}


def recordings(folder: Path) -> Iterator[Recording]:
    """Every utterance of the transcripts, with speaker, gender and text; those of a chapter are one recording."""
    genders = _genders(folder / "LibriSpeech" / "SPEAKERS.TXT")
    for transcript in matching(folder, f"LibriSpeech/{SPLIT}/*/*/*.trans.txt"):
        with parsing(transcript):
            speaker, chapter = transcript.name.removesuffix(".trans.txt").split("-")
        for _, line in lines_of(transcript):
            utterance, _, text = line.partition(" ")
            told = {"speaker": speaker, "chapter": chapter, "language": "en", "text": text}
            if genders.get(speaker):
                told["gender"] = genders[speaker]
            path = transcript.with_name(f"{utterance}.flac")
            yield Recording(utterance, path, told, source=f"{speaker}-{chapter}")


def _genders(speakers: Path) -> dict[str, str]:
    """``female`` or ``male`` by speaker; lines such as ``14   | F | train-clean-360  | 25.03 | Kristin LeMoine``."""
    if not speakers.is_file():
        return {}
    rows = [line.split("|") for _, line in lines_of(speakers) if not line.startswith(";")]
    return {row[0].strip(): GENDERS.get(row[1].strip(), "") for row in rows if len(row) > 1}


SET = KnownSet(
    name="librispeech_test_clean",
    title="LibriSpeech test-clean",
    role="speech",
    homepage="https://www.openslr.org/12",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "V. Panayotov, G. Chen, D. Povey, S. Khudanpur: Librispeech: an ASR corpus based on public domain audio books. "
        "ICASSP 2015, pp. 5206-5210. doi:10.1109/ICASSP.2015.7178964"
    ),
    attribution="LibriSpeech (c) 2014 by Vassil Panayotov, from LibriVox recordings and Project Gutenberg texts",
    recognised_by=("LibriSpeech/test-clean/*/*/*.trans.txt",),
    recordings=recordings,
    archives=(
        Archive(
            "https://www.openslr.org/resources/12/test-clean.tar.gz",
            346_663_984,
            "md5:32fa31d27d2e1cad72775fee3f4849a9",
        ),
    ),
    languages=("en",),
    sample_rate=16_000,
    channels=1,
    hours=5.4,
    files=2620,
)
