"""NISQA v2: the network code of torchmetrics with the weights of its authors, and the features made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import SPEECH, Domain, Quantity, Signal
from bench.metrics.mos.base import MINIMUM_S, Predictor, adapted
from bench.metrics.networks import as_batch, filled
from bench.metrics.spectral import mel_filters
from bench.models.weights import Model, WeightFile, not_weights, read_tensors

RATE = 48_000
FLOOR, RANGE_DB = 1e-4, 80.0  # of mel magnitudes; NISQA_lib.py of gabrielmittag/NISQA
WEIGHTS = Model(
    "nisqa",
    "CC-BY-NC-SA-4.0",
    (WeightFile("nisqa.tar", "https://github.com/gabrielmittag/NISQA/raw/refs/heads/master/weights/nisqa.tar", "", 0),),
)


class Nisqa(Predictor):
    """NISQA v2: how listeners would rate transmitted speech, judged from the degraded signal alone; higher is better.

    ``nisqa_mos`` (overall), ``nisqa_noi`` (noisiness), ``nisqa_dis`` (discontinuity), ``nisqa_col`` (coloration) and
    ``nisqa_loud`` (loudness); MOS, nominally 1 to 5, 5 for no impairment. Speech; 48 kHz, to 20 kHz; mean over
    channels. The published tool takes a file at its own rate; here everything is taken to 48 kHz, the rate of
    the corpus that it was trained on.

    Raises:
        MissingRequirement: the weights are not there, or are not NISQA's.
        MetricUndefined: shorter than 1 s, longer than 52 s (as in the published tool), or the degraded signal silent.
    Blind spots:
        Trained on telephone and video calls of 6 to 12 s: classical codecs, noise, packet loss, no neural codecs. It
        does not know the reference, so a natural voice with wrong words is as good as the right one. Loudness is
        judged absolutely: a quiet original loses points.
    Source:
        Mittag et al., "NISQA", Interspeech 2021, arXiv:2104.09494; github.com/gabrielmittag/NISQA.
    """

    on_device = True
    licence = WEIGHTS.licence
    quantities = tuple(
        Quantity(f"nisqa_{dimension}", "MOS", higher_is_better=True)
        for dimension in ("mos", "noi", "dis", "col", "loud")  # the order of the network's outputs
    )
    domain = Domain(SPEECH, sample_rate=RATE, minimum_s=MINIMUM_S, maximum_s=52.0)

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        self.identity = Identity("nisqa", adapted("torchmetrics"), f"{self._found.short}, 48 kHz")

    def predict(self, signal: Signal) -> Sequence[float]:
        import torch

        network, settings = self._loaded
        segments = as_batch(mel_segments(signal, settings), self.device)
        values: list[float] = network(segments, torch.tensor([segments.shape[1]]))[0].tolist()
        return values

    @cached_property
    def _loaded(self) -> tuple[Any, Mapping[str, Any]]:
        """The network, and the settings that lie beside its weights."""
        from torchmetrics.functional.audio import nisqa

        what = "the weights of NISQA v2"
        checkpoint = read_tensors(self._found.path, what)
        try:
            settings, state = checkpoint["args"], checkpoint["model_state_dict"]
            network = nisqa._NISQADIM(settings)
        except (KeyError, TypeError) as error:
            raise not_weights(self._found.path, what, error) from None
        return filled(network, state, self._found, what, self.device), settings


def mel_segments(signal: Signal, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """Overlapping pieces of the mel spectrogram in dB, shape ``(segments, bands, frames of a segment)``."""
    size, hop = settings["ms_n_fft"], int(RATE * settings["ms_hop_length"])
    window = _centred_hann(int(RATE * settings["ms_win_length"]), size)
    filters = mel_filters(RATE, size, settings["ms_n_mels"], 0.0, slaney=True, high_hz=settings["ms_fmax"])
    frames = sliding_window_view(np.pad(signal, size // 2, mode="reflect"), size)[::hop]
    mel = np.concatenate([np.abs(scipy.fft.rfft(block * window)) @ filters for block in _blocks(frames)])
    decibels = 20 * np.log10(np.maximum(mel, FLOOR))
    decibels = np.maximum(decibels, decibels.max() - RANGE_DB)
    return sliding_window_view(decibels, settings["ms_seg_length"], axis=0)[:: settings["ms_seg_hop_length"]]


def _centred_hann(length: int, size: int) -> NDArray[np.float64]:
    before = (size - length) // 2
    return np.pad(scipy.signal.windows.hann(length, sym=False), (before, size - length - before))


def _blocks(frames: NDArray[np.float64], count: int = 256) -> list[NDArray[np.float64]]:
    """So that a long clip does not take its whole spectrogram at once."""
    return [frames[start : start + count] for start in range(0, len(frames), count)]
