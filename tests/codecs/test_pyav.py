"""Opus, MP3 and AAC: rates, refusals, options and delays on real and awkward input."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from bench import audio, codecs
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import framing
from bench.domain import Encoded
from bench.errors import CodecError, ConfigError
from tests.conftest import noise


def through(name: str, signal: Audio, bitrate: int, **options: object) -> tuple[Audio, Encoded]:
    encoded = codecs.make(name, options).encode(signal, [bitrate])[bitrate]
    return codecs.make(name, options).decode(encoded), encoded


@pytest.mark.parametrize(
    ("name", "rate", "bitrate"), [("opus", 48_000, 64_000), ("mp3", 44_100, 64_000), ("aac", 44_100, 64_000)]
)
def test_the_measured_rate_is_near_the_nominal_one(name: str, rate: int, bitrate: int) -> None:
    _, encoded = through(name, probe(rate), bitrate, **({"vbr": "off"} if name == "opus" else {}))
    assert encoded.bps(3.0) == pytest.approx(bitrate, rel=0.03)


@pytest.mark.parametrize(
    ("name", "bitrate", "rate", "channels", "said"),
    [
        ("opus", 5_999, 48_000, 1, "6000 to 256000"),
        ("opus", 512_001, 48_000, 2, "6000 to 512000"),
        ("opus", 12_000, 48_000, 6, "codes 1 or 2 channels, the clip has 6"),
        ("mp3", 24_000, 48_000, 1, "lower rates need a lower sample_rate option"),
        ("mp3", 320_000, 24_000, 1, "8000, 16000"),
        ("aac", 8_000, 48_000, 1, "16000 to 288000"),
        ("aac", 16_000, 48_000, 2, "24000 to 576000"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(
    name: str, bitrate: int, rate: int, channels: int, said: str
) -> None:
    assert said in codecs.make(name, {}).refusal(bitrate, rate, channels)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("opus", {"vbr": "maybe"}, "expected vbr to be one of on, constrained, off, got 'maybe'"),
        ("opus", {"complexity": 11}, "expected complexity"),
        ("mp3", {"sample_rate": 96_000}, "expected sample_rate to be one of 8000"),
    ],
)
def test_a_wrong_option_names_the_right_ones(name: str, options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        codecs.make(name, options)


def test_yaml_booleans_are_understood_for_vbr() -> None:
    assert codecs.make("opus", {"vbr": False}).options["vbr"] == "off"
    assert codecs.make("opus", {"vbr": True}).options["vbr"] == "on"


def test_an_option_that_ffmpeg_would_swallow_is_an_error() -> None:
    codec = codecs.make("opus", {})
    codec.options["bandwith"] = "3"
    with pytest.raises(CodecError, match="does not know bandwith"):
        codec.encode(noise(48_000, 0.1), [12_000])


@pytest.mark.parametrize("name", ["opus", "mp3", "aac"])
def test_damaged_bytes_are_an_error_or_other_audio_never_a_crash(name: str) -> None:
    codec = codecs.make(name, {})
    encoded = codec.encode(probe(48_000).part(0, 48_000), [32_000])[32_000]
    stream = framing.unpack(encoded)
    rng = np.random.default_rng(0)
    for _ in range(20):
        packets = [bytes(rng.integers(0, 256, len(packet), dtype=np.uint8)) for packet in stream.packets]
        damaged = framing.pack(Audio(np.zeros((1, 48_000), np.float32), 48_000), packets, header=stream.header)
        try:
            decoded = codecs.make(name, {}).decode(damaged)
        except CodecError:
            continue
        assert decoded.length == 48_000


@pytest.mark.parametrize("mode", [{"cutoff_hz": 4_000}, {"cutoff_hz": 6_000}, {"cutoff_hz": 8_000}, {}])
@pytest.mark.parametrize("bitrate", [6_000, 12_000, 24_000])
def test_every_layer_of_opus_is_aligned(mode: dict[str, int], bitrate: int) -> None:
    signal = probe(48_000)
    decoded, _ = through("opus", signal, bitrate, **mode)
    # the delay of the narrow-band layer is no whole number of samples: about 2.5 at 48 kHz
    assert abs(measured_delay(signal, decoded)) <= (1 if mode.get("cutoff_hz") == 4_000 else 0)


def test_real_speech_is_aligned_in_every_layer(real_data) -> None:
    clip = audio.read(real_data("speech/vctk_p230_023.wav"), 0, 6).at(48_000)
    for bitrate in (9_000, 12_000, 24_000, 64_000):
        decoded, _ = through("opus", clip, bitrate)
        assert abs(measured_delay(clip, decoded)) <= 1, bitrate


def test_an_independent_decoder_agrees_on_what_the_packets_hold() -> None:
    """The packets of a stream, muxed into Ogg and decoded by FFmpeg's own reader, give the same waveform."""
    import io

    import av

    signal = probe(48_000, 2)
    decoded, encoded = through("opus", signal, 96_000)
    stream = framing.unpack(encoded)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        track = container.add_stream("libopus", rate=48_000)
        track.layout = "stereo"
        track.codec_context.extradata = stream.header
        for index, data in enumerate(stream.packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = track, Fraction(1, 48_000)
            packet.pts = packet.dts = index * 960
            packet.duration = 960
            container.mux(packet)
    buffer.seek(0)
    with av.open(buffer) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    waveform = np.concatenate(frames, axis=1)
    if waveform.shape[0] == 1:
        waveform = waveform.reshape(-1, 2).T
    waveform = waveform / 32768 if waveform.dtype == np.int16 else waveform
    lags = [measured_delay(decoded, Audio(waveform.astype(np.float32), 48_000))]
    assert lags[0] in (0, 312)
    shift = lags[0]
    inside = waveform[:, shift : shift + signal.length]
    usable = min(inside.shape[1], signal.length) - 960
    np.testing.assert_allclose(inside[:, 960:usable], decoded.samples[:, 960:usable], atol=2e-3)
