from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import signal
from scipy.signal.windows import kaiser_bessel_derived

from bench import audio
from bench.audio import Audio
from bench.audit import holes
from bench.audit.holes import ENOUGH, FRAME, HIGHEST, HOP, LOWEST, Holes, holes_of
from bench.audit.lossy import traces_of
from bench.audit.spectrum import Floats
from bench.codecs.pyav import Aac
from tests.audit.test_lossy import as_16_bit, coded, speechlike

RATE = 48_000
FindData = Callable[[str], Path]


def found_in(clip: Audio) -> Holes:
    found = holes_of(clip.samples)
    assert found is not None
    return found


def test_the_transform_is_the_mdct_of_its_definition() -> None:
    samples = np.random.default_rng(1).standard_normal(FRAME + 7).astype(np.float32)
    time, frequency = np.arange(FRAME) + 0.5 + HOP / 2, np.arange(LOWEST, HIGHEST) + 0.5
    kernel = 2 * np.cos(np.pi / HOP * np.outer(frequency, time))
    expected = kernel @ (samples[5 : 5 + FRAME] * kaiser_bessel_derived(FRAME, 4 * np.pi))
    power = holes._power(samples, np.array([5]))[0]
    np.testing.assert_allclose(power, expected**2, rtol=1e-3, atol=1e-3 * np.mean(expected**2))


@pytest.mark.parametrize("bitrate_bps", [64_000, 128_000, 160_000])
def test_aac_leaves_holes_where_its_frames_begin(bitrate_bps: int) -> None:
    original = speechlike(RATE)
    assert found_in(original).contrast < ENOUGH / 2
    found = found_in(coded(original, Aac(), bitrate_bps))
    assert found.found
    assert found.first == 0  # of the decoder's output, whose delay is one frame


def test_holes_stay_when_the_edge_of_the_band_is_gone() -> None:
    clip = coded(speechlike(RATE), Aac(), 96_000)
    low = np.convolve(0.3 * clip.samples[0, 333:], signal.firwin(101, 6_000, fs=RATE))[np.newaxis]
    traces = traces_of(as_16_bit(Audio(low.astype(np.float32), RATE)).samples, RATE)
    assert "end in a step" not in traces.evidence
    assert traces.holes is not None
    assert traces.holes.found
    assert traces.holes.first == HOP - 333 + 50  # half the filter's length later
    assert traces.holes.share > traces.holes.beside + 0.05
    assert f"% of the coefficients are holes ({traces.holes.beside:.0%} beside)" in traces.evidence


def test_vorbis_leaves_holes(tmp_path: Path) -> None:
    import soundfile

    original = speechlike(44_100, channels=2)
    soundfile.write(tmp_path / "x.ogg", original.samples.T, original.rate, format="OGG", subtype="VORBIS")
    assert found_in(as_16_bit(audio.read(tmp_path / "x.ogg"))).found


def test_steps_and_holes_are_both_told() -> None:
    traces = traces_of(coded(speechlike(RATE), Aac(), 64_000).samples, RATE)
    assert "end in a step of" in traces.evidence
    assert "; cut at sample 0 of every 1024" in traces.evidence


@pytest.mark.parametrize("period", [64, 128, 480, 512, 1_000, 1_024, 2_048, 4_096])
@pytest.mark.parametrize("floor", [0.0, 1e-3])
def test_synthetic_sounds_that_fit_into_the_frames_have_no_holes(period: int, floor: float) -> None:
    rng = np.random.default_rng(2)
    phase = np.arange(4 * RATE) % period
    decay = np.exp(-(np.arange(4 * RATE) % 12_000) / 3_000)
    sounds = {
        "square": 0.5 * (phase < period / 2),
        "saw": phase / period - 0.5,
        "clicks": 0.8 * (phase == 0),
        "notes": 0.5 * (phase < period / 2) * decay,
        "loop": 0.1 * rng.standard_normal(period)[phase],
        "gate": 0.1 * rng.standard_normal(4 * RATE) * (phase < period / 2),
    }
    for name, sound in sounds.items():
        samples = (sound + floor * rng.standard_normal(4 * RATE))[np.newaxis].astype(np.float32)
        found = holes_of(as_16_bit(Audio(samples, RATE)).samples)
        assert found is None or not found.found, name


def test_contrast_alone_would_accuse_synthetic_sounds() -> None:
    square = 0.5 * (np.arange(4 * RATE) % 512 < 256)[np.newaxis].astype(np.float32)
    found = holes_of(square)
    assert found is not None
    assert found.contrast >= ENOUGH
    assert not found.found


def test_a_spectral_gate_is_no_coding() -> None:
    noise = 0.1 * np.random.default_rng(4).standard_normal(4 * RATE)
    _, _, spectrogram = signal.stft(noise, nperseg=FRAME, noverlap=HOP)
    gated = np.where(np.abs(spectrogram) > np.median(np.abs(spectrogram)), spectrogram, 0)
    _, samples = signal.istft(gated, nperseg=FRAME, noverlap=HOP)
    assert found_in(as_16_bit(Audio(samples[np.newaxis].astype(np.float32), RATE))).contrast < ENOUGH / 2


@pytest.mark.parametrize(
    "samples",
    [np.zeros((1, 0)), np.ones((1, 1)), np.zeros((2, RATE)), np.ones((1, FRAME + HOP)), np.full((1, RATE), 0.25)],
    ids=["nothing", "one sample", "silence", "short", "constant"],
)
def test_where_there_is_nothing_to_compare_there_is_no_statement(samples: Floats) -> None:
    assert holes_of(samples.astype(np.float32)) is None


def test_a_silent_channel_does_not_hide_the_holes_in_the_other() -> None:
    clip = coded(speechlike(RATE), Aac(), 96_000)
    assert found_in(Audio(np.concatenate([np.zeros_like(clip.samples), clip.samples]), RATE)).found


@pytest.mark.parametrize("group", ["music/librosa_*", "noise/blanket_[cfsw]*"])
def test_recordings_from_vorbis_are_found(real_data: FindData, group: str) -> None:
    folder, pattern = group.split("/")
    found = {path.name: found_in(audio.read(path)) for path in sorted(real_data(folder).glob(pattern))}
    assert found
    assert {name: holes for name, holes in found.items() if not holes.found} == {}


@pytest.mark.parametrize(
    "name",
    ["speech/vctk_p228_023.wav", "speech/magphase_hvd_577.wav", "music/was_break12.wav", "music/sonicpi_guit_em9.flac"],
)
def test_lossless_recordings_have_no_contrast_however_processed(real_data: FindData, name: str) -> None:
    clip = audio.read(real_data(name))
    clip = clip.part(0, min(clip.length, 5 * clip.rate))
    rng = np.random.default_rng(0)
    coarse = np.rint(clip.samples * 128 + rng.uniform(-0.5, 0.5, clip.samples.shape)) / 128
    sections = signal.butter(2, [300, 5_000], btype="bandpass", fs=clip.rate, output="sos")
    processed = {
        "original": clip,
        "soft": as_16_bit(Audio(0.01 * clip.samples, clip.rate)),
        "8 bits": Audio(coarse.astype(np.float32), clip.rate),
        "resampled": as_16_bit(clip.at(44_100 if clip.rate == 48_000 else 48_000)),
        "from 16 kHz": as_16_bit(clip.at(16_000).at(clip.rate)),
        "equalised": Audio(signal.sosfilt(sections, clip.samples).astype(np.float32), clip.rate),
    }
    contrasts = {how: found_in(version).contrast for how, version in processed.items()}
    assert {how: contrast for how, contrast in contrasts.items() if contrast > 0.6 * ENOUGH} == {}
