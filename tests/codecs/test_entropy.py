from __future__ import annotations

import importlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.align import probe
from bench.codecs.codes import Codes
from bench.codecs.entropy import Layout, measured
from bench.codecs.entropy.adaptive import Adaptive
from bench.codecs.entropy.encodec_lm import EncodecLm
from bench.codecs.residual import codes_of
from bench.codecs.toy_rvq import ToyRvq
from bench.domain import Identity
from bench.errors import CodecError, MissingRequirement


def random_codes(books: int, frames: list[int], bits: int = 10, seed: int = 0) -> Codes:
    rng = np.random.default_rng(seed)
    return Codes(tuple(rng.integers(0, 2**bits, (books, count)).astype(np.int32) for count in frames), bits)


@settings(max_examples=30)
@given(
    st.integers(1, 6), st.lists(st.integers(1, 30), min_size=1, max_size=3), st.integers(1, 12),
    st.integers(0, 2**31),
)  # fmt: skip
def test_adaptive_gives_the_same_codes_back(books: int, frames: list[int], bits: int, seed: int) -> None:
    codes = random_codes(books, frames, bits, seed)
    again = Adaptive().expand(Adaptive().compress(codes), Layout.of(codes))
    assert [one.tolist() for one in again.segments] == [one.tolist() for one in codes.segments]


def test_real_codes_become_smaller() -> None:
    codec = ToyRvq()
    for bitrate, encoded in codec.encode(probe(24_000), codec.bitrates_bps).items():
        rate = measured(Adaptive(), codes_of(encoded))
        assert rate.coded, bitrate
        assert rate.bits < 0.95 * encoded.payload_bits


def test_codes_without_redundancy_cost_one_bit_more_than_plain() -> None:
    codes = random_codes(8, [100])
    rate = measured(Adaptive(), codes)
    assert (rate.bits, rate.coded) == (8 * 100 * 10 + 1, False)


def test_constant_codes_cost_nearly_nothing() -> None:
    rate = measured(Adaptive(), Codes((np.full((4, 3_000), 7, np.int32),), 10))
    assert rate.bits < 0.02 * 4 * 3_000 * 10


def test_scales_are_counted() -> None:
    codes = random_codes(2, [50, 50])
    with_scales = Codes(codes.segments, 10, (1.0, 2.0))
    assert measured(Adaptive(), with_scales).bits == measured(Adaptive(), codes).bits + 64


def test_a_coder_that_loses_a_code_has_no_rate() -> None:
    class Lossy(Adaptive):
        identity = Identity("lossy", "1")

        def __init__(self) -> None: ...

        def expand(self, data: bytes, layout: Layout) -> Codes:
            found = super().expand(data, layout)
            found.segments[0][0, 0] ^= 1
            return found

    with pytest.raises(CodecError, match="other codes came back"):
        measured(Lossy(), random_codes(2, [10]))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Language models with random weights, of the real size: it is what the checkpoints hold."""
    from encodec.model import LMModel

    found = {}
    for rate, books, frame_rate in ((24_000, 32, 75), (48_000, 16, 150)):
        torch.manual_seed(rate)
        model = LMModel(books, 1024, num_layers=5, dim=200, past_context=int(3.5 * frame_rate))
        found[rate] = tmp_path_factory.mktemp("lm") / f"encodec_lm_{rate}.th"
        torch.save(model.state_dict(), found[rate])
    return found


def test_the_language_model_gives_the_same_codes_back(checkpoints: dict[int, Path]) -> None:
    codes = random_codes(4, [20, 3])
    coder = EncodecLm(str(checkpoints[24_000]))
    again = coder.expand(coder.compress(codes), Layout.of(codes))
    assert [one.tolist() for one in again.segments] == [one.tolist() for one in codes.segments]
    assert measured(coder, codes).bits <= 4 * 23 * 10 + 1


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")  # of the original package
@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_a_file_of_ours_is_decoded_by_the_original_package(
    rate: int, checkpoints: dict[int, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The ``.ecdc`` file equals the package's own, and the package decodes it; only the download is replaced."""
    compress = importlib.import_module("encodec.compress")  # the package hides it behind a function of that name
    from bench.codecs.encodec import Encodec24, Encodec48

    from .test_encodec import meta_model

    original = meta_model(rate, "full")
    original.name = f"encodec_{rate // 1000}khz"
    original.set_target_bandwidth(3.0)
    state = torch.load(checkpoints[rate], weights_only=True)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **__: state)
    monkeypatch.setitem(compress.MODELS, original.name, lambda: original)
    torch.save(original.state_dict(), tmp_path / "original.th")
    codec: Any = (Encodec24 if rate == 24_000 else Encodec48)(str(tmp_path / "original.th"))
    signal = probe(rate, max(codec.channels)).part(0, rate // 4)
    encoded = codec.encode(signal, [3_000])[3_000]
    ours = EncodecLm(str(checkpoints[rate])).ecdc(codes_of(encoded), original.name, signal.length)
    theirs = io.BytesIO()
    compress.compress_to_file(original, torch.from_numpy(signal.samples.copy()), theirs, use_lm=True)
    assert ours == theirs.getvalue()
    sound, _ = compress.decompress(ours)
    assert np.array_equal(sound.numpy(), codec.decode(encoded).samples)


def test_a_language_model_is_found_by_file_folder_and_name(
    checkpoints: dict[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECBENCH_ENCODEC_LM_24KHZ", str(checkpoints[24_000].parent))
    places = (str(checkpoints[24_000]), str(checkpoints[24_000].parent), "encodec_lm_24khz")
    assert len({str(EncodecLm(place).identity) for place in places}) == 1


@pytest.mark.parametrize("content", [None, b"", b"text"])
def test_absent_or_broken_weights_of_the_language_model(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "lm.th"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MissingRequirement, match=r"encodec_lm needs its weights|expected the language model"):
        EncodecLm(str(path)).compress(random_codes(2, [3]))
