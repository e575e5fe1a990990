"""The pitch tracker against known pitches and against Praat, WORLD; the measures against their formulas."""

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.intonation import PitchContour, PitchCorrelation, VoicingError
from bench.metrics.pitch import RATE, STEP, WINDOW, track

REAL = [
    "speech/sms_speech-male.wav",
    "speech/sms_speech-female.wav",
    "speech/vctk_p228_023.wav",
    "speech/vctk_p244_023.wav",
    "speech/vctk_valentini_p286_011.wav",
    "speech/kathleen_arctic_a0047_1592747458.wav",
    "speech/kerstin_de_rhasspy-0521.flac",
    "speech/nathalie_nl_rhasspy_581.flac",
]


def voice(hz: np.ndarray) -> np.ndarray:
    """Harmonics below 4 kHz of a contour, one frequency for each sample."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return 0.1 * sum(np.sin(k * phase) / k for k in range(1, int(4000 / hz.max())))


def at_frames(samples: np.ndarray, count: int) -> np.ndarray:
    return samples[WINDOW // 2 :: STEP][:count]


def scores(metric, reference: np.ndarray, degraded: np.ndarray) -> dict[str, float]:
    return metric.score(metric.prepare(Audio(reference[np.newaxis], RATE)), Audio(degraded[np.newaxis], RATE))


@pytest.mark.parametrize("hz", [80.0, 101.3, 187.0, 333.0, 550.0])
def test_a_steady_voice(hz):
    found = track(voice(np.full(RATE, hz))).hz
    assert len(found) == 1 + (RATE - WINDOW) // STEP
    assert np.abs(1200 * np.log2(found / hz)).max() < 2


def test_a_gliding_voice():
    hz = 180 * 2 ** (0.5 * np.sin(2 * np.pi * np.arange(2 * RATE) / RATE))
    found = track(voice(hz)).hz
    assert np.abs(1200 * np.log2(found / at_frames(hz, len(found)))).max() < 25


def test_a_voice_without_its_fundamental():
    time = np.arange(RATE) / RATE
    found = track(0.1 * sum(np.sin(2 * np.pi * 120 * k * time) for k in (3, 4, 5, 6)))
    assert np.abs(found.hz - 120).max() < 0.5


def test_noise_and_silence_are_unvoiced():
    assert track(0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).voiced.mean() < 0.1
    assert not track(np.zeros(RATE)).voiced.any()
    assert len(track(np.zeros(WINDOW - 1)).hz) == 0


def test_level_does_not_matter():
    signal = voice(np.linspace(100, 200, RATE)) + 0.01 * np.random.default_rng(0).standard_normal(RATE)
    assert (track(signal).voiced == track(signal / 100).voiced).all()


@pytest.mark.parametrize("name", REAL)
def test_real_speech_is_tracked_as_by_praat(name, real_data):
    parselmouth = pytest.importorskip("parselmouth", reason="pip install 'codecbench[dev]'")
    signal = speech_of(real_data(name))
    ours = track(signal)
    times = frame_times(ours.hz)
    praat = parselmouth.Sound(signal, RATE).to_pitch_ac(time_step=0.01, pitch_floor=75, pitch_ceiling=600)
    theirs = np.nan_to_num([praat.get_value_at_time(time) for time in times])
    agreement, gross, fine = compared(ours.hz, theirs)
    assert agreement > 0.94
    assert gross < 0.01
    assert fine < 3


@pytest.mark.parametrize("name", REAL[::3])
def test_real_speech_is_tracked_as_by_world(name, real_data):
    """Harvest voices nearly everything, so only its pitch is compared."""
    pyworld = pytest.importorskip("pyworld", reason="pip install 'codecbench[dev]'")
    signal = speech_of(real_data(name))
    ours = track(signal)
    found, _ = pyworld.harvest(signal, RATE, f0_floor=75, f0_ceil=600, frame_period=10)
    theirs = found[np.rint(frame_times(ours.hz) / 0.01).astype(int)]
    _, gross, fine = compared(ours.hz, theirs)
    assert gross < 0.07
    assert fine < 10


def speech_of(path) -> np.ndarray:
    return audio.read(path).mixed_to(1).at(RATE).samples[0, : 3 * RATE].astype(np.float64)


def frame_times(contour: np.ndarray) -> np.ndarray:
    return (WINDOW / 2 + STEP * np.arange(len(contour))) / RATE


def compared(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Share of equal voicing decisions; share of pitches more than 20 % apart; median of the others in cents."""
    both = (ours > 0) & (theirs > 0)
    assert both.sum() > 50
    ratio = ours[both] / theirs[both]
    gross = np.abs(ratio - 1) > 0.2
    fine = np.median(np.abs(1200 * np.log2(ratio[~gross])))
    return float(((ours > 0) == (theirs > 0)).mean()), float(gross.mean()), float(fine)


def test_a_transposed_voice():
    hz = np.linspace(120, 180, 2 * RATE)
    found = scores(PitchContour(), voice(hz), voice(hz * 2 ** (50 / 1200)))
    assert found["f0_rmse"] == pytest.approx(50, abs=1)
    correlation = scores(PitchCorrelation(), voice(hz), voice(hz * 2 ** (50 / 1200)))["f0_correlation"]
    assert correlation == pytest.approx(1, abs=1e-3)
    mean_square = np.mean(np.square(hz * (2 ** (50 / 1200) - 1)))
    assert found["f0_rmse_hz"] == pytest.approx(np.sqrt(mean_square), rel=0.03)


def test_a_melody_upside_down():
    rising = np.linspace(120, 180, 2 * RATE)
    assert scores(PitchCorrelation(), voice(rising), voice(rising[::-1]))["f0_correlation"] < -0.99


def test_flat_contours_have_a_difference_and_no_correlation():
    noise = 0.001 * np.random.default_rng(0).standard_normal(2 * RATE)
    flat = np.full(2 * RATE, 150.0)
    assert scores(PitchContour(), voice(flat), voice(flat) + noise)["f0_rmse"] < 5
    with pytest.raises(MetricUndefined, match="flat"):
        scores(PitchCorrelation(), voice(flat), voice(flat) + noise)


def test_the_share_of_lost_voicing():
    reference = voice(np.linspace(120, 180, 2 * RATE))
    whispered = reference.copy()
    whispered[:RATE] = 0.05 * np.random.default_rng(0).standard_normal(RATE)
    assert scores(VoicingError(), reference, whispered)["voicing_error"] == pytest.approx(0.5, abs=0.04)


def test_too_little_voice_is_undefined():
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    melody = voice(np.linspace(120, 180, RATE))
    for metric in (PitchContour(), VoicingError()):
        with pytest.raises(
            MetricUndefined, match=r"only \d frames of 10 ms of the reference are voiced; needed are 10"
        ):
            metric.prepare(Audio(noise[np.newaxis], RATE))
    with pytest.raises(MetricUndefined, match=r"only \d frames of 10 ms are voiced in both"):
        scores(PitchContour(), melody, noise)
    assert scores(VoicingError(), melody, noise)["voicing_error"] > 0.9


def test_a_degraded_signal_is_tracked_once_for_both_metrics(monkeypatch):
    from bench.metrics import pitch

    reference, degraded = voice(np.linspace(120, 180, RATE)), voice(np.linspace(130, 170, RATE))
    pitch._remembered.cache_clear()
    for metric in (PitchContour(), VoicingError()):
        scores(metric, reference, degraded)
    assert pitch._remembered.cache_info().misses == 2
