"""Programs as codecs: real files, counted bits, found delays, and one message for whatever a program does wrong."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from bench import codecs
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import ogg
from bench.codecs.bits import count_bits
from bench.errors import CodecError, ConfigError, MissingRequirement

PROGRAM = """
import sys, time, wave
import numpy as np
mode, source, target, *rest = sys.argv[1:]
fault = rest[0] if rest else ""
if fault == "fail":
    sys.exit("the program says why")
if fault == "hang":
    time.sleep(60)
if fault == "nothing":
    sys.exit(0)
if fault == "empty":
    open(target, "wb").close(); sys.exit(0)
with wave.open(source) as file:
    rate, channels = file.getframerate(), file.getnchannels()
    data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
if mode == "encode" or fault == "":
    pass
if fault == "late":
    data = np.pad(data, ((123, 0), (0, 0)))
if fault == "rate":
    rate //= 2
if fault == "short":
    data = data[: len(data) // 2]
with wave.open(target, "wb") as file:
    file.setnchannels(channels); file.setsampwidth(2); file.setframerate(rate); file.writeframes(data.tobytes())
"""


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    path = tmp_path / "a codec.py"
    path.write_text(PROGRAM)
    return [sys.executable, str(path)]


def command(program: list[str], encode_fault: str = "", decode_fault: str = "", **options: object):
    faults = [[fault] if fault else [] for fault in (encode_fault, decode_fault)]
    return codecs.make(
        "command",
        {
            "encode": [*program, "encode", "{input}", "{bitstream}", *faults[0]],
            "decode": [*program, "decode", "{bitstream}", "{output}", *faults[1]],
            "suffix": ".wav",
            **options,
        },
    )


@pytest.mark.parametrize(("channels", "length"), [(1, 1), (2, 1_001), (2, 24_000)])
def test_a_lossless_program_gives_back_16_bits(program: list[str], channels: int, length: int) -> None:
    signal = probe(48_000, channels).part(0, length)
    codec = command(program, header_bytes=44)
    encoded = codec.encode(signal, [None])[None]
    decoded = command(program).decode(encoded)
    np.testing.assert_allclose(decoded.samples, signal.samples, atol=1 / 32768)
    assert encoded.payload_bits == 16 * length * channels


def test_a_delay_is_measured_once_and_removed(program: list[str]) -> None:
    signal = probe(24_000).part(0, 24_000)
    codec = command(program, decode_fault="late")
    encoded = codec.encode(signal, [None])[None]
    decoded = command(program, decode_fault="late").decode(encoded)
    assert encoded.delay_samples == 123
    assert measured_delay(signal, decoded) == 0
    assert decoded.length == signal.length


@pytest.mark.parametrize(
    ("encode_fault", "decode_fault", "said"),
    [
        ("fail", "", "ended with code 1: the program says why"),
        ("nothing", "", "the encoder ended without an error but wrote no output file"),
        ("empty", "", "the encoder ended without an error but wrote an empty output file"),
        ("", "fail", "the program says why"),
        ("", "rate", "the decoder wrote 12000 Hz with 1 channels; expected 24000 Hz with 1"),
        ("", "short", "of at least"),
        ("hang", "", "did not end within 1 s and was stopped"),
    ],
)
def test_whatever_a_program_does_wrong_is_said(
    program: list[str], encode_fault: str, decode_fault: str, said: str
) -> None:
    codec = command(program, encode_fault, decode_fault, delay_samples=0, timeout_s=1 if encode_fault == "hang" else 20)
    with pytest.raises(CodecError, match=said):
        codec.decode(codec.encode(probe(24_000), [None])[None])


def test_a_program_that_is_not_there(program: list[str]) -> None:
    with pytest.raises(MissingRequirement, match="'no-such-program' is not on this machine's PATH"):
        command(["no-such-program"])
    one_for_each_mode = command(["no-such-{mode}", *program[1:]], modes={8_000: "program"})
    with pytest.raises(MissingRequirement, match="'no-such-program' is not on this machine's PATH"):
        one_for_each_mode.encode(probe(24_000), [8_000])


def test_a_bitrate_that_is_asked_for_and_not_given(program: list[str]) -> None:
    codec = command([*program[:1], "{kbps}"])
    with pytest.raises(CodecError, match="no bitrate is given; give some: bitrates_bps"):
        codec.encode(probe(24_000), [None])


def test_another_program_is_another_codec(program: list[str], tmp_path: Path) -> None:
    before = command(program).identity
    assert command(program).identity == before
    Path(program[1]).write_text(f"{PROGRAM}# changed")
    assert command(program).identity != before  # the script that the interpreter runs
    named = tmp_path / "coder"
    seen = set()
    for text in ("#!/bin/sh\n", "#!/bin/sh\nexit 1\n"):
        named.write_text(text)
        named.chmod(0o755)
        seen.add(command(["coder"], folder=str(tmp_path)).identity)
    assert len(seen) == 2
    assert command(program, version="7").identity.version == "7"


def test_all_problems_of_a_template_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        codecs.make("command", {"encode": ["x", "{inptu}"], "decode": [], "bits": "guess"})
    text = str(caught.value)
    for part in ("encode has no {input}", "encode has no {bitstream}", "unknown placeholder {inptu}", "decode is empty",
                 "bits: expected one of file, ogg, g192", "got 'guess'"):  # fmt: skip
        assert part in text


def test_no_shell_reads_the_arguments(program: list[str], tmp_path: Path) -> None:
    codec = command(program, encode_fault="; touch hacked")
    codec.encode(probe(24_000).part(0, 2_400), [None])
    assert not list(Path.cwd().glob("hacked"))


def test_no_shell_reads_the_names_of_folders(
    program: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paths that a program is given lie in the folder for temporary files, which may be called anything."""
    folder = tmp_path / "a; touch hacked $(touch hacked) `touch hacked` 'q' \"q\" | x & {input} %s -rf * \n"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    codec = command(program)
    sound = probe(24_000).part(0, 2_400)
    [encoded] = codec.encode(sound, [None]).values()
    assert codec.decode(encoded).length == sound.length
    assert "hacked" not in {path.name for path in tmp_path.rglob("*")}
    assert list(folder.iterdir()) == []


def test_g192_bits_are_counted_and_not_bytes() -> None:
    frame = np.array([0x6B21, 3, 0x7F, 0x81, 0x81, 0x6B20, 0], "<u2").tobytes()
    assert count_bits("g192", frame) == 3
    with pytest.raises(CodecError, match=r"expected a G\.192 frame header"):
        count_bits("g192", b"\0\0\0\0")
    with pytest.raises(CodecError, match="ends within a frame"):
        count_bits("g192", frame[:8])


def test_ogg_pages_are_container() -> None:
    import io

    import av

    signal = probe(48_000).part(0, 48_000)
    reference = codecs.make("opus", {}).encode(signal, [24_000])[24_000]
    from bench.codecs import framing

    stream = framing.unpack(reference)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        track = container.add_stream("libopus", rate=48_000)
        track.layout = "mono"
        track.codec_context.extradata = stream.header
        for index, data in enumerate(stream.packets):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.duration = track, index * 960, index * 960, 960
            container.mux(packet)
    data = buffer.getvalue()
    assert count_bits("ogg", data) == reference.payload_bits
    assert len(data) * 8 > reference.payload_bits
    with pytest.raises(CodecError, match="no Ogg page"):
        count_bits("ogg", b"RIFF" + data)


def test_the_serial_number_that_an_ogg_encoder_draws_is_container() -> None:
    import io

    import soundfile

    def vorbis() -> bytes:
        file = io.BytesIO()
        soundfile.write(file, probe(16_000).samples.T, 16_000, format="OGG", subtype="VORBIS")
        return file.getvalue()

    one, two = vorbis(), vorbis()
    assert one != two
    same = ogg.numbered(one)
    assert same == ogg.numbered(two) == ogg.numbered(same)
    assert ogg.packets(same) == ogg.packets(one)
    heard = [
        soundfile.read(io.BytesIO(data))[0] for data in (one, same)
    ]  # its reader leaves out pages with another CRC
    np.testing.assert_array_equal(*heard)
    flipped = bytearray(same)
    flipped[-1] ^= 1
    assert len(soundfile.read(io.BytesIO(bytes(flipped)))[0]) < len(heard[0])


@pytest.mark.skipif(shutil.which("flac") is None, reason="needs the program flac")
def test_a_real_program() -> None:
    signal = Audio(probe(44_100, 2).part(0, 44_100).samples, 44_100)
    options = {
        "encode": ["flac", "--silent", "-o", "{bitstream}", "{input}"],
        "decode": ["flac", "--silent", "-d", "-o", "{output}", "{bitstream}"],
        "suffix": ".flac",
    }
    codec = codecs.make("command", options)
    encoded = codec.encode(signal, [None])[None]
    np.testing.assert_allclose(codecs.make("command", options).decode(encoded).samples, signal.samples, atol=1 / 32768)
    assert 0.2 < encoded.bps(1.0) / (44_100 * 32) < 1


@pytest.mark.skipif(shutil.which("opusenc") is None, reason="needs the program opusenc")
def test_a_real_program_whose_delay_changes_with_the_bitrate() -> None:
    options = {
        "encode": ["opusenc", "--quiet", "--bitrate", "{kbps}", "{input}", "{bitstream}"],
        "decode": ["opusdec", "--quiet", "--force-wav", "{bitstream}", "{output}"],
        "suffix": ".opus",
        "bits": "ogg",
    }
    codec, signal = codecs.make("command", options), probe(48_000)
    assert codec.encode(signal, [24_000]) == codec.encode(signal, [24_000])
    delays = set()
    for bitrate in (12_000, 64_000):
        encoded = codec.encode(signal, [bitrate])[bitrate]
        delays.add(encoded.delay_samples)
        assert measured_delay(signal, codecs.make("command", options).decode(encoded)) == 0
        assert encoded.bps(3.0) == pytest.approx(bitrate, rel=0.2)
    assert len(delays) == 2


COPY = """
import sys
mode, source = sys.argv[1:3]
with open(source, "rb") as file:
    data = file.read()
sys.stderr.write("chatter")
sys.stdout.buffer.write(mode.encode() + data if mode in ("low", "high") else data[len(mode):])
"""


def test_standard_output_modes_frames_and_delays_by_bitrate(tmp_path: Path) -> None:
    path = tmp_path / "copy.py"
    path.write_text(COPY)
    options = {
        "encode": [sys.executable, str(path), "{mode}", "{input}"],
        "decode": [sys.executable, str(path), "...", "{bitstream}"],  # cuts off as many characters
        "stdout": True,
        "modes": {8_000: "low", 16_000: "high"},
        "input": "s16le",
        "output": "s16le",
        "frame_ms": 20,
        "delay_samples": {8_000: 0, 16_000: 160},
        "channels": [1],
    }
    codec = codecs.make("command", options)
    signal = probe(8_000).part(0, 1_001)
    assert codec.takes_bitrate
    assert codec.bitrates_bps == (8_000, 16_000)
    assert "does 8000, 16000 bit/s, not 9000" in codec.refusal(9_000, 8_000, 1)
    low = codec.encode(signal, [8_000])[8_000]
    assert low.payload_bits == 8 * (len("low") + 2 * 1_120)  # whole frames of 160 samples
    np.testing.assert_allclose(codec.decode(low).samples, signal.samples, atol=1 / 32768)
    high = codec.encode(signal, [16_000])[16_000]
    assert high.delay_samples == 160


def test_programs_are_looked_for_in_a_folder_first(tmp_path: Path) -> None:
    program = tmp_path / "flac"
    program.write_text("#!/bin/sh\necho from the folder >&2\nexit 7\n")
    program.chmod(0o755)
    options = {"encode": ["flac", "{input}", "{bitstream}"], "decode": ["flac", "{bitstream}", "{output}"]}
    codec = codecs.make("command", {**options, "folder": str(tmp_path)})
    with pytest.raises(CodecError, match="flac ended with code 7: from the folder"):
        codec.encode(probe(24_000), [None])


def test_standard_output_has_to_be_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"encode has no {bitstream}"):
        codecs.make("command", {"encode": ["x", "{input}"], "decode": ["x", "{bitstream}", "{output}"]})
