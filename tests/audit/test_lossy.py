from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from bench import audio
from bench.audio import Audio
from bench.audit.lossy import Traces, traces_of
from bench.audit.spectrum import Floats, spectrogram_of
from bench.codecs.base import Codec
from bench.codecs.mpeg import Aac, Mp3
from bench.codecs.opus import Opus
from bench.datasets.embedded import FOLDER

RATE = 48_000
FindData = Callable[[str], Path]


def speechlike(rate: int, channels: int = 1) -> Audio:
    """Noise with the rhythm of speech, 3 dB an octave down, over a quiet floor; 16-bit steps."""
    rng = np.random.default_rng(3)
    length = 4 * rate
    spectrum = np.fft.rfft(rng.standard_normal((channels, length)))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(length, 1 / rate), 100))
    noise = np.fft.irfft(spectrum, length)
    rhythm = np.abs(np.sin(2 * np.pi * 1.7 * np.arange(length) / rate)) ** 3
    samples = 0.3 * noise / noise.std() / 4 * rhythm + 1e-4 * rng.standard_normal((channels, length))
    return as_16_bit(Audio(samples.clip(-1, 1).astype(np.float32), rate))


def as_16_bit(clip: Audio) -> Audio:
    return Audio((np.rint(clip.samples * 32768) / 32768).clip(-1, 1 - 2**-15).astype(np.float32), clip.rate)


def coded(clip: Audio, codec: Codec, bitrate_bps: int) -> Audio:
    clip = clip if clip.rate in codec.sample_rates else clip.at(codec.sample_rates[-1])
    return as_16_bit(codec.decode(codec.encode_one(clip, bitrate_bps)))  # type: ignore[attr-defined]


def traces(clip: Audio) -> Traces:
    return traces_of(clip.samples, clip.rate)


CODED = [
    *[(Opus(), 1_000 * kbps) for kbps in (24, 64, 128)],
    *[(Mp3(), 1_000 * kbps) for kbps in (64, 128, 192)],
    *[(Aac(), 1_000 * kbps) for kbps in (64, 96)],
]
NAMES = [f"{codec.name}@{rate // 1000}" for codec, rate in CODED]


@pytest.mark.parametrize(("codec", "bitrate_bps"), CODED, ids=NAMES)
def test_coded_noise_is_found_and_its_original_is_not(codec: Codec, bitrate_bps: int) -> None:
    original = speechlike(RATE)
    assert not traces(original).found
    found = traces(coded(original, codec, bitrate_bps))
    assert found.found
    assert "% of the frames end in a step of" in found.evidence


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.flac")), ids=lambda path: path.stem)
def test_embedded_clips_are_not_accused(path: Path) -> None:
    assert not traces(audio.read(path)).found


def test_vorbis_is_found(tmp_path: Path) -> None:
    import soundfile

    original = speechlike(44_100, channels=2)
    soundfile.write(tmp_path / "x.ogg", original.samples.T, original.rate, format="OGG", subtype="VORBIS")
    assert traces(as_16_bit(audio.read(tmp_path / "x.ogg"))).found


def test_opus_is_found_by_its_edge_at_20_khz() -> None:
    found = traces(coded(speechlike(RATE), Opus(), 96_000))
    assert found.edge_hz == pytest.approx(20_150, abs=200)
    assert " kHz" in found.evidence


def test_a_cut_off_that_moves_is_told_as_such() -> None:
    rng = np.random.default_rng(5)
    blocks = []
    for cutoff in rng.uniform(9_000, 16_000, 30):
        taps = signal.firwin(2_001, cutoff, window=("kaiser", 10), fs=RATE)
        blocks.append(np.convolve(rng.standard_normal(8_192 + 2_000), taps, "valid"))
    samples = 0.05 * np.concatenate(blocks)[np.newaxis].astype(np.float32)
    found = traces(as_16_bit(Audio(samples, RATE)))
    assert found.found
    assert "cut-offs that move between" in found.evidence
    assert found.spread_hz is not None
    assert found.spread_hz > 3_000


@pytest.mark.parametrize("old", [8_000, 16_000, 22_050, 24_000, 32_000, 44_100])
def test_a_change_of_the_sample_rate_is_no_coding(old: int) -> None:
    assert not traces(as_16_bit(speechlike(old).at(RATE))).found


@pytest.mark.parametrize("old", [8_000, 16_000, 22_050, 24_000, 44_100])
def test_a_change_of_the_sample_rate_without_any_transition_is_no_coding(old: int) -> None:
    low = speechlike(old)
    high = signal.resample(low.samples, low.length * RATE // old, axis=1).astype(np.float32)
    assert not traces(as_16_bit(Audio(high, RATE))).found


@pytest.mark.parametrize("order", [2, 4, 8])
def test_an_analogue_low_pass_is_no_coding(order: int) -> None:
    sections = signal.butter(order, 9_000, fs=RATE, output="sos")
    filtered = signal.sosfilt(sections, speechlike(RATE).samples).astype(np.float32)
    assert not traces(as_16_bit(Audio(filtered, RATE))).found


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((1, RATE), np.float32),
        np.zeros((1, 0), np.float32),
        np.full((1, 1), 0.5, np.float32),
        np.linspace(-0.5, 0.5, 8, dtype=np.float32)[np.newaxis],
        np.full((2, RATE), 0.25, np.float32),
        (0.5 * np.sin(np.arange(RATE) * 0.9)[np.newaxis]).astype(np.float32),
        (2**-15 * np.random.default_rng(0).uniform(-1, 1, (1, RATE))).astype(np.float32),
    ],
    ids=["silence", "nothing", "one sample", "eight samples", "constant", "tone", "dither"],
)
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_where_there_is_nothing_to_see_nothing_is_found(samples: Floats, rate: int) -> None:
    found = traces_of(samples, rate)
    assert not found.found
    assert found.evidence == ""


def test_a_spectrogram_made_before_gives_the_same_traces() -> None:
    clip = coded(speechlike(RATE), Mp3(), 96_000)
    assert traces_of(clip.samples, clip.rate, spectrogram_of(clip.samples, clip.rate)) == traces(clip)


def test_a_silent_channel_does_not_hide_the_traces_in_the_other() -> None:
    clip = coded(speechlike(RATE), Opus(), 64_000)
    assert traces(Audio(np.concatenate([clip.samples, np.zeros_like(clip.samples)]), clip.rate)).found


@pytest.mark.parametrize("group", ["speech/nathalie_*", "music/librosa_*", "noise/blanket_*"])
def test_recordings_that_were_coded_are_found(real_data: FindData, group: str) -> None:
    folder, pattern = group.split("/")
    found = {path.name: traces(audio.read(path)) for path in sorted(real_data(folder).glob(pattern))}
    assert found
    assert {name: trace for name, trace in found.items() if not trace.found} == {}


@pytest.mark.parametrize(
    "group",
    [
        *["speech/vctk_*", "speech/magphase_*", "speech/kathleen_*", "speech/sms_*", "noise/sms_*", "noise/sonicpi_*"],
        *["music/sonicpi_*", "music/sms_*", "music/was_*", "music/spatialaudio_*"],
    ],
)
def test_lossless_recordings_are_not_accused(real_data: FindData, group: str) -> None:
    folder, pattern = group.split("/")
    accused = {path.name: traces(audio.read(path)) for path in sorted(real_data(folder).glob(pattern))}
    assert accused
    assert {name: trace for name, trace in accused.items() if trace.found} == {}


@pytest.mark.parametrize("new_rate", [44_100, 48_000])
@pytest.mark.parametrize("name", ["speech/vctk_p228_023.wav", "speech/magphase_hvd_577.wav", "music/was_break12.wav"])
def test_lossless_recordings_are_not_accused_after_resampling(real_data: FindData, name: str, new_rate: int) -> None:
    clip = audio.read(real_data(name))
    assert not traces(as_16_bit(clip.at(new_rate))).found
    assert not traces(as_16_bit(clip.at(new_rate).at(clip.rate))).found
    assert not traces(as_16_bit(clip.at(16_000).at(new_rate))).found


@pytest.mark.parametrize(("codec", "bitrate_bps"), CODED, ids=NAMES)
@pytest.mark.parametrize("name", ["speech/vctk_p244_023.wav", "music/sms_singing-female.wav"])
def test_coded_recordings_are_found(real_data: FindData, name: str, codec: Codec, bitrate_bps: int) -> None:
    clip = audio.read(real_data(name))
    assert traces(coded(clip.part(0, min(clip.length, 4 * clip.rate)), codec, bitrate_bps)).found
