"""Presets: what is missing is said; programs of Debian and stand-ins for those that no test machine has are run."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bench import audio, codecs, contracts, doctor, listing, run
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec
from bench.codecs.bits import count_bits
from bench.errors import CodecError, ConfigError, MissingRequirement
from tests.codecs import standins

PRESETS = ["amr_wb", "codec2", "gsm", "speex", "vorbis", "musepack", "evs", "lc3plus", "usac"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the stand-ins."""
    return standins.install(tmp_path_factory.mktemp("stand ins"), *standins.PROGRAMS)


def ready(name: str, **options: object) -> Codec:
    try:
        return codecs.make(name, options)
    except MissingRequirement as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", PRESETS)
def test_absent_programs_are_named_with_the_line_that_gets_them(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(f"CODECBENCH_{name.upper()}", str(tmp_path))
    with pytest.raises(
        MissingRequirement, match=rf"codec {name} needs .* cannot be found in .*To get it: \w+"
    ) as caught:
        codecs.make(name, {})
    assert ("apt install" in str(caught.value)) == (name not in ("evs", "lc3plus", "usac"))


def test_a_program_that_lacks_the_codec_is_not_enough(tmp_path: Path) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho ' A..... aac'\n")
    poor.chmod(0o755)
    with pytest.raises(MissingRequirement, match=r"needs a ffmpeg that has libvo_amrwbenc.*libavcodec-extra"):
        codecs.make("amr_wb", {"folder": str(tmp_path)})
    (tmp_path / "exhale").symlink_to(poor)
    poor.write_text("#!/bin/sh\necho 'libavcodec     59. 37.100 / 59. 37.100'\n")
    with pytest.raises(MissingRequirement, match=r"needs FFmpeg 7\.1 or newer"):
        codecs.make("usac", {"folder": str(tmp_path)})


def test_other_programs_are_another_identity(programs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = codecs.make("evs", {"folder": programs}).identity
    monkeypatch.setenv("CODECBENCH_EVS", programs)
    assert codecs.make("evs", {}).identity == first
    other = standins.install(tmp_path, "EVS_cod", "EVS_dec")
    (tmp_path / "EVS_cod").write_text("#!/bin/sh\nexit 1\n")
    assert codecs.make("evs", {"folder": other}).identity != first
    assert codecs.make("evs", {"folder": other, "version": "16.1"}).identity.version == "16.1"
    assert programs not in str(first)


@pytest.mark.parametrize(
    ("bitstream", "rate", "bitrate", "frame_bits"),
    [
        ("g192", 8_000, 7_200, 144),
        ("mime", 16_000, 13_200, 264),
        ("g192", 32_000, 24_400, 488),
        ("mime", 48_000, 64_000, 1_280),
    ],
)
def test_evs_bits_are_those_of_its_frames(
    programs: str, bitstream: str, rate: int, bitrate: int, frame_bits: int
) -> None:
    options = {"folder": programs, "bitstream": bitstream}
    signal = probe(rate).part(0, rate + 7)
    encoded = codecs.make("evs", options).encode(signal, [bitrate])[bitrate]
    (data,) = framing.unpack(encoded).packets
    assert encoded.payload_bits % frame_bits == 0
    assert encoded.payload_bits // frame_bits in (51, 52)
    assert 8 * len(data) > encoded.payload_bits
    assert data.startswith(b"#!EVS_MC1.0\n" if bitstream == "mime" else b"\x21\x6b")
    decoded = codecs.make("evs", options).decode(encoded)
    assert decoded.length == signal.length
    assert measured_delay(signal, decoded) == 0


def test_evs_variable_and_amr_wb_io_modes(programs: str) -> None:
    signal = probe(16_000)
    variable = codecs.make("evs", {"folder": programs}).encode(signal, [5_900])[5_900]
    assert 7_200 < variable.bps(3.0) < 8_000  # frames of 144 and 160 bits, as the stand-in makes them
    options = {"folder": programs, "bitstream": "mime", "amr_wb_io": True, "max_band": "WB"}
    encoded = codecs.make("evs", options).encode(signal, [12_650])[12_650]
    assert encoded.payload_bits % 253 == 0
    assert "-max_band WB -mime" in str(codecs.make("evs", options).identity)
    with pytest.raises(ConfigError, match="AMR-WB IO modes are wide-band"):
        codecs.make("evs", {"folder": programs, "amr_wb_io": True, "max_band": "FB"})


@pytest.mark.parametrize(
    ("options", "bitrate", "rate", "channels", "said"),
    [
        (
            {},
            32_000,
            8_000,
            1,
            "evs at 8000 Hz, mono, does 5900, 7200, 8000, 9600, 13200, 16400, 24400 bit/s, not 32000",
        ),
        ({"max_band": "NB"}, 64_000, 48_000, 1, "5900, 7200, 8000, 9600, 13200, 16400, 24400 bit/s, not 64000"),
        ({}, 12_650, 16_000, 1, "96000, 128000 bit/s, not 12650"),
        ({"amr_wb_io": True}, 13_200, 16_000, 1, "6600, 8850"),
        ({}, 13_200, 16_000, 2, "codes 1 channels, the clip has 2"),
        ({}, 13_200, 24_000, 1, "not at 24000 Hz"),
    ],
)
def test_evs_refuses_with_what_it_can(
    programs: str, options: dict[str, object], bitrate: int, rate: int, channels: int, said: str
) -> None:
    assert said in codecs.make("evs", {"folder": programs, **options}).refusal(bitrate, rate, channels)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["evs", "lc3plus", "usac"])
def test_the_contract_holds_with_stand_ins(name: str, programs: str) -> None:
    assert all(result.ok for result in contracts.check(name, options={"folder": programs}))


@pytest.mark.parametrize(("duration", "floor"), [(10, 16_000), (5, 32_000), (2.5, 64_000)])
def test_lc3plus_frames_and_floor(programs: str, duration: float, floor: int) -> None:
    pytest.importorskip("lc3")
    codec = codecs.make("lc3plus", {"folder": programs, "frame_duration_ms": duration})
    assert f"does {floor} to" in codec.refusal(floor - 1, 48_000, 1)
    assert codec.refusal(floor, 48_000, 1) is None
    signal = probe(48_000).part(0, 24_000)
    encoded = codec.encode(signal, [64_000])[64_000]
    assert encoded.payload_bits % round(64 * duration) == 0
    assert codec.decode(encoded).length == signal.length


def test_usac_modes_by_channels(programs: str) -> None:
    codec = codecs.make("usac", {"folder": programs})
    assert [codec.mode(rate, 2) for rate in (48_000, 96_000, 192_000)] == ["0", "3", "9"]
    assert codec.mode(48_000, 1) == "3"
    assert codecs.make("usac", {"folder": programs, "sbr": True}).mode(36_000, 2) == "a"
    assert "44100 Hz, mono, does 24000, 32000" in codec.refusal(192_000, 44_100, 1)
    signal = probe(44_100, 2).part(0, 44_100)
    encoded = codec.encode(signal, [96_000])[96_000]
    assert encoded.bps(1.0) == pytest.approx(96_000, rel=0.1)
    assert measured_delay(signal, codec.decode(encoded)) == 0


@pytest.mark.parametrize(
    ("name", "rate", "bitrate", "options", "bits_per_frame", "frames_per_second"),
    [
        ("amr_wb", 16_000, 12_650, {}, 253, 50),
        ("amr_wb", 16_000, 23_850, {}, 477, 50),
        ("codec2", 8_000, 3_200, {}, 64, 50),
        ("codec2", 8_000, 1_300, {}, 52, 25),
        ("codec2", 8_000, 700, {}, 28, 25),
        ("gsm", 8_000, None, {}, 260, 50),
        ("speex", 8_000, 8_000, {}, 160, 50),
        ("speex", 16_000, 9_800, {"complexity": 5}, 200, 50),
    ],
)
def test_programs_of_debian_have_frames_of_known_bits(
    name: str, rate: int, bitrate: int | None, options: dict[str, object], bits_per_frame: int, frames_per_second: int,
    real_data,
) -> None:  # fmt: skip
    codec = ready(name, **options)
    clip = audio.read(real_data("speech/vctk_p230_023.wav"), 0, 3).at(rate)
    encoded = codec.encode(clip, [bitrate])[bitrate]
    assert encoded.payload_bits % bits_per_frame == 0
    frames = encoded.payload_bits // bits_per_frame
    assert frames_per_second * 3 <= frames <= frames_per_second * 3 + 3
    decoded = ready(name, **options).decode(encoded)
    assert decoded.length == clip.length
    if codec.waveform:
        assert abs(measured_delay(clip, decoded)) <= 1


@pytest.mark.parametrize("seconds", [0.3, 4.9, 5.2])
def test_speex_is_aligned_whether_it_fills_one_ogg_page_or_two(seconds: float) -> None:
    codec = ready("speex")
    whole = Audio(np.tile(probe(8_000).samples, (1, 2)), 8_000)
    signal = whole.part(0, round(seconds * 8_000))
    decoded = codec.decode(codec.encode(signal, [8_000])[8_000])
    assert measured_delay(signal, decoded) == 0


def test_vorbis_bytes_are_the_same_every_time() -> None:
    codec = ready("vorbis")
    signal = probe(44_100, 2).part(0, 44_100)
    first = codec.encode(signal, [64_000])
    assert first == ready("vorbis").encode(signal, [64_000])
    assert first[64_000].bps(1.0) == pytest.approx(64_000, rel=0.15)
    assert "at 48000 Hz, stereo, does 45000 to 500000 bit/s" in codec.refusal(32_000, 48_000, 2)
    assert codec.refusal(80_000, 48_000, 2) is None


def test_musepack_spends_more_at_a_higher_quality() -> None:
    signal = probe(44_100, 2).part(0, 44_100)
    rates = [ready("musepack", quality=quality).encode(signal, [None])[None].bps(1.0) for quality in (1, 5, 9)]
    assert rates == sorted(rates)
    assert rates[0] < 60_000 < rates[2]
    with pytest.raises(ConfigError, match="expected quality from 0 to 10, got 11"):
        codecs.make("musepack", {"quality": 11})


@pytest.mark.skipif(shutil.which("elc3") is None, reason="needs elc3 of liblc3-tools")
def test_files_of_the_program_elc3_are_read(tmp_path: Path) -> None:
    signal = probe(48_000)
    codec = codecs.make(
        "command",
        {"encode": ["elc3", "-b", "{bitrate_bps}", "{input}", "{bitstream}"],
         "decode": ["dlc3", "{bitstream}", "{output}"], "bits": "lc3"},
    )  # fmt: skip
    encoded = codec.encode(signal, [64_000])[64_000]
    assert encoded.bps(3.0) == pytest.approx(64_000, rel=0.01)
    assert count_bits("file", framing.unpack(encoded).packets[0]) > encoded.payload_bits
    assert measured_delay(signal, codec.decode(encoded)) == 0


def test_a_program_that_fails_is_quoted(programs: str, tmp_path: Path) -> None:
    folder = standins.install(tmp_path, "EVS_cod", "EVS_dec")
    (tmp_path / "EVS_cod").write_text("#!/bin/sh\necho 'no licence' >&2\nexit 3\n")
    with pytest.raises(CodecError, match="evs: EVS_cod ended with code 3: no licence"):
        codecs.make("evs", {"folder": folder}).encode(probe(16_000), [13_200])


def test_doctor_and_list_show_the_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = doctor._tried("codec gsm", codecs.registry.missing("gsm"), partial(doctor._try_codec, "gsm"))
    assert (finding.ok, finding.optional, finding.remedy) == (False, True, "apt install libgsm-tools")
    rows = {row["name"]: row for row in listing.rows("codecs")}
    assert not rows["evs"]["ready"]
    assert "download 3GPP TS 26.443" in listing.state(rows["evs"])
    assert rows["amr_nb"]["ready"]


def test_a_run_with_a_preset_by_its_name(programs: str, tmp_path: Path) -> None:
    audio.write(tmp_path / "speech" / "one.wav", probe(16_000).part(0, 16_000), "PCM_16")
    audio.write(tmp_path / "speech" / "two.wav", probe(16_000, 2).part(0, 16_000), "PCM_16")
    config: dict[str, object] = {
        "name": "presets",
        "datasets": [
            {"loader": "folder", "name": "speech", "category": "speech", "path": str(tmp_path / "speech")},
        ],
        "codecs": [
            {"name": "evs", "label": "evs_stand_in", "bitrates_bps": [13_200], "options": {"folder": programs}},
            {"name": "amr_nb", "bitrates_bps": [12_200]},
            "g722",
        ],
        "metrics": ["si_sdr"],
    }
    results = run(config, output=tmp_path / "run", cache=tmp_path / "cache", workers=1)
    rows = results.encodings.set_index(["clip", "condition"])
    row = rows.loc[("speech/one", "evs_stand_in@13200")]
    assert row["status"] == "ok"
    assert row["payload_bits"] % 264 == 0
    assert rows.loc[("speech/one", "amr_nb@12200"), "payload_bits"] == 51 * 244
    assert rows.loc[("speech/one", "g722"), "actual_bps"] == pytest.approx(64_000, rel=0.03)
    assert set(rows.loc["speech/two", "status"]) == {"not_applicable"}
    assert set(results.scores.query("clip == 'speech/one'")["status"]) == {"ok"}
