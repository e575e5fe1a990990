"""Reading, writing, converting: what comes out is what the file holds, and what is wrong is said."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import audio
from bench.audio import Audio
from bench.errors import AudioError
from tests.conftest import noise


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rate_and_channel_count_comes_back(tmp_path: Path, rate: int, channels: int) -> None:
    signal = noise(rate, 0.05, channels).quantised()
    audio.write(tmp_path / "ä ö.flac", signal) if rate <= 192_000 else None
    back = audio.read(tmp_path / "ä ö.flac")
    assert back.rate == rate
    np.testing.assert_array_equal(back.samples, signal.samples)


def test_24_bits_are_rounded_and_not_truncated(tmp_path: Path) -> None:
    step = 1 / audio.FULL_SCALE
    audio.write(tmp_path / "x.wav", Audio(np.array([[0.6 * step, -0.6 * step, 1.5, -1.5]], np.float32), 48_000))
    np.testing.assert_array_equal(audio.read(tmp_path / "x.wav").samples, [[step, -step, 1 - step, -1]])


def test_16_bits_are_rounded_and_not_truncated(tmp_path: Path) -> None:
    signal = noise(48_000, 1.0)
    audio.write(tmp_path / "x.wav", signal, "PCM_16")
    error = (audio.read(tmp_path / "x.wav").samples - signal.samples).astype(np.float64) * 32768
    assert abs(error.mean()) < 0.01
    assert np.abs(error).max() <= 0.5 + 1e-3


def test_a_quantised_signal_is_what_the_file_holds(tmp_path: Path) -> None:
    signal = noise(48_000, 0.1, level=0.5)
    audio.write(tmp_path / "x.flac", signal)
    back = audio.read(tmp_path / "x.flac").samples
    assert back.tobytes() == signal.quantised().samples.tobytes()  # to the sign of zero: runs compare hashes


def test_a_part_is_read_by_its_samples(tmp_path: Path) -> None:
    ramp = Audio((np.arange(1000, dtype=np.float32) / 1024)[None], 8_000)
    audio.write(tmp_path / "x.wav", ramp, "FLOAT")
    part = audio.read(tmp_path / "x.wav", start_s=0.05, duration_s=0.025)
    np.testing.assert_array_equal(part.samples, ramp.samples[:, 400:600])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("missing.wav", None, "no such file"),
        ("empty.wav", b"", "0 bytes"),
        ("text.wav", b"this is not audio at all", "cannot be read as WAV, FLAC, Ogg or MP3"),
        ("page.mp3", b"<!doctype html><html></html>" * 50, "cannot be read"),
    ],
)
def test_what_is_no_audio_is_named(tmp_path: Path, name: str, content: bytes | None, expected: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=expected) as caught:
        audio.read(tmp_path / name)
    assert name in str(caught.value)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_file_is_an_error_and_not_a_short_clip(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"x{suffix}"
    audio.write(path, noise(48_000, 1.0), "PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(AudioError, match=r"truncated|cannot be read"):
        audio.read(path)


def test_a_wav_of_no_samples_is_an_error(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros((0, 1)), 48_000)
    with pytest.raises(AudioError, match="no samples"):
        audio.read(tmp_path / "x.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_is_found_with_its_place(tmp_path: Path, bad: float) -> None:
    samples = np.zeros((100, 2), np.float32)
    samples[40, 1] = bad
    soundfile.write(tmp_path / "x.wav", samples, 8_000, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"1 samples are NaN or infinite, the first in channel 2 at 0\.0050 s"):
        audio.read(tmp_path / "x.wav")


@pytest.mark.parametrize("rate", [4_000, 384_000])
def test_rates_out_of_range_are_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros(100), rate)
    with pytest.raises(AudioError, match="8 to 192 kHz"):
        audio.read(tmp_path / "x.wav")


@pytest.mark.parametrize(("start", "duration"), [(2.0, None), (0.5, 0.6), (-0.1, 0.2)])
def test_a_part_outside_the_file_is_an_error(tmp_path: Path, start: float, duration: float | None) -> None:
    audio.write(tmp_path / "x.wav", noise(8_000, 1.0))
    with pytest.raises(AudioError, match=r"within the file's 1\.000 s"):
        audio.read(tmp_path / "x.wav", start, duration)


@given(
    length=st.integers(1, 4_000),
    rate=st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000]),
    new_rate=st.sampled_from([8_000, 16_000, 24_000, 44_100, 48_000, 96_000]),
)
@settings(max_examples=60)
def test_converted_lengths_are_the_rounded_ones(length: int, rate: int, new_rate: int) -> None:
    signal = noise(rate, length / rate)
    converted = signal.at(new_rate)
    assert converted.samples.shape == (1, audio.resampled_length(length, rate, new_rate))
    if converted.length > 1:  # one sample is left of what is shorter than one
        assert abs(converted.length / new_rate - length / rate) <= 0.5 / new_rate + 1e-12
    back = converted.at(rate).length
    assert abs(back - length) <= max(1, rate / new_rate)


def test_conversion_keeps_time_and_level() -> None:
    time = np.arange(44_100) / 44_100
    tone = Audio((0.5 * np.sin(2 * np.pi * 1_000 * time))[None].astype(np.float32), 44_100)
    converted = tone.at(48_000).samples[0][4_800:-4_800]
    expected = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)[4_800:-4_800]
    assert np.abs(converted - expected).max() < 1e-4


def test_a_conversion_is_made_once() -> None:
    signal = noise(48_000, 0.1)
    assert signal.at(16_000) is signal.at(16_000)


@given(length=st.integers(0, 50), wanted=st.integers(0, 80))
def test_cutting_and_padding(length: int, wanted: int) -> None:
    signal = Audio(np.arange(1, length + 1, dtype=np.float32)[None] / 64, 8_000)
    out = signal.with_length(wanted).samples[0]
    kept = min(length, wanted)
    np.testing.assert_array_equal(out[:kept], signal.samples[0, :kept])
    assert len(out) == wanted
    assert not out[kept:].any()


def test_mixing_down_is_the_mean_and_nothing_else_is_guessed() -> None:
    stereo = Audio(np.array([[0.5, 0.25], [-0.5, 0.75]], np.float32), 8_000)
    np.testing.assert_array_equal(stereo.mixed_to(1).samples, [[0, 0.5]])
    with pytest.raises(AudioError, match="no agreed way to mix 6 channels to 2"):
        noise(8_000, 0.01, 6).mixed_to(2)


def test_samples_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        noise(8_000, 0.01).samples[0, 0] = 1.0


def test_real_files_of_every_kind_can_be_read(real_data) -> None:
    for name in ("speech/vctk_p228_023.wav", "music/flactest_28.flac", "music/librosa_trumpet.hq.ogg"):
        assert audio.read(real_data(name)).peak > 0.01


def test_clipping_is_runs_at_full_scale_and_not_a_peak() -> None:
    signal = np.zeros((1, 100), np.float32)
    signal[0, [5, 50]] = 1.0
    signal[0, 10:12] = -1.0
    assert audio.clipped_samples(Audio(signal, 8_000)) == 0
    signal[0, 20:24] = 32767 / 32768
    signal[0, 97:] = -1.0
    signal[0, 70] = 1.01
    assert audio.clipped_samples(Audio(signal, 8_000)) == 4 + 3 + 1


@pytest.mark.parametrize(
    ("suffix", "subtype"), [("wav", "PCM_16"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III")]
)
@pytest.mark.parametrize("start", [0.0, 0.3])
def test_a_long_file_is_read_as_in_one_go(tmp_path: Path, suffix: str, subtype: str, start: float) -> None:
    path = tmp_path / f"long.{suffix}"
    soundfile.write(path, noise(48_000, 13.0, 2).samples.T, 48_000, subtype=subtype)
    whole = soundfile.read(path, start=round(start * 48_000), dtype="float32")[0]
    found = audio.read(path, start)
    assert found.length > 2 * audio.READ_BLOCK
    assert np.array_equal(found.samples, whole.T)


def test_a_long_file_is_in_memory_once(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, noise(8_000, 300.0, 2).samples.T, 8_000, subtype="PCM_16")
    tracemalloc.start()
    try:
        found = audio.read(path)
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert highest < 1.5 * found.samples.nbytes
