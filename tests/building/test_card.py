from __future__ import annotations

from bench.building import card
from bench.domain import Clip

SHA = "0" * 64


def clip(number: int, licence: str = "CC0 1.0") -> Clip:
    used = [
        {"role": "speech", "name": f"s{number % 2}.wav", "licence": licence, "sha256": SHA, "attribution": "A. Reader"}
    ]
    attributes = {"number": number, "materials": used}
    return Clip(f"{number}", "n", "noisy_reverberant_speech", "x.flac", SHA, 16_000, 1, 16_000, attributes=attributes)


def test_sources_are_counted_by_recording_and_by_clip():
    [row, other] = card.sources([*(clip(number) for number in range(10)), clip(11, "CC BY 4.0")])
    assert (row["licence"], row["recordings"], row["clips"]) == ("CC BY 4.0", ["s1.wav"], 1)
    assert (other["licence"], other["recordings"], other["clips"]) == ("CC0 1.0", ["s0.wav", "s1.wav"], 10)
    assert row["attribution"] == "A. Reader"
