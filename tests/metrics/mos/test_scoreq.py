"""SCOREQ's loading code on an ONNX model written here, byte by byte: the mean of the absolute input samples."""

import numpy as np
import pytest

from bench.audio import Audio
from bench.errors import MissingRequirement
from bench.metrics.mos.scoreq import WEIGHTS, Scoreq

pytest.importorskip("onnxruntime", reason="pip install 'codecbench[mos]'")


def message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """A protobuf message of numbers and byte strings; every number and length here is below 128 or two bytes long."""
    encoded = b""
    for number, value in fields:
        if isinstance(value, int):
            encoded += bytes([number << 3, value])
        else:
            data = value.encode() if isinstance(value, str) else value
            encoded += bytes([number << 3 | 2, len(data) & 127 | 128, len(data) >> 7]) + data
    return encoded


def tensor(name: str, *dimensions: str) -> bytes:
    """ValueInfoProto of floats (element type 1)."""
    shape = message(*((1, message((2, dimension))) for dimension in dimensions))
    return message((1, name), (2, message((1, message((1, 1), (2, shape))))))


def mean_of_magnitudes() -> bytes:
    """ModelProto: GraphProto with the nodes Abs and ReduceMean, opset 18."""
    absolute = message((1, "wave"), (2, "magnitude"), (4, "Abs"))
    mean = message((1, "magnitude"), (2, "score"), (4, "ReduceMean"))
    graph = message(
        (1, absolute), (1, mean), (2, "mean"), (11, tensor("wave", "n", "t")), (12, tensor("score", "n", "t"))
    )
    return message((1, 8), (7, graph), (8, message((2, 18))))


@pytest.fixture
def folder(placed):
    folder = placed("scoreq")
    (folder / WEIGHTS.files[0].name).write_bytes(mean_of_magnitudes())
    return folder


@pytest.mark.parametrize(("samples", "padded"), [(16_000, 16_000), (16_001, 16_320), (31_999, 32_000)])
def test_the_network_gets_the_clip_filled_to_whole_frames(folder, samples, padded):
    """As scoreq 1.0.1 does: zeros to a multiple of 320 samples, no scaling."""
    signal = Audio(np.full((1, samples), -0.25, np.float32), 16_000)
    metric = Scoreq()
    expected = 0.25 * samples / padded
    assert metric.score(metric.prepare(signal), signal) == {"scoreq": pytest.approx(expected, rel=1e-5)}


def test_another_file_is_refused(placed, speech):
    (placed("scoreq") / WEIGHTS.files[0].name).write_bytes(b"no model")
    metric = Scoreq()
    with pytest.raises(MissingRequirement, match="expected the SCOREQ model, got something else"):
        metric.score(metric.prepare(speech), speech)
