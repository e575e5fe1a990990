"""The JAX port against the model on torch, on the same random weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

pytest.importorskip("jax")

from bench import codecs, runner
from bench.align import probe
from bench.audio import Audio
from bench.codecs import encodec, encodec_jax
from bench.codecs.encodec import Encodec, Encodec24, Encodec48
from bench.codecs.encodec_jax import Encodec24Jax, Encodec48Jax, EncodecJax, analyse
from bench.codecs.residual import codes_of
from bench.errors import CodecError, MissingRequirement

from .models import saved
from .ties import is_tie

FULL = {"num_filters": 32, "hidden_size": 128}
LENGTHS = {24_000: (1, 6, 321, 2_241, 12_345), 48_000: (1, 321, 48_001)}
ALL_LENGTHS = {24_000: (1, 2, 6, 7, 319, 320, 321, 12_345, 50_001), 48_000: (1, 319, 321, 47_999, 48_000, 60_000)}
SEGMENT = 48_000


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module", autouse=True)
def _forget() -> Iterator[None]:
    yield
    encodec._model.cache_clear()
    encodec_jax._model.cache_clear()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    root = tmp_path_factory.mktemp("weights")
    return {rate: saved(root / str(rate), rate) for rate in (24_000, 48_000)}


def pair_of(folder: Path, rate: int) -> tuple[Encodec, EncodecJax]:
    if rate == 24_000:
        return Encodec24(str(folder)), Encodec24Jax(str(folder))
    return Encodec48(str(folder)), Encodec48Jax(str(folder))


def latents_of(model: Any, samples: np.ndarray) -> np.ndarray:
    """What torch's encoder gives for one segment."""
    wave = torch.from_numpy(samples.copy())[None]
    if model.config.normalize:
        wave = wave / (wave.mean(dim=1, keepdim=True).square().mean(dim=-1, keepdim=True).sqrt() + 1e-8)
    with torch.inference_mode():
        return model.encoder(wave)[0].numpy()


@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("size", ["small", pytest.param("full", marks=pytest.mark.slow)])
def test_equal_to_the_model_on_torch(rate: int, size: str, folders: dict[int, Path], tmp_path: Path) -> None:
    """Latents within 1e-5, codes equal but for ties, audio of the same codes within 1e-5."""
    folder = folders[rate] if size == "small" else saved(tmp_path, rate, **FULL)
    on_torch, in_jax = pair_of(folder, rate)
    tables = np.stack([layer.codebook.embed.numpy() for layer in on_torch.model.quantizer.layers])
    most = max(on_torch.books.values())
    different = frames = 0
    for length in (LENGTHS if size == "small" else ALL_LENGTHS)[rate]:
        signal = probe(rate, max(on_torch.channels)).part(0, length)
        expected, got = on_torch.quantise(signal, most), in_jax.quantise(signal, most)
        np.testing.assert_allclose(got.scales, expected.scales, rtol=1e-6)
        starts = range(0, length, 47_520) if rate == 48_000 else (0,)
        for start, first, second in zip(starts, expected.segments, got.segments, strict=True):
            piece = signal.samples[:, start : start + SEGMENT]
            latents = latents_of(on_torch.model, piece)
            found, _, _ = analyse(in_jax.model, piece, most)
            np.testing.assert_allclose(found, latents, atol=1e-5, rtol=0)
            between = float(np.linalg.norm(found - latents, axis=0).max())
            assert first.shape == second.shape
            parted = np.flatnonzero((first != second).any(axis=0))
            for frame in parted:
                assert is_tie(latents[:, frame], tables, first[:, frame], second[:, frame], between)
            different, frames = different + len(parted), frames + first.shape[1]
        channels = max(on_torch.channels)
        sound = on_torch.synthesise(expected, length, channels)
        np.testing.assert_allclose(in_jax.synthesise(expected, length, channels).samples, sound.samples, atol=1e-5)
    # the small 24 kHz model is hard: its books of 1024 random vectors lie closer together than rounding
    assert different / frames <= (0.6 if (rate, size) == (24_000, "small") else 0.01)


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_the_bits_are_the_same_and_the_bytes_can_be_swapped(rate: int, folders: dict[int, Path]) -> None:
    on_torch, in_jax = pair_of(folders[rate], rate)
    length = LENGTHS[rate][-1]  # of which the functions are compiled
    signal = probe(rate, max(on_torch.channels)).part(0, length)
    first, second = (codec.encode(signal, codec.bitrates_bps) for codec in (on_torch, in_jax))
    for bitrate, encoded in first.items():
        assert second[bitrate].payload_bits == encoded.payload_bits
        assert len(second[bitrate].stream) == len(encoded.stream)
        heard = in_jax.decode(encoded)
        np.testing.assert_allclose(heard.samples, on_torch.decode(encoded).samples, atol=1e-5)
    assert in_jax.identity != on_torch.identity


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_a_lower_bitrate_is_a_prefix(rate: int, folders: dict[int, Path]) -> None:
    _, codec = pair_of(folders[rate], rate)
    signal = probe(rate).part(0, 5_000)
    together = codec.encode(signal, codec.bitrates_bps)
    for bitrate in codec.bitrates_bps:
        assert codec.encode(signal, [bitrate])[bitrate] == together[bitrate]


def test_padding_does_not_show(folders: dict[int, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same clip in a buffer four times as long: the same codes but for ties, and the same audio."""
    codec = Encodec24Jax(str(folders[24_000]))
    signal = probe(24_000).part(0, 12_345)
    near, _, _ = analyse(codec.model, signal.samples, 32)
    codes = codec.quantise(signal, 32)
    heard = codec.synthesise(codes, 12_345, 1)
    monkeypatch.setattr(encodec_jax, "padded_frames", lambda _: 256)
    far, _, _ = analyse(codec.model, signal.samples, 32)
    np.testing.assert_allclose(far, near, atol=1e-6)
    np.testing.assert_allclose(codec.synthesise(codes, 12_345, 1).samples, heard.samples, atol=1e-6)


def test_few_lengths_are_compiled() -> None:
    sizes = {encodec_jax.padded_frames(frames) for frames in range(1, 75 * 60)}
    assert len(sizes) == 14
    assert all(frames <= encodec_jax.padded_frames(frames) < max(65, 1.5 * frames) for frames in range(1, 5_000))


def test_the_warm_up_compiles_what_the_clip_needs(folders: dict[int, Path]) -> None:
    small, large = Encodec24Jax(str(folders[24_000])), Encodec48Jax(str(folders[48_000]))
    assert small.warm_up_samples(12_345) == 64 * 320
    assert large.warm_up_samples(200_000) == 48_000


@pytest.mark.slow
def test_one_row_beside_torch_with_its_own_speed(tmp_path: Path, small_config: dict[str, Any]) -> None:
    """In a run: the same bits, scores that agree, and times without those of compiling."""
    folder = saved(tmp_path / "weights", 24_000)
    names = ("encodec_24khz", "encodec_24khz_jax")
    chosen = [
        {"name": name, "label": name, "bitrates_bps": [1_500, 24_000], "options": {"weights": str(folder)}}
        for name in names
    ]
    config = small_config | {"codecs": chosen, "channels": 1, "sample_rate": 24_000}
    results = runner.run(config, output=tmp_path / "run", workers=1)
    rows = results.encodings
    assert set(rows["status"]) == {"ok"}
    first, second = (rows[rows["codec"] == name].reset_index(drop=True) for name in names)
    assert first["payload_bits"].tolist() == second["payload_bits"].tolist()
    assert second["encode_s"].max() < 1.0
    assert second["decode_s"].max() < 1.0
    scores = results.scores[results.scores["quantity"] == "snr"].set_index(["clip", "condition"])["value"]
    for (clip, condition), value in scores.items():
        if condition.startswith("encodec_24khz_jax"):
            assert value == pytest.approx(scores[clip, condition.replace("_jax", "")], abs=0.05)


def test_the_names_of_older_weights_are_understood(folders: dict[int, Path], tmp_path: Path) -> None:
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
    first, second = (
        codes_of(Encodec24Jax(str(place)).encode(signal, [24_000])[24_000]) for place in (folders[24_000], tmp_path)
    )
    assert np.array_equal(first.segments[0], second.segments[0])


@pytest.mark.parametrize("lost", ["encoder.layers.3.conv.bias", "quantizer", "decoder.layers.1.lstm.weight_hh_l1"])
def test_weights_that_are_not_whole_are_refused(lost: str, folders: dict[int, Path], tmp_path: Path) -> None:
    tensors = {k: v for k, v in load_file(folders[24_000] / "model.safetensors").items() if lost not in k}
    (tmp_path / "config.json").write_text((folders[24_000] / "config.json").read_text())
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(MissingRequirement, match=r"expected all weights of EnCodec, but \d are missing"):
        Encodec24Jax(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


def test_empty_codebooks_are_refused(folders: dict[int, Path], tmp_path: Path) -> None:
    tensors = load_file(folders[24_000] / "model.safetensors")
    tensors["quantizer.layers.7.codebook.embed"].zero_()
    (tmp_path / "config.json").write_text((folders[24_000] / "config.json").read_text())
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(MissingRequirement, match="expected 32 filled codebooks, but 1 are empty"):
        Encodec24Jax(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", "expected the configuration of EnCodec"),
        (json.dumps({"model_type": "dac"}), "expected EnCodec with pad_mode reflect"),
        (json.dumps({"pad_mode": "constant"}), "use the codec on torch"),
    ],
)
def test_another_configuration_is_refused(config: str, message: str, folders: dict[int, Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "model.safetensors").write_bytes((folders[24_000] / "model.safetensors").read_bytes())
    with pytest.raises(MissingRequirement, match=message):
        Encodec24Jax(str(tmp_path)).encode(probe(24_000).part(0, 400), [1_500])


def test_other_weights_are_refused(folders: dict[int, Path], tmp_path: Path) -> None:
    with pytest.raises(MissingRequirement, match=r"expected weights for 24000 Hz, 1 channels .* got weights for 48000"):
        Encodec24Jax(str(folders[48_000])).encode(probe(24_000).part(0, 400), [1_500])
    encoded = Encodec24Jax(str(folders[24_000])).encode(probe(24_000).part(0, 4_000), [24_000])[24_000]
    with pytest.raises(CodecError, match="the bitstream has 32 codebooks of 10 bits; these weights have 16 of 10"):
        Encodec48Jax(str(folders[48_000])).decode(encoded)
    (tmp_path / "weights.th").write_bytes(b"x")
    with pytest.raises(MissingRequirement, match="not a checkpoint"):
        Encodec24Jax(str(tmp_path / "weights.th")).encode(probe(24_000).part(0, 400), [1_500])


def test_silence_and_names(folders: dict[int, Path]) -> None:
    for rate, name in ((24_000, "encodec_24khz_jax"), (48_000, "encodec_48khz_jax")):
        codec = codecs.make(name, {"weights": str(folders[rate])})
        silence = Audio(np.zeros((max(codec.channels), 5_000), np.float32), rate)
        encoded = codec.encode(silence, codec.bitrates_bps[:1])[codec.bitrates_bps[0]]
        assert np.isfinite(codec.decode(encoded).samples).all()
