"""VCTK 0.92: 110 English speakers with many accents, read sentences, 48 kHz, two microphones.

Layout: ``wav48_silence_trimmed/SPEAKER/SPEAKER_SENTENCE_mic1.flac`` and ``speaker-info.txt``; the archive has no
folder around them. Microphone 1 (omnidirectional) is what is usually taken; speakers p280 and p315 lack microphone 2.
Checksum and size: as Edinburgh DataShare states them for the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import lines_of
from bench.datasets.walking import matching


def recordings(folder: Path) -> Iterator[Recording]:
    """Every sentence of both microphones, with its speaker and what ``speaker-info.txt`` says of the speaker."""
    speakers = _speakers(folder / "speaker-info.txt")
    for path in matching(folder, "wav48_silence_trimmed/*/*_mic?.flac"):
        sentence, _, microphone = path.stem.rpartition("_")
        speaker = path.parent.name
        told = {"speaker": speaker, "language": "en", **speakers.get(speaker, {})}
        yield Recording(f"{speaker}/{path.stem}", path, told, subset=microphone, source=f"{speaker}/{sentence}")


def _speakers(table: Path) -> dict[str, dict[str, str | int]]:
    """Age, gender and accent by speaker; lines such as ``p225  23  F    English    Southern  England``."""
    rows = [line.split() for _, line in lines_of(table)]
    return {
        row[0]: {"age": int(row[1]), "gender": {"F": "female", "M": "male"}.get(row[2], row[2]), "accent": row[3]}
        for row in rows
        if len(row) > 3 and row[1].isdigit()
    }


SET = KnownSet(
    name="vctk",
    title="CSTR VCTK Corpus 0.92",
    role="speech",
    homepage="https://datashare.ed.ac.uk/handle/10283/3443",
    licence="CC BY 4.0",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "J. Yamagishi, C. Veaux, K. MacDonald: CSTR VCTK Corpus: English Multi-speaker Corpus for CSTR Voice Cloning "
        "Toolkit (version 0.92). University of Edinburgh, CSTR, 2019. doi:10.7488/ds/2645"
    ),
    attribution="CSTR VCTK Corpus 0.92, The Centre for Speech Technology Research, University of Edinburgh",
    recognised_by=("wav48_silence_trimmed/*/*_mic?.flac", "speaker-info.txt"),
    recordings=recordings,
    archives=(
        Archive(
            "https://datashare.ed.ac.uk/bitstream/handle/10283/3443/VCTK-Corpus-0.92.zip",
            11_747_302_977,
            "md5:8a6ba2946b36fcbef0212cad601f4bfa",
        ),
    ),
    languages=("en",),
    sample_rate=48_000,
    channels=1,
    subsets=("mic1", "mic2"),
    split="mic1",
)
