"""Every pair of the real audio: a reference and a version of it that somebody coded, disturbed or decoded."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import align, audio, codecs
from bench.audio import Audio
from bench.domain import Category

CODED = ("speech/vctk_p228_023.wav", "speech/magphase_hvd_577.wav", "music/was_break12.wav")
"""Clips that codecs of ours code, up to ten seconds of them."""

CODECS = (("opus", 6_000), ("opus", 24_000), ("mp3", 64_000), ("toy_rvq", 6_000))


@dataclass(frozen=True)
class RealPair:
    """Two mono signals of one length and rate; ``name`` is a path below the data folder, with a codec or without."""

    name: str
    category: Category
    reference: Audio
    degraded: Audio


def real_pairs(data: Path) -> Iterator[RealPair]:
    """All of them, one after the other; what is absent from ``data`` is left out."""
    for reference, degraded, category in _files(data):
        if (data / reference).exists() and (data / degraded).exists():
            first, second = (audio.read(data / name).mixed_to(1) for name in (reference, degraded))
            yield RealPair(degraded, category, first, second.at(first.rate).with_length(first.length))
    yield from _coded(data)


def _files(data: Path) -> Iterator[tuple[str, str, Category]]:
    """``(reference, degraded, category)`` as paths below ``data``."""
    if (data / "expected" / "EXPECTED.csv").exists():
        lines = (data / "expected" / "EXPECTED.csv").read_text(encoding="utf-8").splitlines()
        pairs = {(row["reference"], row["degraded"]): row["metric"] for row in csv.DictReader(lines)}
        for (reference, degraded), metric in pairs.items():
            if reference.startswith("expected/") and reference != degraded:
                yield reference, degraded, "music" if metric == "visqol_audio" else "speech"
    kinds: tuple[tuple[str, Category], ...] = (
        ("speech", "speech"), ("noisy", "noisy_reverberant_speech"), ("music", "music"),
    )  # fmt: skip
    for kind, category in kinds:
        yield from _others(data, f"decoded/hilcodec/{kind}_ref.wav", f"{kind}_*.wav", category)
    for reference in sorted(data.glob("ratings/bernoulli_mushra/audio/*/ref.wav")):
        yield from _others(data, reference.relative_to(data).as_posix(), "*.wav", "speech")
    for clean in sorted((data / "noise" / "pairs_16k" / "clean").glob("*.wav")):
        yield f"noise/pairs_16k/clean/{clean.name}", f"noise/pairs_16k/noisy/{clean.name}", "speech"


def _others(data: Path, reference: str, pattern: str, category: Category) -> Iterator[tuple[str, str, Category]]:
    for path in sorted((data / reference).parent.glob(pattern)):
        degraded = path.relative_to(data).as_posix()
        if degraded != reference:
            yield reference, degraded, category


def _coded(data: Path) -> Iterator[RealPair]:
    for name in CODED:
        if not (data / name).exists():
            continue
        whole = audio.read(data / name).mixed_to(1)
        reference = whole.part(0, min(whole.length, 10 * whole.rate))
        for codec, bitrate_bps in CODECS:
            yield RealPair(
                f"{name} by {codec}@{bitrate_bps}",
                "music" if name.startswith("music") else "speech",
                reference,
                coded(reference, codec, bitrate_bps),
            )


def coded(reference: Audio, codec: str, bitrate_bps: int) -> Audio:
    """``reference`` coded and decoded, aligned, at its own rate and length."""
    made = codecs.make(codec, {})
    source = reference.at(made.working_rate(reference.rate))
    return align.compensate(made.decode(made.encode(source, [bitrate_bps])[bitrate_bps]), reference).quantised()
