"""NISQA on a small network with random weights; torchmetrics' own function is the oracle."""

import math

import numpy as np
import pytest

from bench.audio import Audio
from bench.errors import MetricUndefined, MissingRequirement
from bench.metrics.mos.nisqa import Nisqa

torch = pytest.importorskip("torch", reason="pip install 'codecbench[neural]'")
oracle = pytest.importorskip("torchmetrics.functional.audio.nisqa", reason="pip install 'codecbench[neural]'")

SETTINGS = {
    "ms_n_fft": 4096, "ms_hop_length": 0.01, "ms_win_length": 0.02, "ms_n_mels": 48, "ms_fmax": 20_000,
    "ms_seg_length": 15, "ms_seg_hop_length": 4, "ms_max_segments": 200,
    "cnn_c_out_1": 2, "cnn_c_out_2": 3, "cnn_c_out_3": 4, "cnn_kernel_size": (3, 3), "cnn_dropout": 0.2,
    "cnn_pool_1": [24, 7], "cnn_pool_2": [12, 5], "cnn_pool_3": [6, 3],
    "td_sa_d_model": 8, "td_sa_nhead": 1, "td_sa_h": 8, "td_sa_num_layers": 2, "td_sa_dropout": 0.1,
    "pool_att_h": 8, "pool_att_dropout": 0.1,
}  # fmt: skip
"""Of the spectrogram as in the published checkpoint, of the network smaller."""


@pytest.fixture
def folder(placed):
    network = oracle._NISQADIM(SETTINGS)
    random = torch.Generator().manual_seed(0)
    for values in (*network.parameters(), *network.buffers()):  # its five heads start as copies of one
        if values.is_floating_point():
            values.data = torch.rand(values.shape, generator=random) * 0.4
    folder = placed("nisqa")
    torch.save({"args": SETTINGS, "model_state_dict": network.state_dict()}, folder / "nisqa.tar")
    return folder


@pytest.fixture
def theirs(folder, monkeypatch):
    pytest.importorskip("librosa")
    pytest.importorskip("requests")
    monkeypatch.setattr(oracle, "NISQA_DIR", str(folder))
    oracle._load_nisqa_model.cache_clear()
    yield oracle.non_intrusive_speech_quality_assessment
    oracle._load_nisqa_model.cache_clear()


@pytest.mark.parametrize("seconds", [1, 2.5, 4])
def test_equals_torchmetrics(seconds, speech, theirs):
    clip = speech.part(0, round(48_000 * seconds))
    metric = Nisqa()
    values = metric.score(metric.prepare(clip), clip)
    expected = theirs(torch.from_numpy(clip.samples[0].astype(np.float32)), 48_000).tolist()
    assert list(values) == ["nisqa_mos", "nisqa_noi", "nisqa_dis", "nisqa_col", "nisqa_loud"]
    assert list(values.values()) == pytest.approx(expected, abs=1e-5)
    assert len(set(values.values())) == 5


def test_the_longest_clip_fills_the_published_number_of_segments():
    """1300 segments of 15 frames, one every 4 frames of 10 ms (config/train_nisqa_cnn_sa_ap.yaml)."""
    frames = 1 + 48_000 * Nisqa.domain.maximum_s // 480
    assert 1290 < math.ceil((frames - 14) / 4) <= 1300


def test_a_clip_that_is_too_long_is_undefined(folder):
    with pytest.raises(MetricUndefined, match="nisqa takes up to 52 s"):
        Nisqa().prepare(Audio(np.ones((1, 16_000 * 53), np.float32), 16_000))


@pytest.mark.parametrize(
    "checkpoint", [{}, {"args": {}, "model_state_dict": {}}, {"args": SETTINGS, "model_state_dict": {}}]
)
def test_another_checkpoint_is_refused(placed, speech, checkpoint):
    torch.save(checkpoint, placed("nisqa") / "nisqa.tar")
    metric = Nisqa()
    with pytest.raises(MissingRequirement, match="expected the weights of NISQA v2, got something else"):
        metric.score(metric.prepare(speech), speech)
