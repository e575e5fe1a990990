"""SCOREQ on the ONNX model that its authors publish; their package downloads at import, so it is not used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.domain import Identity
from bench.metrics.base import Quantity, Signal
from bench.metrics.mos.base import Predictor, adapted
from bench.metrics.mos.onnx import session
from bench.models.weights import Model, WeightFile

STRIDE = 320  # samples; clips are filled with zeros to a multiple of it, as in scoreq 1.0.1
WEIGHTS = Model(
    "scoreq",
    "CC-BY-4.0",
    (
        WeightFile(
            "adapt_nr_telephone.onnx", "https://zenodo.org/records/15739280/files/adapt_nr_telephone.onnx", "", 0
        ),
    ),
)


class Scoreq(Predictor):
    """SCOREQ for natural speech without a reference: ``scoreq``, MOS, nominally 1 to 5, higher is better.

    The model "adapt_nr_telephone" of its authors (natural speech, no reference): wav2vec 2.0, trained so that speech
    of like quality lies close together, and one number from it. Judged from the degraded signal alone; speech;
    16 kHz; mean over channels, where the authors' package takes a mono mix. It loads, and was never compared here with
    published values, as the weights cannot be had where the project is built.

    Raises:
        MissingRequirement: the weights are not there, or no ONNX model.
        MetricUndefined: shorter than 1 s, or the degraded signal silent.
    Blind spots:
        Trained on simulated telephone conditions (NISQA's corpus) in pieces of 4 s, classical codecs among them,
        neural ones not. It does not know the reference. It sees nothing above 8 kHz.
    Source:
        Ragano, Skoglund and Hines, "SCOREQ", NeurIPS 2024, arXiv:2410.06675; github.com/alessandroragano/scoreq.
    """

    licence = WEIGHTS.licence
    quantities = (Quantity("scoreq", "MOS", higher_is_better=True),)

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        details = f"natural speech, no reference {self._found.short}"
        self.identity = Identity("scoreq", adapted("onnxruntime"), details)

    def predict(self, signal: Signal) -> Sequence[float]:
        network = session(self._found.path, "the SCOREQ model")
        padded = np.pad(signal, (0, -len(signal) % STRIDE)).astype(np.float32)[np.newaxis]
        (score,) = network.run(None, {network.get_inputs()[0].name: padded})
        return [float(score.item())]
