"""What the usual kinds of tests decide; a key in TEST.yaml overrides each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from listening_test.model import TestType

PresetName = Literal["bs1534", "encodec_paper", "mpeg"]

LOW_ANCHOR_HZ, MID_ANCHOR_HZ = 3_500, 7_000  # BS.1534-3, 5.1: the two mandatory anchors


@dataclass(frozen=True, slots=True)
class Preset:
    """Defaults of a test. ``strict``: what the standard asks for is an error where it is missing, not a warning."""

    name: str
    anchors: tuple[str, ...]
    clips_per_category: int
    excerpt_s: float
    minimum_ratings: int
    screening: str
    hidden_reference: bool = True
    training: int = 2
    needs_a_hundred: bool = False
    strict: bool = False


PRESETS: Mapping[PresetName, Preset] = MappingProxyType(
    {
        "bs1534": Preset(
            "bs1534", ("low", "mid"), 4, 10.0, 0, "bs1534", needs_a_hundred=True, strict=True
        ),  # BS.1534-3, 5.1 and 7: about 10 s, two anchors
        "encodec_paper": Preset(
            "encodec_paper", ("low",), 50, 5.0, 10, "encodec_paper", needs_a_hundred=True
        ),  # arXiv 2210.13438, 4.3: 50 samples of 5 s per category, hidden reference and low anchor, 10 annotations
        "mpeg": Preset("mpeg", ("low", "mid"), 4, 10.0, 0, "mpeg", needs_a_hundred=True),
    }
)
"""Presets of MUSHRA tests by name."""

OTHER_TYPES: Mapping[TestType, Preset] = MappingProxyType(
    {
        "acr": Preset("", (), 4, 8.0, 0, "none"),  # P.800 Annex B: clips of 8 s; the hidden reference is rated, too
        "dcr": Preset("", (), 4, 8.0, 0, "none"),  # P.800 Annex D: null pairs, the reference with itself, check people
        "abx": Preset("", (), 4, 8.0, 0, "none", hidden_reference=False),
        "ab": Preset("", (), 4, 8.0, 0, "none", hidden_reference=False),
    }
)
"""Defaults of the types that have no preset."""


def defaults_of(type_: TestType, preset: PresetName | None) -> Preset:
    """The preset of a MUSHRA test, ``bs1534`` where none is named; the defaults of any other type."""
    return PRESETS[preset or "bs1534"] if type_ == "mushra" else OTHER_TYPES[type_]
