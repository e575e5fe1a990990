from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from scipy import signal

from bench import audio
from bench.audit.marks import is_band_limited
from bench.audit.spectrum import MOST_FRAMES, Band, Floats, band_of, spectrogram_of

RATE = 48_000
FindData = Callable[[str], Path]


def white(seconds: float = 3.0, rate: int = RATE, channels: int = 1, level: float = 0.1) -> Floats:
    noise = np.random.default_rng(1).standard_normal((channels, round(seconds * rate)))
    return (level * noise).clip(-1, 1).astype(np.float32)


def as_16_bit(samples: Floats) -> Floats:
    return (np.rint(samples * 32768) / 32768).astype(np.float32)


def tone(hz: float, seconds: float = 2.0) -> Floats:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)[np.newaxis]).astype(np.float32)


@pytest.mark.parametrize("cutoff", [4_000, 7_500, 12_000, 16_000, 20_000])
def test_a_steep_low_pass_is_an_edge_at_its_cut_off(cutoff: int) -> None:
    taps = signal.firwin(1_201, cutoff, window=("kaiser", 10), fs=RATE)
    band = band_of(as_16_bit(signal.lfilter(taps, 1, white())), RATE)
    assert band.edge_hz == pytest.approx(cutoff, abs=250)
    assert band.bandwidth_hz == pytest.approx(cutoff, abs=250)
    assert band.edge_db is not None
    assert band.edge_db > 40


@pytest.mark.parametrize(("order", "cutoff"), [(1, 1_000), (2, 2_000), (2, 7_000), (4, 4_000), (4, 12_000)])
def test_a_gentle_low_pass_is_no_edge(order: int, cutoff: int) -> None:
    sections = signal.butter(order, cutoff, fs=RATE, output="sos")
    band = band_of(as_16_bit(signal.sosfilt(sections, white())), RATE)
    assert band.edge_hz is None
    assert band.bandwidth_hz > 2 * cutoff or band.bandwidth_hz > 20_000


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000, 96_000])
def test_white_noise_reaches_nyquist_at_every_rate(rate: int) -> None:
    band = band_of(white(rate=rate), rate)
    assert band.edge_hz is None
    assert band.bandwidth_hz > 0.98 * rate / 2


@pytest.mark.parametrize(("old", "lowest"), [(16_000, 7_500), (22_050, 10_300), (32_000, 15_000)])
def test_an_upsampled_recording_ends_below_its_old_nyquist(old: int, lowest: float) -> None:
    band = band_of(as_16_bit(audio.resample(white(rate=old), old, RATE)), RATE)
    assert band.edge_hz is not None
    assert lowest < band.edge_hz <= 1.01 * old / 2


def by_swresample(samples: Floats, old: int, new: int) -> Floats:
    """Converted by FFmpeg's own resampler, with the settings that its command line has."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=new)
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate = old
    parts = [part.to_ndarray() for end in (frame, None) for part in resampler.resample(end)]
    return as_16_bit(np.concatenate(parts, axis=1))


@pytest.mark.parametrize("new", [44_100, 48_000])
@pytest.mark.parametrize("old", [16_000, 22_050, 24_000, 32_000])
def test_the_images_of_swresample_are_no_content(old: int, new: int) -> None:
    band = band_of(by_swresample(white(rate=old), old, new), new)
    assert band.edge_hz == old / 2
    assert band.bandwidth_hz == old / 2
    assert is_band_limited(band.edge_hz, new)


@pytest.mark.parametrize("old", [16_000, 22_050, 24_000, 32_000])
def test_the_images_of_speech_are_no_content(real_data: FindData, old: int) -> None:
    speech = audio.read(real_data("speech/vctk_p236_023.wav")).at(old)
    assert band_of(by_swresample(speech.samples, old, RATE), RATE).edge_hz == old / 2


@pytest.mark.parametrize("cutoff", [8_600, 12_000, 13_000, 17_800, 18_500])
def test_what_ends_a_little_above_half_a_usual_rate_is_no_image(cutoff: int) -> None:
    """MP3 encoders cut between 17 and 19 kHz, too."""
    taps = signal.firwin(1_201, cutoff, window=("kaiser", 10), fs=RATE)
    band = band_of(as_16_bit(signal.lfilter(taps, 1, white())), RATE)
    assert band.edge_hz == pytest.approx(cutoff, abs=250)
    assert band.edge_hz not in (8_000, 11_025, 12_000, 16_000)


def test_44_1_khz_material_in_a_48_khz_file_reaches_beyond_20_khz() -> None:
    band = band_of(as_16_bit(audio.resample(white(rate=44_100), 44_100, RATE)), RATE)
    assert band.bandwidth_hz > 20_000
    assert band.edge_hz is None or band.edge_hz > 20_000


def test_the_anti_alias_filter_of_the_recording_itself_is_no_edge() -> None:
    taps = signal.firwin(401, 21_500, window=("kaiser", 10), fs=44_100)
    assert band_of(as_16_bit(signal.lfilter(taps, 1, white(rate=44_100))), 44_100).edge_hz is None


@pytest.mark.parametrize("hz", [440.0, 1_000.0, 5_000.0, 9_600.0])
def test_the_end_of_a_tone_is_no_edge(hz: float) -> None:
    band = band_of(tone(hz), RATE)
    assert band.edge_hz is None
    assert band.bandwidth_hz == pytest.approx(hz, abs=400)


def test_overtones_that_end_are_no_edge() -> None:
    band = band_of(as_16_bit(0.2 * sum(tone(440.0 * k) / k for k in range(1, 15))), RATE)  # type: ignore[arg-type]
    assert band.edge_hz is None
    assert band.bandwidth_hz == pytest.approx(14 * 440, abs=400)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((1, RATE), np.float32),
        np.zeros((2, 0), np.float32),
        np.full((1, 1), 0.5, np.float32),
        np.full((2, RATE), 0.25, np.float32),
        as_16_bit(white(level=0.4 * 2**-15)),
    ],
    ids=["silence", "nothing", "one sample", "constant", "dither"],
)
def test_where_there_is_no_content_there_is_no_band(samples: Floats) -> None:
    assert band_of(samples, RATE) == Band(0.0, None, None)


def test_eight_samples_have_a_band_and_no_edge() -> None:
    band = band_of(white()[:, :8], RATE)
    assert 0 < band.bandwidth_hz <= RATE / 2
    assert band.edge_hz is None


def test_the_widest_channel_counts() -> None:
    full = white()
    taps = signal.firwin(1_201, 7_000, fs=RATE)
    band = band_of(np.concatenate([signal.lfilter(taps, 1, full).astype(np.float32), full]), RATE)
    assert band.edge_hz is None
    assert band.bandwidth_hz > 23_000


def test_a_spectrogram_made_before_gives_the_same_band() -> None:
    samples = white(channels=2)
    assert band_of(samples, RATE, spectrogram_of(samples, RATE)) == band_of(samples, RATE)


def test_of_a_long_recording_frames_are_taken_from_all_of_it() -> None:
    rate = 8_000
    quiet = white(500.0, rate) * np.linspace(1, 0.01, 500 * rate, dtype=np.float32)
    spectrogram = spectrogram_of(quiet, rate)
    assert len(spectrogram.levels) <= MOST_FRAMES
    power = np.mean(spectrogram.levels, axis=1)
    assert np.mean(power[:40]) - np.mean(power[-40:]) == pytest.approx(37, abs=3)


def test_a_full_scale_sine_is_0_db() -> None:
    on_a_bin = 100 * RATE / 2_048
    assert spectrogram_of(2 * tone(on_a_bin), RATE).levels.max() == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("group", ["kerstin_*", "lyra_*_48kHz.wav"])
def test_narrow_band_speech_in_48_khz_files_ends_near_7_5_khz(real_data: FindData, group: str) -> None:
    paths = sorted(real_data("speech").glob(group))
    edges = {path.name: band_of((clip := audio.read(path)).samples, clip.rate).edge_hz for path in paths}
    assert edges
    assert [edge for edge in edges.values() if edge is None or not 7_000 < edge < 8_000] == [], edges


@pytest.mark.parametrize("group", ["speech/vctk_*", "speech/magphase_*", "noise/sonicpi_*", "music/sonicpi_*"])
def test_lossless_recordings_have_no_edge(real_data: FindData, group: str) -> None:
    folder, pattern = group.split("/")
    paths = sorted(real_data(folder).glob(pattern))
    edges = {path.name: band_of((clip := audio.read(path)).samples, clip.rate).edge_hz for path in paths}
    assert edges
    assert set(edges.values()) == {None}, edges


@pytest.mark.parametrize("group", ["vctk_*", "magphase_*"])
def test_full_band_speech_is_full_band(real_data: FindData, group: str) -> None:
    for path in sorted(real_data("speech").glob(group)):
        clip = audio.read(path)
        assert band_of(clip.samples, clip.rate).bandwidth_hz > 20_000, path.name


@pytest.mark.parametrize(("name", "highest"), [("ambi_piano", 6_000), ("ambi_glass_hum", 6_000)])
def test_soft_sounds_above_dither_are_narrow_without_an_edge(real_data: FindData, name: str, highest: int) -> None:
    clip = audio.read(real_data(f"music/sonicpi_{name}.flac"))
    band = band_of(clip.samples, clip.rate)
    assert 2_500 < band.bandwidth_hz < highest
    assert band.edge_hz is None
