"""ITU-T P.501 Annex C: short speech files for tests of telephony, two female and two male talkers a language.

Layout: the files of Annex C in one folder, such as ``P501_C_english_f1_FB_48k.wav``: language, talker, audio
bandwidth (FB, SWB, WB, NB), rate. Fullband is the split.
Checksums and sizes: none stated. The files come as an attachment of the Recommendation, under the ITU's terms of use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bench.datasets.known.base import KnownSet, Recording
from bench.datasets.known.tables import language_code
from bench.datasets.walking import matching

NAME = re.compile(r"P501_C_(?P<language>\w+?)_(?P<talker>[fm]\d+)_(?P<band>FB|SWB|WB|NB)_\d+k", re.ASCII)


def recordings(folder: Path) -> Iterator[Recording]:
    """Every file named as in Annex C."""
    for path in matching(folder, "P501_C_*.wav"):
        if found := NAME.fullmatch(path.stem):
            language, talker, band = found.group("language", "talker", "band")
            gender = "female" if talker.startswith("f") else "male"
            speaker = f"{language}_{talker}"
            told = {"speaker": speaker, "gender": gender, "language": language_code(language)}
            yield Recording(path.stem, path, told, subset=band, source=speaker)


SET = KnownSet(
    name="itu_p501",
    title="ITU-T P.501 Annex C",
    role="speech",
    homepage="https://www.itu.int/rec/T-REC-P.501",
    licence="terms of use of the ITU",
    licence_url="https://www.itu.int/en/Pages/copyright.aspx",
    citation="Recommendation ITU-T P.501: Test signals for use in telephony and other speech-based applications. 2020",
    attribution="ITU-T P.501, International Telecommunication Union",
    recognised_by=("P501_C_*.wav",),
    recordings=recordings,
    obtain=(
        "download the electronic attachment of https://www.itu.int/rec/T-REC-P.501 and put the files P501_C_*.wav of "
        "its Annex C into itu_p501"
    ),
    sample_rate=48_000,
    channels=1,
    subsets=("FB", "SWB", "WB", "NB"),
    split="FB",
)
