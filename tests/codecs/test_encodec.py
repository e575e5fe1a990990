"""EnCodec with random weights and filled codebooks: the real loading path, offline; Meta's package is the oracle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.align import probe
from bench.audio import Audio
from bench.codecs import encodec as adapter
from bench.codecs.encodec import Encodec, Encodec24, Encodec48
from bench.codecs.residual import codes_of
from bench.errors import CodecError, MissingRequirement

from .models import encodec_model, saved

LENGTHS = {24_000: (1, 2, 319, 320, 321, 12_345, 50_001), 48_000: (1, 319, 47_999, 48_000, 48_001, 100_000)}


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield
    adapter._model.cache_clear()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    root = tmp_path_factory.mktemp("weights")
    return {rate: saved(root / str(rate), rate) for rate in (24_000, 48_000)}


@pytest.fixture(params=[Encodec24, Encodec48])
def codec(request: pytest.FixtureRequest, folders: dict[int, Path]) -> Encodec:
    made: Encodec = request.param(str(folders[request.param.sample_rates[0]]))
    return made


def test_a_lower_bitrate_is_what_encoding_at_that_bitrate_gives(codec: Encodec) -> None:
    signal = probe(codec.sample_rates[0], max(codec.channels)).part(0, 55_555)
    together = codec.encode(signal, codec.bitrates_bps)
    for bitrate in codec.bitrates_bps:
        alone = codec.encode(signal, [bitrate])[bitrate]
        assert alone == together[bitrate]
        kbps = bitrate / 1000
        with torch.inference_mode():
            direct = codec.model.encode(torch.from_numpy(signal.samples.copy())[None], bandwidth=kbps).audio_codes
        assert [one.tolist() for one in codes_of(alone).segments[:1]] == [direct[0, 0].tolist()]


def test_more_bits_are_closer_to_the_latents(codec: Encodec) -> None:
    signal = probe(codec.sample_rates[0], max(codec.channels)).part(0, 24_000)
    codes = codec.quantise(signal, max(codec.books.values()))
    assert len({int(code) for code in codes.segments[0][0]}) > 3  # random, but filled codebooks: not all 0


@pytest.mark.parametrize("length", LENGTHS[24_000])
def test_the_bits_at_24_khz_are_those_of_the_frames(length: int, folders: dict[int, Path]) -> None:
    codec = Encodec24(str(folders[24_000]))
    for bitrate, encoded in codec.encode(probe(24_000).part(0, length), codec.bitrates_bps).items():
        assert encoded.payload_bits == -(-length // 320) * codec.books[bitrate or 0] * 10
        assert codec.decode(encoded).samples.shape == (1, length)


@pytest.mark.parametrize("length", LENGTHS[48_000])
def test_the_bits_at_48_khz_are_those_of_frames_and_scales(length: int, folders: dict[int, Path]) -> None:
    codec = Encodec48(str(folders[48_000]))
    starts = range(0, length, 47_520)
    frames = sum(-(-min(48_000, length - start) // 320) for start in starts)
    for bitrate, encoded in codec.encode(probe(48_000, 2).part(0, length), codec.bitrates_bps).items():
        assert encoded.payload_bits == frames * codec.books[bitrate or 0] * 10 + 32 * len(starts)
        assert codec.decode(encoded).samples.shape == (2, length)


def test_mono_at_48_khz_is_coded_as_two_equal_channels(folders: dict[int, Path]) -> None:
    codec = Encodec48(str(folders[48_000]))
    mono = probe(48_000).part(0, 10_000)
    coded = codec.encode(mono, [6_000])[6_000]
    assert codes_of(coded).segments[0].tolist() == codes_of(
        codec.encode(mono.mixed_to(2), [6_000])[6_000]
    ).segments[0].tolist()  # fmt: skip
    assert codec.decode(coded).samples.shape == (1, 10_000)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")  # of the original package
@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("size", ["small", pytest.param("full", marks=pytest.mark.slow)])
def test_equal_to_metas_package_bit_by_bit(rate: int, size: str, tmp_path: Path) -> None:
    """The original package, its weights as a checkpoint, and the same weights through ours."""
    oracle = meta_model(rate, size)
    path = tmp_path / "original.th"
    torch.save(oracle.state_dict(), path)
    codec = (Encodec24 if rate == 24_000 else Encodec48)(str(path))
    for length in LENGTHS[rate]:
        signal = probe(rate, max(codec.channels)).part(0, length)
        wave = torch.from_numpy(signal.samples.copy())[None]
        for bitrate in codec.bitrates_bps:
            oracle.set_target_bandwidth(bitrate / 1000)
            with torch.inference_mode():
                expected = oracle.encode(wave)
                sound = oracle.decode(expected)[0, :, :length].numpy()
            encoded = codec.encode(signal, [bitrate])[bitrate]
            got = codes_of(encoded)
            assert [one.tolist() for one in got.segments] == [codes[0].tolist() for codes, _ in expected]
            assert list(got.scales) == [float(scale) for _, scale in expected if scale is not None]
            assert np.array_equal(codec.decode(encoded).samples, sound.astype(np.float32))


def meta_model(rate: int, size: str) -> Any:
    from encodec.model import EncodecModel
    from encodec.modules import SEANetDecoder, SEANetEncoder
    from encodec.quantization import ResidualVectorQuantizer

    torch.manual_seed(1)
    filters, dimension = (32, 128) if size == "full" else (4, 16)
    stereo = rate == 48_000
    shape: dict[str, Any] = {
        "channels": 2 if stereo else 1,
        "n_filters": filters,
        "dimension": dimension,
        "norm": "time_group_norm" if stereo else "weight_norm",
        "causal": not stereo,
    }
    model = EncodecModel(
        SEANetEncoder(**shape),
        SEANetDecoder(**shape),
        ResidualVectorQuantizer(dimension=dimension, n_q=16 if stereo else 32, bins=1024),
        [3.0, 6.0, 12.0, 24.0] if stereo else [1.5, 3.0, 6.0, 12.0, 24.0],
        rate,
        2 if stereo else 1,
        normalize=stereo,
        segment=1.0 if stereo else None,
    ).eval()
    for index, layer in enumerate(model.quantizer.vq.layers):
        layer._codebook.embed.copy_(torch.randn(1024, dimension) * 0.3 * 0.8**index)
        layer._codebook.inited.fill_(True)
    return model


def test_the_names_of_older_weights_are_understood(folders: dict[int, Path], tmp_path: Path) -> None:
    """Files on the hub call weight norm ``weight_g`` and ``weight_v``."""
    tensors = load_file(folders[24_000] / "model.safetensors")
    old = {
        key.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for key, value in tensors.items()
    }
    assert old.keys() != tensors.keys()
    (tmp_path / "config.json").write_text((folders[24_000] / "config.json").read_text())
    save_file(old, tmp_path / "model.safetensors", {"format": "pt"})
    signal = probe(24_000).part(0, 9_999)
    first, second = (Encodec24(str(place)).encode(signal, [24_000])[24_000] for place in (folders[24_000], tmp_path))
    assert first == second


def test_weights_without_codebooks_are_refused(folders: dict[int, Path], tmp_path: Path) -> None:
    tensors = {k: v for k, v in load_file(folders[24_000] / "model.safetensors").items() if "codebook" not in k}
    (tmp_path / "config.json").write_text((folders[24_000] / "config.json").read_text())
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(MissingRequirement, match=r"expected all weights of EnCodec, but \d+ are missing"):
        Encodec24(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    model = encodec_model(24_000)
    next(model.encoder.parameters()).data.fill_(float("nan"))
    model.save_pretrained(tmp_path)
    with pytest.raises(MissingRequirement, match="1 parameters hold NaN"):
        Encodec24(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "dac"}, "model_type 'dac'"),
        ({"target_bandwidths": [1.5, 3.0]}, "config.json describes another model"),
        ({"num_filters": 8}, "got something else"),
    ],
)
def test_a_configuration_of_another_model_is_refused(
    change: dict[str, Any], reason: str, folders: dict[int, Path], tmp_path: Path
) -> None:
    config = json.loads((folders[24_000] / "config.json").read_text()) | change
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((folders[24_000] / "model.safetensors").read_bytes())
    with pytest.raises(MissingRequirement, match=reason):
        Encodec24(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


def test_another_configuration_is_another_identity(folders: dict[int, Path], tmp_path: Path) -> None:
    config = json.loads((folders[24_000] / "config.json").read_text()) | {"pad_mode": "constant"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((folders[24_000] / "model.safetensors").read_bytes())
    assert Encodec24(str(tmp_path)).identity != Encodec24(str(folders[24_000])).identity


def test_truncated_weights_are_refused(folders: dict[int, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((folders[24_000] / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes((folders[24_000] / "model.safetensors").read_bytes()[:5_000])
    with pytest.raises(MissingRequirement, match="expected the weights of EnCodec, got something else"):
        Encodec24(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


def test_empty_codebooks_are_refused(tmp_path: Path) -> None:
    model = encodec_model(24_000)
    for layer in model.quantizer.layers:
        layer.codebook.embed.zero_()
    model.save_pretrained(tmp_path)
    with pytest.raises(MissingRequirement, match="32 are empty"):
        Encodec24(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


def test_the_weights_of_the_other_model_are_refused(folders: dict[int, Path]) -> None:
    with pytest.raises(MissingRequirement, match=r"expected weights for 24000 Hz, 1 channels .* got weights for 48000"):
        Encodec24(str(folders[48_000])).encode(probe(24_000).part(0, 400), [1_500])


def test_absent_weights_say_what_to_do() -> None:
    with pytest.raises(MissingRequirement, match="codecbench weights fetch encodec_24khz"):
        Encodec24()


def test_a_folder_that_is_not_whole_says_what_is_missing(folders: dict[int, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(MissingRequirement, match=r"model\.safetensors is not there"):
        Encodec24(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"<html>404</html>"])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.th"
    path.write_bytes(content)
    with pytest.raises(MissingRequirement, match="expected an original checkpoint of EnCodec"):
        Encodec24(str(path)).encode(probe(24_000).part(0, 400), [1_500])


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (Path(tmp_path / "ran").touch, ())

    torch.save({"encoder": Evil()}, tmp_path / "evil.th")
    with pytest.raises(MissingRequirement):
        Encodec24(str(tmp_path / "evil.th")).encode(probe(24_000).part(0, 400), [1_500])
    assert not (tmp_path / "ran").exists()


def test_bytes_of_other_weights_are_refused(folders: dict[int, Path], tmp_path: Path) -> None:
    encoded = Encodec24(str(folders[24_000])).encode(probe(24_000).part(0, 4_000), [24_000])[24_000]
    with pytest.raises(CodecError, match="the bitstream has 32 codebooks of 10 bits; these weights have 16 of 10"):
        Encodec48(str(folders[48_000])).decode(encoded)


def test_an_unknown_bitrate_names_the_known_ones(codec: Encodec) -> None:
    refusal = codec.refusal(5_000, codec.sample_rates[0], 1)
    assert refusal is not None
    assert ", ".join(map(str, codec.bitrates_bps)) in refusal


def test_other_weights_are_another_identity(folders: dict[int, Path], tmp_path: Path) -> None:
    saved(tmp_path / "other", 24_000, seed=5)
    assert Encodec24(str(tmp_path / "other")).identity != Encodec24(str(folders[24_000])).identity


def test_silence_is_coded(codec: Encodec) -> None:
    silence = Audio(np.zeros((max(codec.channels), 5_000), np.float32), codec.sample_rates[0])
    encoded = codec.encode(silence, codec.bitrates_bps[:1])[codec.bitrates_bps[0]]
    assert np.isfinite(codec.decode(encoded).samples).all()
