"""Networks that embed audio: real loading code on small random models; what is said where weights are absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `neural`")
pytest.importorskip("transformers", reason="needs the extra `neural`")

from transformers import ClapConfig, ClapModel  # noqa: E402

from bench.errors import MetricUndefined, MissingRequirement  # noqa: E402
from bench.metrics import sets  # noqa: E402
from bench.metrics.sets import vggish  # noqa: E402
from bench.metrics.sets.base import Member  # noqa: E402
from tests.codecs.models import saved  # noqa: E402
from tests.conftest import noise  # noqa: E402


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("VGGISH", "CLAP", "ENCODEC_24KHZ"):
        monkeypatch.setenv(f"CODECBENCH_{name}", str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("name", "model"), [("fad_vggish", "vggish"), ("fad_clap", "clap"), ("fad_encodec", "encodec_24khz")]
)
def test_absent_weights_are_named_with_the_line_that_fetches_them(name: str, model: str, nothing: None) -> None:
    with pytest.raises(MissingRequirement, match=f"To get it: codecbench weights fetch {model}"):
        sets.make(name)


def test_the_input_of_vggish_is_that_of_its_authors() -> None:
    sweep = np.sin(2 * np.pi * np.cumsum(np.linspace(100, 7800, 32_000)) / 16_000) * 0.5
    patches = vggish.patches_of(sweep)
    assert patches.shape == (2, 96, 64)
    # torchvggish 0.2, mel_features.log_mel_spectrogram with the constants of vggish_params, frame 106
    assert patches[1, 10, [0, 20, 40, 63]] == pytest.approx([-4.604883, -4.602989, -4.514611, -4.583398], abs=2e-6)
    assert len(vggish.patches_of(np.zeros(300))) == 0


@pytest.fixture
def small_vggish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(vggish, "HIDDEN", 8)
    monkeypatch.setenv("CODECBENCH_VGGISH", str(tmp_path))
    torch.manual_seed(0)
    torch.save(vggish.build_network().state_dict(), tmp_path / vggish.FILE)
    return tmp_path / vggish.FILE


def test_vggish_embeds_patches(small_vggish: Path) -> None:
    measure = sets.make("fad_vggish")
    found = measure.of_audio(noise(44_100, 2.2, channels=2))["embeddings"]
    assert (found.shape, found.dtype) == ((2, 128), np.float32)
    assert "weights" in str(measure.identity)
    with pytest.raises(MetricUndefined, match=r"needs 0.975 s"):
        measure.of_audio(noise(16_000, 0.97))
    small_vggish.write_bytes(b"damaged")
    with pytest.raises(MissingRequirement, match="expected the weights of VGGish"):
        sets.make("fad_vggish").of_audio(noise(16_000, 1.0))


@pytest.fixture
def small_clap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    side = {"num_hidden_layers": 1, "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2}
    config = ClapConfig(
        text_config={**side, "vocab_size": 16, "max_position_embeddings": 16},
        audio_config={
            "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 1, 1, 1],
            "patch_embeds_hidden_size": 4,
            "hidden_size": 32,
        },
        projection_dim=16,
    )
    torch.manual_seed(0)
    ClapModel(config).save_pretrained(tmp_path / "clap")
    monkeypatch.setenv("CODECBENCH_CLAP", str(tmp_path / "clap"))


def test_clap_embeds_windows(small_clap: None) -> None:
    measure = sets.make("fad_clap")
    short, long = (measure.of_audio(noise(48_000, seconds))["embeddings"] for seconds in (0.5, 16.0))
    assert len(short) == 1
    assert len(long) == 2  # from 0 s and from 5 s
    assert np.linalg.norm(long, axis=1) == pytest.approx(1, abs=1e-5)
    assert (measure.of_audio(noise(48_000, 16.0))["embeddings"] == long).all()


def test_encodec_gives_a_distance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_ENCODEC_24KHZ", str(saved(tmp_path / "encodec", 24_000)))
    measure = sets.make("fad_encodec")
    reference = measure.of_audio(noise(24_000, 1.0, seed=1))
    assert reference["embeddings"].shape == (75, 16)
    values = measure.values(
        [Member(measure.of_audio(noise(24_000, 1.0, seed=2, level=0.2)), reference)], ["fad_encodec"]
    )
    same = measure.values([Member(reference, reference)], ["fad_encodec"])
    assert values["fad_encodec"].value > 100 * same["fad_encodec"].value
