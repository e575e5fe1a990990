"""FSD50K: 51 197 everyday sounds of Freesound in 200 classes, 44.1 kHz mono, 0.3 to 30 s.

Layout: ``FSD50K.eval_audio/ID.wav``, ``FSD50K.dev_audio/ID.wav`` and ``FSD50K.ground_truth/{eval,dev}.csv``, which
list them; ``FSD50K.metadata`` gives the licence of each sound where it is there.
Checksums and sizes: as Zenodo states them for record 4060432. The audio comes in parts of one zip file (z01, ..., zip).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.tables import object_of, parsing, rows_of

SUBSETS = ("eval", "dev")
PART = 3_221_225_472
FILES = {
    "FSD50K.ground_truth.zip": (334_701, "ca27382c195e37d2269c4c866dd73485"),
    "FSD50K.metadata.zip": (6_700_838, "b9ea0c829a411c1d42adb9da539ed237"),
    "FSD50K.eval_audio.z01": (PART, "3090670eaeecc013ca1ff84fe4442aeb"),
    "FSD50K.eval_audio.zip": (3_037_675_767, "6fa47636c3a3ad5c7dfeba99f2637982"),
    "FSD50K.dev_audio.z01": (PART, "faa7cf4cc076fc34a44a479a5ed862a3"),
    "FSD50K.dev_audio.z02": (PART, "8f9b66153e68571164fb1315d00bc7bc"),
    "FSD50K.dev_audio.z03": (PART, "1196ef47d267a993d30fa98af54b7159"),
    "FSD50K.dev_audio.z04": (PART, "d088ac4e11ba53daf9f7574c11cccac9"),
    "FSD50K.dev_audio.z05": (PART, "81356521aa159accd3c35de22da28c7f"),
    "FSD50K.dev_audio.zip": (2_306_663_327, "c480d119b8f7a7e32fdb58f3ea4d6c5a"),
}


def recordings(folder: Path) -> Iterator[Recording]:
    """Every sound of the tables with its labels and its own licence."""
    for subset in SUBSETS:
        table = folder / "FSD50K.ground_truth" / f"{subset}.csv"
        about = folder / "FSD50K.metadata" / f"{subset}_clips_info_FSD50K.json"
        told = object_of(about) if about.is_file() else {}
        for row in rows_of(table, ("fname", "labels")):
            name = row["fname"]
            path = folder / f"FSD50K.{subset}_audio" / f"{name}.wav"
            with parsing(about):
                licence = told.get(name, {}).get("license", "")
            yield Recording(name, path, {"labels": row["labels"].split(",")}, licence, subset)


SET = KnownSet(
    name="fsd50k",
    title="FSD50K",
    role="noise",
    homepage="https://zenodo.org/records/4060432",
    licence="CC BY 4.0; each sound CC0, CC BY, CC BY-NC or CC Sampling+",
    licence_url="https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "E. Fonseca, X. Favory, J. Pons, F. Font, X. Serra: FSD50K: An Open Dataset of Human-Labeled Sound Events. "
        "IEEE/ACM Transactions on Audio, Speech, and Language Processing 30, 2022, pp. 829-852. arXiv:2010.00475"
    ),
    attribution="FSD50K, Music Technology Group, Universitat Pompeu Fabra; authors of the sounds in its metadata",
    recognised_by=("FSD50K.ground_truth/eval.csv", "FSD50K.ground_truth/dev.csv", "FSD50K.*_audio/*.wav"),
    recordings=recordings,
    archives=tuple(
        Archive(
            f"https://zenodo.org/records/4060432/files/{name}",
            size,
            f"md5:{md5}",
            subset=next((subset for subset in SUBSETS if f"{subset}_audio" in name), ""),
        )
        for name, (size, md5) in FILES.items()
    ),
    sample_rate=44_100,
    channels=1,
    hours=108.3,
    subsets=SUBSETS,
    split="eval",
    files=10_231,
)
