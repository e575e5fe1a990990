from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import fftconvolve

from bench import audio
from bench.audit.frames import mono_8k
from bench.audit.reverberation import RATE, reverberation_s
from bench.datasets.rooms import reverberation_time_s, without_delay

SPEECH = ("vctk_p228_023.wav", "vctk_p236_023.wav", "vctk_p258_023.wav", "sms_speech-female.wav")
ROOMS = (
    "openair_Basement", "openair_MaesHowe", "was_kitchen-true-stereo", "openair_SpokaneWomansClub",
    "openair_EmptyApartmentBedroom", "spatialaudio_rir_clap", "was_omni-35-10", "was_tim-warehouse-stretch1",
)  # fmt: skip


@pytest.fixture(scope="module")
def talkers(real_data):
    signals = [audio.read(real_data(f"speech/{name}")) for name in SPEECH]
    return [mono_8k(signal.samples, signal.rate) for signal in signals]


def test_dry_speech_is_dry(talkers):
    assert all(reverberation_s(dry) < 0.45 for dry in talkers)


def test_rooms_of_every_size_are_estimated(real_data, talkers):
    """14 % median error over all recorded rooms, each left out of the fit; single rooms are further off."""
    errors = []
    for name in ROOMS:
        response = audio.read(real_data(f"rir/{name}.wav"))
        response = audio.resample(response.samples[:1], response.rate, RATE).astype(np.float64)
        true_s = reverberation_time_s(response, RATE)
        room = without_delay(response)[0]
        errors += [reverberation_s(fftconvolve(dry, room).astype(np.float32)) / true_s - 1 for dry in talkers]
    assert np.median(np.abs(errors)) < 0.2
    assert np.abs(errors).max() < 0.6


def test_what_has_no_decays_has_no_time(sine, talkers):
    random = np.random.default_rng(0)
    assert reverberation_s(random.normal(0, 0.1, 80_000).astype(np.float32)) is None
    assert reverberation_s(sine(440, RATE, 10.0)[0]) is None
    assert reverberation_s(np.zeros(80_000, np.float32)) is None
    assert reverberation_s(np.zeros(1, np.float32)) is None
    buried = talkers[0] + random.normal(0, talkers[0].std(), len(talkers[0])).astype(np.float32)
    assert reverberation_s(buried) is None
