"""The older codecs that PyAV brings: exact bits, refusals, alignment on real audio."""

from __future__ import annotations

import numpy as np
import pytest

from bench import audio, codecs
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import framing
from bench.domain import Encoded
from bench.errors import CodecError, ConfigError


def through(name: str, signal: Audio, bitrate: int | None, **options: object) -> tuple[Audio, Encoded]:
    encoded = codecs.make(name, options).encode(signal, [bitrate])[bitrate]
    return codecs.make(name, options).decode(encoded), encoded


@pytest.mark.parametrize(
    ("bitrate", "bits"),  # golden: bits of a frame, 3GPP TS 26.101
    [(4_750, 95), (5_150, 103), (5_900, 118), (6_700, 134), (7_400, 148), (7_950, 159), (10_200, 204), (12_200, 244)],
)
def test_amr_frames_have_the_bits_of_the_standard(bitrate: int, bits: int) -> None:
    _, encoded = through("amr_nb", probe(8_000), bitrate)
    packets = framing.unpack(encoded).packets
    assert encoded.payload_bits == bits * len(packets)
    assert {len(packet) for packet in packets} == {1 + -(-bits // 8)}
    assert bits * 50 == bitrate


@pytest.mark.parametrize(
    ("name", "rate", "bits_per_second"), [("g711", 8_000, 64_000), ("g722", 16_000, 64_000), ("g723_1", 8_000, 6_400)]
)
def test_fixed_rates_are_exact(name: str, rate: int, bits_per_second: int) -> None:
    bitrate = 6_300 if name == "g723_1" else None
    _, encoded = through(name, probe(rate), bitrate)
    frame_s = {"g711": 1 / rate, "g722": 0.02, "g723_1": 0.03}[name]
    frames = encoded.payload_bits / (bits_per_second * frame_s)
    assert frames == pytest.approx(round(frames))
    assert 0 <= frames * frame_s - 3.0 <= 2 * frame_s


@pytest.mark.parametrize("law", ["mu", "a"])
def test_g711_quantises_as_its_law_says(law: str) -> None:
    """The segments of G.711: 16 steps in each, twice as high in the next; FFmpeg rounds to half a step and a little."""
    ramp = Audio(np.linspace(-0.98, 0.98, 16_001, dtype=np.float32)[None], 8_000)
    decoded, encoded = through("g711", ramp, None, law=law)
    assert encoded.payload_bits == 8 * ramp.length
    level = np.abs(ramp.samples[0])
    error = np.abs(decoded.samples[0] - ramp.samples[0])
    assert (error <= np.maximum(level / 12, 1 / 4_096)).all()
    assert error[level > 0.5].max() > 10 * error[level < 0.02].max()
    assert len(np.unique(decoded.samples)) in (255, 256)


@pytest.mark.parametrize(
    ("name", "rate", "channels", "bitrate"),
    [
        ("mp2", 48_000, 2, 128_000),
        ("ac3", 44_100, 2, 128_000),
        ("eac3", 48_000, 1, 32_000),
        ("sbc", 44_100, 2, 328_000),
    ],
)
def test_the_measured_rate_is_near_the_nominal_one(name: str, rate: int, channels: int, bitrate: int) -> None:
    _, encoded = through(name, probe(rate, channels), bitrate)
    assert encoded.bps(3.0) == pytest.approx(bitrate, rel=0.03)


@pytest.mark.parametrize(
    ("name", "bitrate", "rate", "channels", "said"),
    [
        ("mp2", 256_000, 48_000, 1, "mp2 at 48000 Hz, mono, does 32000, 48000"),
        ("mp2", 32_000, 48_000, 2, "64000, 96000"),
        ("mp2", 192_000, 24_000, 1, "8000, 16000"),
        ("ac3", 100_000, 48_000, 2, "ac3 at 48000 Hz, stereo, does 32000, 40000"),
        ("eac3", 32_000, 48_000, 2, "48000 to 640000"),
        ("sbc", 32_000, 48_000, 1, "48000 to 320000"),
        ("amr_nb", 12_000, 8_000, 1, "10200, 12200 bit/s, not 12000"),
        ("amr_nb", None, 8_000, 1, "needs a bitrate"),
        ("amr_nb", 12_200, 8_000, 2, "codes 1 channels, the clip has 2"),
        ("g722", 48_000, 16_000, 1, "one bitrate and takes none"),
        ("g711", None, 16_000, 1, "codes at 8000 Hz, not at 16000"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(
    name: str, bitrate: int | None, rate: int, channels: int, said: str
) -> None:
    assert said in codecs.make(name, {}).refusal(bitrate, rate, channels)


def test_a_wrong_option_names_the_right_ones() -> None:
    with pytest.raises(ConfigError, match="expected sample_rate to be one of 32000, 44100, 48000"):
        codecs.make("ac3", {"sample_rate": 24_000})
    with pytest.raises(ConfigError, match="'mu' or 'a'"):
        codecs.make("g711", {"law": "u"})


def test_sbc_is_aligned_with_four_and_with_eight_sub_bands() -> None:
    for bitrate, delay in ((256_000, 73), (320_000, 37)):
        signal = probe(48_000)
        decoded, encoded = through("sbc", signal, bitrate)
        assert encoded.delay_samples == delay
        assert measured_delay(signal, decoded) == 0


@pytest.mark.parametrize(
    ("name", "rate", "bitrate"),
    [("mp2", 48_000, 96_000), ("ac3", 48_000, 96_000), ("eac3", 48_000, 96_000), ("sbc", 48_000, 128_000),
     ("g711", 8_000, None), ("g722", 16_000, None), ("g723_1", 8_000, 6_300), ("amr_nb", 8_000, 12_200)],
)  # fmt: skip
def test_real_speech_is_aligned_and_comes_back(name: str, rate: int, bitrate: int | None, real_data) -> None:
    clip = audio.read(real_data("speech/vctk_p230_023.wav"), 0, 4).at(rate)
    decoded, _ = through(name, clip, bitrate)
    assert abs(measured_delay(clip, decoded)) <= 1
    error = np.sum((decoded.samples - clip.samples) ** 2)
    assert np.sum(clip.samples**2) / error > 10 ** (0.1 * (3 if name in ("amr_nb", "g723_1") else 10))


@pytest.mark.parametrize("name", ["mp2", "ac3", "sbc", "g722", "g723_1", "amr_nb"])
def test_damaged_bytes_are_an_error_or_other_audio_never_a_crash(name: str) -> None:
    codec = codecs.make(name, {})
    rate, bitrate = codec.working_rate(48_000), codec.bitrates_bps[-1] if codec.bitrates_bps else None
    encoded = codec.encode(probe(rate).part(0, rate // 2), [bitrate])[bitrate]
    stream = framing.unpack(encoded)
    rng = np.random.default_rng(0)
    for _ in range(5):
        packets = [bytes(rng.integers(0, 256, len(packet), dtype=np.uint8)) for packet in stream.packets]
        damaged = framing.pack(Audio(np.zeros((1, rate // 2), np.float32), rate), packets, header=stream.header)
        try:
            decoded = codecs.make(name, {}).decode(damaged)
        except CodecError:
            continue
        assert decoded.length == rate // 2
