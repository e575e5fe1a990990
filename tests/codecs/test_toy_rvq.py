from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import audio
from bench.audio import Audio
from bench.codecs.residual import codes_of
from bench.codecs.toy_rvq import ToyRvq, codebooks
from bench.codecs.toy_rvq.mdct import HOP, analyse, synthesise
from bench.metrics.distortion import Snr

UNSEEN = (
    "speech/vctk_p228_023.wav", "speech/magphase_hvd_577.wav", "music/sms_piano.wav", "music/sonicpi_loop_safari.flac",
    "music/was_break12.wav", "noise/esc10",
)  # fmt: skip


@given(st.integers(1, 3_000), st.integers(0, 99))
def test_the_transform_is_undone_at_every_length(length: int, seed: int) -> None:
    samples = np.random.default_rng(seed).standard_normal(length)
    spectrum = analyse(samples)
    assert spectrum.shape == (-(-length // HOP), HOP)
    np.testing.assert_allclose(synthesise(spectrum, length), samples, atol=2e-6)


def test_the_transform_keeps_the_energy() -> None:
    samples = np.random.default_rng(0).standard_normal(10 * HOP)
    assert np.square(analyse(samples)).sum() == pytest.approx(np.square(samples).sum(), rel=1e-6)


def test_the_codebooks_are_those_of_encodec_in_number_and_size() -> None:
    assert [book.vectors.shape[0] for book in codebooks()] == [1024] * 32
    assert not any(book.vectors[0].any() for book in codebooks())


@pytest.mark.parametrize("length", [1, 319, 320, 321, 24_000])
def test_the_bits_are_those_of_encodec(length: int) -> None:
    codec = ToyRvq()
    signal = Audio(np.random.default_rng(1).standard_normal((1, length)).astype(np.float32) * 0.1, 24_000)
    for bitrate, encoded in codec.encode(signal, codec.bitrates_bps).items():
        assert encoded.payload_bits == -(-length // 320) * 10 * (bitrate or 0) // 750
    assert codec.encode(signal, [24_000])[24_000].payload_bits / -(-length // 320) * 75 == 24_000


def test_a_lower_bitrate_is_a_prefix() -> None:
    codec = ToyRvq()
    signal = Audio(np.random.default_rng(2).standard_normal((1, 9_999)).astype(np.float32) * 0.1, 24_000)
    full = codes_of(codec.encode(signal, [24_000])[24_000])
    for bitrate, books in codec.books.items():
        alone = codes_of(codec.encode(signal, [bitrate])[bitrate])
        assert np.array_equal(alone.segments[0], full.segments[0][:books])


@pytest.mark.parametrize("name", UNSEEN)
def test_quality_rises_with_the_bitrate_on_audio_it_was_not_trained_on(
    name: str, real_data: Callable[[str], Path]
) -> None:
    path = real_data(name)
    path = sorted(path.glob("*.*"))[0] if path.is_dir() else path
    signal = audio.read(path).mixed_to(1).at(24_000).part(0, 120_000)
    codec, snr = ToyRvq(), Snr()
    state = snr.prepare(signal)
    streams = codec.encode(signal, codec.bitrates_bps)
    values = [snr.score(state, ToyRvq().decode(stream))["snr"] for stream in streams.values()]
    assert all(low + 0.5 < high for low, high in pairwise(values)), values


@pytest.mark.slow
def test_training_gives_codebooks_that_rise_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.codecs.toy_rvq import train

    monkeypatch.setattr(train, "FILE", tmp_path / "codebooks.npz")
    monkeypatch.setattr(train, "BOOKS", 4)
    train.main()
    with np.load(tmp_path / "codebooks.npz") as made:
        assert len(made["widths"]) == 4
        assert made["vectors"].size == 1024 * made["widths"].sum()
