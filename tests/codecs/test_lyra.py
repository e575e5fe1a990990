"""Lyra v2 with its trained models: sizes of packets, prefixes, fresh state, and quality that grows with the bitrate."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from bench import audio, codecs
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import framing, lyra
from bench.errors import CodecError, MissingRequirement

pytest.importorskip("ai_edge_litert")
RATES = [3_200, 6_000, 9_200]


@pytest.fixture(scope="module")
def models(real_data) -> str:
    return str(real_data("weights/lyra_v2/lyragan.tflite").parent)


@pytest.fixture(scope="module")
def speech(real_data) -> Audio:
    return audio.read(real_data("speech/lyra_sample1_16kHz.wav"))


def test_packets_have_8_15_and_23_bytes_and_are_prefixes(models: str, speech: Audio) -> None:
    codec = codecs.make("lyra_v2", {"weights": models})
    streams = {rate: framing.unpack(encoded).packets for rate, encoded in codec.encode(speech, RATES).items()}
    assert [{len(packet) for packet in packets} for packets in streams.values()] == [{8}, {15}, {23}]
    assert {len(packets) for packets in streams.values()} == {-(-speech.length // 320)}
    for low, high in ((3_200, 6_000), (6_000, 9_200)):
        assert all(b.startswith(a) for a, b in zip(streams[low], streams[high], strict=True))
    alone = {rate: codecs.make("lyra_v2", {"weights": models}).encode(speech, [rate])[rate] for rate in RATES}
    assert alone == codec.encode(speech, RATES)


def test_a_lower_rate_is_what_the_quantiser_itself_would_send(models: str, speech: Audio) -> None:
    """Asked for fewer stages, the model gives the first ones of the 46."""
    codec = codecs.make("lyra_v2", {"weights": models})
    encoder = lyra._Model(codec._interpreter("soundstream_encoder"))
    quantiser = codec._interpreter("quantizer").get_signature_runner("encode")
    for frame in range(20):
        features = encoder(speech.part(320 * frame, 320 * frame + 320).samples)
        whole, few = (
            quantiser(input_frames=features, num_quantizers=np.int32(stages))["output_0"].ravel() for stages in (46, 16)
        )
        assert (few[:16] == whole[:16]).all()
        assert (few[16:] == -1).all()


def test_the_bits_are_nominal_but_for_the_last_frame(models: str, speech: Audio) -> None:
    for rate, encoded in codecs.make("lyra_v2", {"weights": models}).encode(speech, RATES).items():
        assert encoded.payload_bits == rate // 50 * -(-speech.length // 320)


def test_quality_grows_with_the_bitrate_and_nothing_is_late(models: str, speech: Audio) -> None:
    from pesq import pesq

    codec, scores = codecs.make("lyra_v2", {"weights": models}), []
    for encoded in codec.encode(speech, RATES).values():
        decoded = codecs.make("lyra_v2", {"weights": models}).decode(encoded)
        assert measured_delay(speech, decoded) == 0
        scores.append(pesq(16_000, speech.samples[0], decoded.samples[0], "wb"))
    assert scores == sorted(scores)
    assert scores[0] > 2.2
    assert scores[2] > 3.2


def test_no_clip_leaves_a_trace_in_the_next(models: str, speech: Audio) -> None:
    codec, clip = codecs.make("lyra_v2", {"weights": models}), speech.part(8_000, 24_000)
    first = codec.encode(clip, [9_200])
    codec.decode(codec.encode(probe(16_000), [9_200])[9_200])
    assert codec.encode(clip, [9_200]) == first
    np.testing.assert_array_equal(codec.decode(first[9_200]).samples, codec.decode(first[9_200]).samples)


def test_what_it_cannot_do_is_said(models: str, tmp_path: Path) -> None:
    codec = codecs.make("lyra_v2", {"weights": models})
    assert "3200, 6000, 9200 bit/s, not 4000" in codec.refusal(4_000, 16_000, 1)
    assert "codes 1 channels, the clip has 2" in codec.refusal(3_200, 16_000, 2)
    with pytest.raises(CodecError, match="a packet has 24 bytes"):
        codec.decode(framing.pack(probe(16_000).part(0, 320), [bytes(24)]))
    with pytest.raises(MissingRequirement, match=r"soundstream_encoder\.tflite.*codecbench weights fetch lyra_v2"):
        codecs.make("lyra_v2", {"weights": str(tmp_path)})
    for file in lyra.WEIGHTS:
        (tmp_path / file.name).write_bytes(b"no model")
    broken = codecs.make("lyra_v2", {"weights": str(tmp_path)})
    assert str(broken.identity) != str(codec.identity)
    with pytest.raises(MissingRequirement, match="is no TFLite model"):
        broken.encode(probe(16_000), [3_200])


def test_the_folder_can_come_from_the_environment(models: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_LYRA_V2", models)
    assert codecs.make("lyra_v2", {}).identity == codecs.make("lyra_v2", {"weights": models}).identity


def test_the_table_of_files_is_that_of_the_models(models: str) -> None:
    for file in lyra.WEIGHTS:
        data = (Path(models) / file.name).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
