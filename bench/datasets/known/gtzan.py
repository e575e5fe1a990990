"""GTZAN: 1000 excerpts of 30 s in ten genres, 22.05 kHz mono.

Known faults: excerpts that are there twice or come from one recording, wrong genres, distorted excerpts (B. L. Sturm:
The GTZAN dataset: Its contents, its faults, their effects on evaluation, arXiv:1306.1461), and ``jazz.00054``, which
cannot be decoded and is left out here. ``gtzan_filtered`` is the fault-filtered split, whose lists torchaudio has.
No rights to the recordings are stated: results may be published, excerpts may not.

Layout: ``genres/GENRE/GENRE.NNNNN.wav`` (or ``.au``).
Checksum of genres.tar.gz: torchaudio.datasets.GTZAN. Its server has been silent since 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.walking import matching
from bench.errors import MissingRequirement

UNREADABLE = "jazz.00054"
LISTS = {"train": "filtered_train", "validation": "filtered_valid", "test": "filtered_test"}


def recordings(folder: Path) -> Iterator[Recording]:
    """Every excerpt that can be decoded."""
    for path in matching(folder, "genres/*/*.*"):
        if path.suffix in (".wav", ".au") and path.stem != UNREADABLE:
            yield Recording(path.stem, path, {"genre": path.parent.name})


def filtered(folder: Path) -> Iterator[Recording]:
    """The excerpts of the fault-filtered split."""
    try:
        lists = import_module("torchaudio.datasets.gtzan")
    except (ImportError, OSError) as error:
        raise MissingRequirement(
            f"gtzan_filtered needs the lists of torchaudio ({error}). To get it: pip install 'codecbench[neural]'"
        ) from None
    subset_of = {name: subset for subset, key in LISTS.items() for name in getattr(lists, key)}
    for one in recordings(folder):
        if one.id in subset_of:
            yield replace(one, subset=subset_of[one.id])


SET = KnownSet(
    name="gtzan",
    title="GTZAN",
    role="music",
    homepage="http://marsyas.info/downloads/datasets.html",
    licence="not stated; for research only",
    licence_url="http://marsyas.info/downloads/datasets.html",
    citation=(
        "G. Tzanetakis, P. Cook: Musical genre classification of audio signals. IEEE Transactions on Speech and Audio "
        "Processing 10 (5), 2002, pp. 293-302. doi:10.1109/TSA.2002.800560"
    ),
    attribution="GTZAN Genre Collection, George Tzanetakis",
    recognised_by=("genres/blues/blues.*", "genres/rock/rock.*"),
    recordings=recordings,
    obtain=(
        "the publisher's server is silent; bring genres.tar.gz (sha256 "
        "24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6) and unpack it into gtzan"
    ),
    sample_rate=22_050,
    channels=1,
    hours=8.3,
    clip_s=10.0,
    files=999,
)

FILTERED = replace(
    SET,
    name="gtzan_filtered",
    title="GTZAN, fault-filtered",
    recordings=filtered,
    hours=None,
    folder="gtzan",
    subsets=tuple(LISTS),
    split="test",
    files=290,
)
