"""DAC, Mimi, X-Codec and Higgs Audio with random weights through the real loading path, offline."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bench import codecs
from bench.align import probe
from bench.audio import Audio
from bench.codecs import rvq_models
from bench.codecs.residual import codes_of
from bench.codecs.rvq_models import Dac16, Dac24, Dac44, HiggsAudio, Mimi, RvqModel, XCodec
from bench.contracts import codec_rules
from bench.errors import CodecError, MissingRequirement
from bench.inspection.layers import layers_of, totals

from .rvq import saved

pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
CODECS = [Dac16, Dac24, Dac44, Mimi, XCodec, HiggsAudio]
LENGTHS = (1, 2, 319, 320, 321, 12_345)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module", autouse=True)
def _forget() -> Iterator[None]:
    yield
    rvq_models._model.cache_clear()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("weights")

    def folder(name: str) -> Path:
        return root / name if (root / name).exists() else saved(root / name, name)

    return folder


@pytest.fixture(params=CODECS, ids=lambda codec: codec.name, scope="module")
def codec(request: pytest.FixtureRequest, folders: Callable[[str], Path]) -> RvqModel:
    made: RvqModel = request.param(str(folders(request.param.name)))
    return made


def test_a_lower_bitrate_is_what_encoding_at_that_bitrate_gives(codec: RvqModel) -> None:
    signal = probe(codec.shape.rate).part(0, 22_222)
    together = codec.encode(signal, codec.bitrates_bps)
    segment = codes_of(together[codec.bitrates_bps[-1]]).segments[0]
    assert len(np.unique(segment)) > 20  # codes that depend on the signal
    for bitrate in codec.bitrates_bps[:: max(1, len(codec.bitrates_bps) // 4)]:
        alone = codec.encode(signal, [bitrate])[bitrate]
        assert alone == together[bitrate]
        assert codes_of(alone).segments[0].tolist() == segment[: codec.books[bitrate]].tolist()


def test_the_codes_and_the_audio_are_those_of_the_model(codec: RvqModel) -> None:
    """A whole number of hops: what transformers itself gives."""
    length = 4 * codec.shape.hop
    signal = probe(codec.shape.rate).part(0, length)
    bitrate = codec.bitrates_bps[-1]
    encoded = codec.encode(signal, [bitrate])[bitrate]
    with torch.inference_mode():
        codes = codec.model.encode(torch.from_numpy(signal.samples.copy())[None]).audio_codes
        sound = codec.family.decode(codec.model, codes).reshape(1, -1).numpy()
    assert codes_of(encoded).segments[0].tolist() == codes[0].tolist()
    heard = codec.decode(encoded).samples
    assert np.array_equal(heard[:, : sound.shape[1]], sound[:, :length])
    assert length - sound.shape[1] == (8 if codec.name in ("dac_16khz", "dac_24khz") else 0)
    assert np.abs(heard).max() > 1e-4


@pytest.mark.parametrize("length", LENGTHS)
def test_the_bits_are_those_of_the_frames(length: int, codec: RvqModel) -> None:
    bitrates = [codec.bitrates_bps[0], codec.bitrates_bps[-1]]
    frames = -(-length // codec.shape.hop)
    for bitrate, encoded in codec.encode(probe(codec.shape.rate).part(0, length), bitrates).items():
        assert encoded.payload_bits == frames * codec.books[bitrate or 0] * codec.shape.bits
        decoded = codec.decode(encoded)
        assert (decoded.rate, decoded.samples.shape) == (codec.shape.rate, (1, length))
        assert np.isfinite(decoded.samples).all()


def test_the_contract_as_far_as_random_weights_keep_it(codec: RvqModel) -> None:
    trial = codec_rules.Trial(partial(type(codec), str(codec._found.path)))
    codec_rules.a_fresh_decoder_needs_nothing_but_the_bytes(trial)
    codec_rules.bits_are_counted(trial)
    codec_rules.the_same_input_gives_the_same_bytes(trial)
    codec_rules.an_impossible_bitrate_is_refused(trial)


@pytest.mark.parametrize(
    ("codec", "expected"),
    [
        (Dac16, {500: 1, 6_000: 12}),
        (Dac24, {750: 1, 24_000: 32}),
        (Dac44, {861: 1, 1_723: 2, 2_584: 3, 7_752: 9}),
        (Mimi, {138: 1, 413: 3, 1_100: 8, 4_400: 32}),
        (XCodec, {500: 1, 1_000: 2, 1_500: 3, 2_000: 4, 4_000: 8}),
        (HiggsAudio, {250: 1, 2_000: 8}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_bitrates_are_rounded_to_whole_bits(codec: type[RvqModel], expected: dict[int, int]) -> None:
    """7.75 kbit/s: the figure of the DAC paper; 1.1 kbit/s: that of Mimi's, 4 kbit/s that of X-Codec."""
    assert expected.items() <= dict(codec.books).items()
    assert codecs.load(codec.name) is codec


def test_what_inspect_shows(codec: RvqModel) -> None:
    for network in codec.networks().values():
        found = totals(layers_of(network.module, torch.zeros(network.input_shape)))
        assert found.parameters == sum(parameter.numel() for parameter in network.module.parameters())
        assert found.macs > 100_000
    assert codec.facts()["codebooks"] == f"{codec.shape.books} of {2**codec.shape.bits} vectors"
    assert all(path.exists() for path in codec.files())


def test_a_delay_is_taken_away(folders: Callable[[str], Path]) -> None:
    place = str(folders("dac_16khz"))
    signal = probe(16_000).part(0, 5_000)
    plain, late, early = (Dac16(place, delay) for delay in (0, 37, -37))
    heard = {codec.delay_samples: codec.encode(signal, [6_000])[6_000] for codec in (plain, late, early)}
    assert {delay: encoded.delay_samples for delay, encoded in heard.items()} == {0: 0, 37: 37, -37: -37}
    audio = {delay: Dac16(place).decode(encoded).samples for delay, encoded in heard.items()}
    assert {one.shape for one in audio.values()} == {(1, 5_000)}
    assert np.array_equal(audio[37][:, :4_900], audio[0][:, 37:4_937])
    assert np.array_equal(audio[-37][:, 37:], audio[0][:, :-37])


def test_a_delay_that_cannot_be_measured_says_so(folders: Callable[[str], Path]) -> None:
    codec = Dac16(str(folders("dac_16khz")), "auto")
    with pytest.raises(CodecError, match="State `delay_samples` as a number"):
        codec.encode(probe(16_000).part(0, 3_000), [500])


def test_the_hop_of_the_file_is_not_believed(folders: Callable[[str], Path], tmp_path: Path) -> None:
    """The configurations of DAC on the hub state a hop of 512 for every model."""
    folder = folders("dac_24khz")
    config = json.loads((folder / "config.json").read_text()) | {"hop_length": 512}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    signal = probe(24_000).part(0, 4_000)
    first, second = (Dac24(str(place)).encode(signal, [1_500])[1_500] for place in (folder, tmp_path))
    assert first == second


def test_the_weights_of_another_model_are_refused(folders: Callable[[str], Path]) -> None:
    with pytest.raises(MissingRequirement, match="expected weights with a hop of 320 samples and 32 codebooks of 1024"):
        Dac24(str(folders("dac_16khz"))).encode(probe(24_000).part(0, 400), [750])


def test_weights_that_are_not_whole_are_refused(folders: Callable[[str], Path], tmp_path: Path) -> None:
    tensors = load_file(folders("dac_16khz") / "model.safetensors")
    (tmp_path / "config.json").write_text((folders("dac_16khz") / "config.json").read_text())
    save_file(
        {key: value for key, value in tensors.items() if "quantizers.3" not in key},
        tmp_path / "model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(MissingRequirement, match="expected all weights of DAC, but 5 are missing"):
        Dac16(str(tmp_path)).encode(probe(16_000).part(0, 400), [500])


def test_empty_codebooks_are_refused(folders: Callable[[str], Path], tmp_path: Path) -> None:
    tensors = load_file(folders("mimi") / "model.safetensors")
    (tmp_path / "config.json").write_text((folders("mimi") / "config.json").read_text())
    empty = {key: value.zero_() if key.endswith("embed_sum") else value for key, value in tensors.items()}
    save_file(empty, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(MissingRequirement, match="expected 32 filled codebooks, but 32 are empty"):
        Mimi(str(tmp_path)).encode(probe(24_000).part(0, 400), [138])


def test_absent_weights_say_what_to_do() -> None:
    with pytest.raises(MissingRequirement, match="codecbench weights fetch mimi"):
        Mimi()


def test_a_single_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dac.pth").write_bytes(b"x")
    with pytest.raises(MissingRequirement, match="is read from a folder"):
        Dac16(str(tmp_path / "dac.pth")).encode(probe(16_000).part(0, 400), [500])


def test_bytes_of_another_model_are_refused(folders: Callable[[str], Path]) -> None:
    encoded = Mimi(str(folders("mimi"))).encode(probe(24_000).part(0, 4_000), [138])[138]
    with pytest.raises(CodecError, match="the bitstream has 1 codebooks of 11 bits; these weights have 32 of 10"):
        Dac24(str(folders("dac_24khz"))).decode(encoded)


def test_other_weights_and_silence(folders: Callable[[str], Path], tmp_path: Path) -> None:
    other = Dac16(str(saved(tmp_path, "dac_16khz", seed=5)))
    assert other.identity != Dac16(str(folders("dac_16khz"))).identity
    encoded = other.encode(Audio(np.zeros((1, 5_000), np.float32), 16_000), [6_000])[6_000]
    assert np.isfinite(other.decode(encoded).samples).all()
