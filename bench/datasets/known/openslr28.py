"""OpenSLR 28: room impulse responses, recorded (RWCP, REVERB 2014, AIR) and simulated, 16 kHz.

Layout: ``RIRS_NOISES/real_rirs_isotropic_noises`` and ``RIRS_NOISES/simulated_rirs/{small,medium,large}room``, each
with a ``rir_list`` of its files. The recorded ones are the split. Noises of the archive are not listed.
Checksum: checksum.md5 of OpenSLR 28; size: length of the file on its server.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import lines_of, parsing

LISTS = {
    "recorded": "real_rirs_isotropic_noises",
    "smallroom": "simulated_rirs/smallroom",
    "mediumroom": "simulated_rirs/mediumroom",
    "largeroom": "simulated_rirs/largeroom",
}


def recordings(folder: Path) -> Iterator[Recording]:
    """Every response of the lists; lines such as ``--rir-id X --room-id Y RIRS_NOISES/.../Z.wav``."""
    for subset, place in LISTS.items():
        listing = folder / "RIRS_NOISES" / place / "rir_list"
        for number, line in lines_of(listing) if listing.is_file() else ():
            with parsing(listing, number):
                *options, file = line.split()
                told = {"room": options[options.index("--room-id") + 1]} if "--room-id" in options else {}
            name = file.removeprefix("RIRS_NOISES/").removesuffix(".wav")
            yield Recording(name, folder / file, told, subset=subset)


SET = KnownSet(
    name="openslr28",
    title="OpenSLR 28 room impulse responses",
    role="rooms",
    homepage="https://www.openslr.org/28",
    licence="Apache 2.0",
    licence_url="https://www.apache.org/licenses/LICENSE-2.0",
    citation=(
        "T. Ko, V. Peddinti, D. Povey, M. L. Seltzer, S. Khudanpur: A study on data augmentation of reverberant speech "
        "for robust speech recognition. ICASSP 2017, pp. 5220-5224. doi:10.1109/ICASSP.2017.7953152"
    ),
    attribution="Room Impulse Response and Noise Database (OpenSLR 28); RWCP, REVERB 2014 and AIR databases",
    recognised_by=("RIRS_NOISES/real_rirs_isotropic_noises/rir_list",),
    recordings=recordings,
    archives=(
        Archive(
            "https://www.openslr.org/resources/28/rirs_noises.zip",
            1_311_166_223,
            "md5:e6f48e257286e05de56413b4779d8ffb",
        ),
    ),
    sample_rate=16_000,
    subsets=tuple(LISTS),
    split="recorded",
)
