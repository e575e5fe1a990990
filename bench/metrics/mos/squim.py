"""TorchAudio-SQUIM: the network code of torchaudio with its published weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from bench.domain import Identity
from bench.metrics.base import Domain, Metric, Quantity, Signal, require_active
from bench.metrics.mos.base import MINIMUM_S, Predictor, adapted, named
from bench.metrics.networks import as_batch, filled
from bench.models.weights import Model, WeightFile, read_tensors

_SOURCE = "https://download.pytorch.org/torchaudio/models"  # torchaudio.pipelines, docstrings of the bundles
OBJECTIVE = Model(
    "squim_objective",
    "CC-BY-4.0",
    (
        WeightFile(
            "squim_objective_dns2020.pth",
            f"{_SOURCE}/squim_objective_dns2020.pth",
            # As listed by the toolkit "ayase" with this size, which is the 28.2 MB of torchaudio's documentation.
            "2c54586fea83fb5eb5394d710038ee89f55cab7011a5bf730bebed4c8777e828",
            29_584_237,
        ),
    ),
)
SUBJECTIVE = Model(
    "squim_subjective",
    "CC-BY-NC-4.0",
    (WeightFile("squim_subjective_bvcc_daps.pth", f"{_SOURCE}/squim_subjective_bvcc_daps.pth", "", 0),),
)


class SquimObjective(Predictor):
    """SQUIM's guess of three full-reference metrics from the degraded signal alone; higher is better.

    ``squim_stoi`` (0 to 1), ``squim_pesq`` (wide-band, 1 to 4.64) and ``squim_si_sdr`` (dB). Speech; 16 kHz; mean over
    channels. The whole clip goes through the network at once, scaled to an RMS of 0.05 by it.

    Raises:
        MissingRequirement: the weights are not there.
        MetricUndefined: shorter than 1 s, or the degraded signal silent.
    Blind spots:
        Trained on noisy and enhanced speech of 5 s, so what a codec does is outside of what it has heard. They are
        guesses: where the reference is at hand, as in a run, STOI, PESQ and SI-SDR themselves are the better choice.
        It does not hear gain, nor anything above 8 kHz.
    Source:
        Kumar et al., "TorchAudio-Squim", ICASSP 2023, arXiv:2304.01448; torchaudio.pipelines.SQUIM_OBJECTIVE.
    """

    on_device = True
    licence = OBJECTIVE.licence
    quantities = (
        Quantity("squim_stoi", "", higher_is_better=True, low=0.0, high=1.0),
        Quantity("squim_pesq", "MOS-LQO", higher_is_better=True, low=1.0, high=4.644),
        Quantity("squim_si_sdr", "dB", higher_is_better=True),
    )

    def __init__(self) -> None:
        self._found = OBJECTIVE.find()
        self.identity = Identity("squim_objective", adapted("torchaudio"), self._found.short)

    def predict(self, signal: Signal) -> Sequence[float]:
        return [float(score) for score in self._network(as_batch(signal, self.device))]

    def build(self) -> Any:
        """The network without its weights."""
        from torchaudio.models import squim_objective_base

        return squim_objective_base()

    @cached_property
    def _network(self) -> Any:
        what = "the weights of torchaudio's SQUIM_OBJECTIVE"
        return filled(self.build(), read_tensors(self._found.path, what), self._found, what, self.device)


class SquimSubjective(Metric):
    """SQUIM's guess of a listener's opinion: ``squim_mos``, MOS, 1 to 5, higher is better.

    The network compares the degraded signal with a clean recording of anything; here that is the clip's own
    reference, the only clean recording that every clip has. So values depend on the reference, whose half is
    computed once for a clip, and the reference has to be clean: speech, not noisy or reverberant speech. 16 kHz;
    mean over channels.

    Raises:
        MissingRequirement: the weights are not there.
        MetricUndefined: shorter than 1 s, or either signal silent.
    Blind spots:
        Meant for a reference of other words: one with the same words is an easier task than it was trained for, and
        published values were not made that way. Trained on synthetic and converted voices, not on codecs. It sees
        nothing above 8 kHz.
    Source:
        Kumar et al., "TorchAudio-Squim", ICASSP 2023, arXiv:2304.01448, after Manocha and Kumar, "Speech quality
        assessment through MOS using non-matching references", Interspeech 2022, arXiv:2206.12285;
        torchaudio.pipelines.SQUIM_SUBJECTIVE.
    """

    licence = SUBJECTIVE.licence
    quantities = (Quantity("squim_mos", "MOS", higher_is_better=True, low=1.0, high=5.0),)
    domain = Domain(("speech",), sample_rate=16_000, minimum_s=MINIMUM_S)
    on_device = True

    def __init__(self) -> None:
        self._found = SUBJECTIVE.find()
        self.identity = Identity("squim_subjective", adapted("torchaudio"), f"{self._found.short}, own reference")

    def prepare_channel(self, reference: Signal, rate: int) -> Any:
        return self._features(reference)

    def score_channel(self, state: Any, degraded: Signal, rate: int) -> dict[str, float]:
        import torch

        require_active(degraded, "the degraded signal")
        both = torch.cat((state, self._features(degraded)), dim=2)
        return named(self.quantities, [5 - float(self._network.predictor(both))])

    def build(self) -> Any:
        """The network without its weights."""
        from torchaudio.models import squim_subjective_base

        return squim_subjective_base()

    def _features(self, signal: Signal) -> Any:
        """What the network keeps of a signal, shape ``(1, frames, features)``."""
        layers, _ = self._network.ssl_model.extract_features(as_batch(signal, self.device))
        return self._network.projector(layers[-1])

    @cached_property
    def _network(self) -> Any:
        what = "the weights of torchaudio's SQUIM_SUBJECTIVE"
        return filled(self.build(), read_tensors(self._found.path, what), self._found, what, self.device)
