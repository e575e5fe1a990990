"""The loading code, on small networks with random weights; torchaudio's own forward pass is the oracle."""

from pathlib import Path

import numpy as np
import pytest

from bench.audio import Audio
from bench.errors import MetricUndefined, MissingRequirement, NotApplicable
from bench.metrics.mos.squim import OBJECTIVE, SUBJECTIVE, SquimObjective, SquimSubjective

torch = pytest.importorskip("torch", reason="pip install 'codecbench[neural]'")
pytest.importorskip("torchaudio", reason="pip install 'codecbench[neural]'")


class SmallObjective(SquimObjective):
    def build(self):
        from torchaudio.models import squim_objective_model

        return squim_objective_model(8, 64, 8, 2, 8, 1, "LSTM", 71)


class SmallSubjective(SquimSubjective):
    def build(self):
        from torchaudio.models import SquimSubjective, wav2vec2_model
        from torchaudio.models.squim.subjective import Predictor

        ssl = wav2vec2_model(
            "group_norm", [(8, 10, 5), (8, 3, 2), (8, 8, 32)], False, 16, 0.0, 16, 2, 2, 2, 0.0, 24, 0.0, 0.0, False,
            0.0, None,
        )  # fmt: skip
        return SquimSubjective(ssl, torch.nn.Linear(16, 4), Predictor(8, 5))


def saved(metric: type, folder: Path, name: str):
    """A network of this kind with random weights, and its weights in ``folder``."""
    torch.manual_seed(0)
    network = metric.build(None)
    torch.save(network.state_dict(), folder / name)
    return network.eval()


@pytest.fixture
def objective(placed):
    return saved(SmallObjective, placed("squim_objective"), OBJECTIVE.files[0].name)


@pytest.fixture
def subjective(placed):
    return saved(SmallSubjective, placed("squim_subjective"), SUBJECTIVE.files[0].name)


def test_the_objective_network_is_loaded_from_the_file(objective, speech):
    with torch.no_grad():
        theirs = [float(score) for score in objective(torch.from_numpy(speech.at(16_000).samples.astype(np.float32)))]
    metric = SmallObjective()
    values = metric.score(metric.prepare(speech), speech)
    assert list(values) == ["squim_stoi", "squim_pesq", "squim_si_sdr"]
    assert list(values.values()) == pytest.approx(theirs, abs=1e-6)
    assert all(q.low <= values[q.name] <= q.high for q in metric.quantities)


def test_the_subjective_network_gets_both_signals(subjective, speech, noisy):
    waves = [torch.from_numpy(signal.at(16_000).samples.astype(np.float32)) for signal in (noisy, speech)]
    with torch.no_grad():
        theirs = float(subjective(*waves))
    metric = SmallSubjective()
    assert metric.score(metric.prepare(speech), noisy) == {"squim_mos": pytest.approx(theirs, abs=1e-6)}
    assert metric.score(metric.prepare(noisy), speech)["squim_mos"] != pytest.approx(theirs, abs=1e-6)


def test_the_subjective_one_needs_a_clean_reference(subjective, speech):
    metric = SmallSubjective()
    with pytest.raises(NotApplicable, match="speaks of speech, not of noisy_reverberant_speech"):
        metric.require("noisy_reverberant_speech")
    silence = Audio(0 * speech.samples, speech.rate)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(speech), silence)


def test_the_published_sizes():
    """28.2 MB and 360 MB says torchaudio of its files: four bytes for each parameter, and little else."""
    with torch.device("meta"):
        sizes = [
            4 * sum(p.numel() for p in metric.build(None).parameters()) for metric in (SquimObjective, SquimSubjective)
        ]
    assert sizes[0] / 2**20 == pytest.approx(28.2, abs=0.1)
    assert OBJECTIVE.files[0].size == pytest.approx(sizes[0], rel=2e-3)
    assert sizes[1] / 2**20 == pytest.approx(360, abs=1)


@pytest.mark.parametrize("content", [b"", b"<html>", None])
def test_another_file_is_refused(placed, speech, content):
    path = placed("squim_objective") / OBJECTIVE.files[0].name
    if content is None:
        torch.save({"weight": torch.zeros(1)}, path)
    else:
        path.write_bytes(content)
    metric = SmallObjective()
    with pytest.raises(MissingRequirement, match="expected the weights of torchaudio's SQUIM_OBJECTIVE, got something"):
        metric.score(metric.prepare(speech), speech)


def test_a_checkpoint_cannot_run_code(placed, speech):
    path = placed("squim_objective") / OBJECTIVE.files[0].name
    torch.save({"weight": Path("x")}, path)
    metric = SmallObjective()
    with pytest.raises(MissingRequirement, match="got something else"):
        metric.score(metric.prepare(speech), speech)


def test_the_weights_are_part_of_the_identity(objective, placed):
    first = str(SmallObjective().identity)
    path = SmallObjective()._found.path
    path.write_bytes(path.read_bytes() + b"0")
    assert str(SmallObjective().identity) != first
