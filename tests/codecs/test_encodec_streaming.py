from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench.align import probe
from bench.audio import Audio
from bench.codecs.encodec import Encodec24
from bench.codecs.encodec_streaming import Encodec24Streaming, Stream
from bench.codecs.residual import codes_of

from .models import saved

LENGTHS = (1, 2, 319, 320, 321, 1_000, 2_240, 2_241, 12_345)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("weights"), 24_000)


@pytest.mark.parametrize("length", LENGTHS)
def test_frame_by_frame_is_the_whole(length: int, folder: Path) -> None:
    whole, streaming = Encodec24(str(folder)), Encodec24Streaming(str(folder))
    signal = probe(24_000).part(0, length)
    expected = whole.encode(signal, [24_000])[24_000]
    got = streaming.encode(signal, [24_000])[24_000]
    first, second = codes_of(expected).segments[0], codes_of(got).segments[0]
    assert first.shape == second.shape
    for frame in np.flatnonzero((first != second).any(axis=0)):
        assert is_tie(whole.model, signal, frame, first[:, frame], second[:, frame])
    heard = streaming.decode(expected)
    np.testing.assert_allclose(heard.samples, whole.decode(expected).samples, atol=1e-5)
    assert isinstance(heard, Audio)


def is_tie(model: Any, signal: Audio, frame: int, first: Any, second: Any) -> bool:
    """Whether two code sequences part where both next vectors are equally near, to seven digits."""
    book = int(np.argmax(first != second))
    with torch.inference_mode():
        residual = model.encoder(torch.from_numpy(signal.samples.copy())[None])[0, :, frame]
        tables = [layer.codebook.embed for layer in model.quantizer.layers]
        for index in range(book):
            residual = residual - tables[index][int(first[index])]
        distances = [float((residual - tables[book][int(codes[book])]).square().sum()) for codes in (first, second)]
    return abs(distances[0] - distances[1]) < 1e-6


def blocks(signal: Any, step: int) -> list[Any]:
    return [signal[..., start : start + step] for start in range(0, signal.shape[-1], step)]


def test_the_encoder_is_a_frame_late_after_its_start(folder: Path) -> None:
    """It starts when it has seen the seven frames that the last layer reflects; then one frame in, one frame out."""
    model = Encodec24(str(folder)).model
    stream = Stream(model.encoder.layers)
    with torch.inference_mode():
        counts = [stream.push(block).shape[-1] for block in blocks(torch.randn(1, 1, 320 * 20), 320)]
    assert counts == [0, 0, 0, 0, 0, 0, 7, *[1] * 13]


def test_the_decoder_is_not_late_after_its_start(folder: Path) -> None:
    model = Encodec24(str(folder)).model
    stream = Stream(model.decoder.layers)
    with torch.inference_mode():
        counts = [stream.push(block).shape[-1] for block in blocks(torch.randn(1, model.config.hidden_size, 20), 1)]
    assert counts[:7] == [0, 0, 0, 0, 0, 0, 7 * 320]
    assert counts[7:] == [320] * 13


def test_samples_may_come_in_any_blocks(folder: Path) -> None:
    model = Encodec24(str(folder)).model
    signal = torch.randn(1, 1, 5_000) * 0.1
    with torch.inference_mode():
        expected = model.encoder(signal)
        for step in (1_000, 100, 7):
            found = torch.cat(list(Stream(model.encoder.layers).run(blocks(signal, step))), dim=-1)
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_it_sends_the_same_bits(folder: Path) -> None:
    signal = probe(24_000).part(0, 10_000)
    whole, streaming = Encodec24(str(folder)), Encodec24Streaming(str(folder))
    for bitrate, encoded in whole.encode(signal, whole.bitrates_bps).items():
        assert streaming.encode(signal, [bitrate])[bitrate].payload_bits == encoded.payload_bits
    assert streaming.identity != whole.identity
