from __future__ import annotations

import pytest

from bench.building import card, distributions
from bench.domain import Clip

SHA = "0" * 64


def clip(number: int, rt60_s: float | None, licence: str = "CC0 1.0") -> Clip:
    used = [
        {"role": "speech", "name": f"s{number % 2}.wav", "licence": licence, "sha256": SHA, "attribution": "A. Reader"}
    ]
    attributes = {"number": number, "snr_db": float(number), "rt60_s": rt60_s, "materials": used}
    return Clip(f"{number}", "n", "noisy_reverberant_speech", "x.flac", SHA, 16_000, 1, 16_000, attributes=attributes)


CLIPS = [clip(number, None if number < 3 else 0.1 * number) for number in range(10)]


@pytest.mark.parametrize("kind", distributions.KINDS)
def test_plots_are_whole_and_repeatable(kind):
    assert distributions.png(CLIPS, kind) == distributions.png(CLIPS, kind)
    drawn = distributions.svg(CLIPS, kind)
    assert drawn.startswith("<svg")
    assert drawn.endswith("</svg>")
    assert drawn == distributions.svg(CLIPS, kind)
    assert ("7 clips; 3 have none" in drawn) == (kind == "rt60")
    assert len(distributions.values_of(CLIPS, kind)) == (7 if kind == "rt60" else 10)


def test_a_set_without_any_reverberation_is_drawn_too():
    assert "0 clips; 4 have none" in distributions.svg([clip(number, None) for number in range(4)], "rt60")
    assert distributions.png([clip(0, 0.5)], "rt60").startswith(b"\x89PNG")


def test_sources_are_counted_by_recording_and_by_clip():
    [row, other] = card.sources([*CLIPS, clip(11, 0.3, "CC BY 4.0")])
    assert (row["licence"], row["recordings"], row["clips"]) == ("CC BY 4.0", ["s1.wav"], 1)
    assert (other["licence"], other["recordings"], other["clips"]) == ("CC0 1.0", ["s0.wav", "s1.wav"], 10)
    assert row["attribution"] == "A. Reader"
