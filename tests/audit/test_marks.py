from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.audit.facts import Facts, facts_of
from bench.audit.marks import MARKS, TABLE, edge_at, is_band_limited, marks_of
from bench.errors import AudioError
from tests.conftest import noise

CLEAN = Facts(
    sample_rate=48_000, channels=2, seconds=5.0, bandwidth_hz=22_000.0, edge_hz=None, edge_db=None, lossy=False,
    lossy_evidence="", stereo="stereo", peak_dbfs=-3.0, rms_dbfs=-20.0, dc=0.0, silence_share=0.0,
    leading_silence_s=0.0, trailing_silence_s=0.0, clipped_samples=0, loudness_lufs=-20.0, noise_floor_dbfs=-60.0,
    range_db=40.0, rt60_s=0.3, fingerprint="",
)  # fmt: skip


def marked(licence="CC0", sample_format="PCM_16", rate=48_000, **changes):
    return list(marks_of(replace(CLEAN, **changes), licence, sample_format, rate))


def test_a_clean_clip_has_no_mark():
    assert marked() == []


@pytest.mark.parametrize(
    ("mark", "changes"),
    [
        ("silent", {"rms_dbfs": -90.0, "silence_share": 1.0, "stereo": "silent"}),
        ("band_limited", {"edge_hz": 7_500.0, "edge_db": 30.0}),
        ("lossy", {"lossy": True, "lossy_evidence": "a step at 16 kHz"}),
        ("lossy", {"sample_format": "VORBIS"}),
        ("lossy", {"sample_format": "MPEG_LAYER_III"}),
        ("clipped", {"clipped_samples": 84}),
        ("dual_mono", {"stereo": "dual_mono"}),
        ("dual_mono", {"stereo": "almost_dual_mono"}),
        ("inverted", {"stereo": "inverted"}),
        ("silent_channel", {"stereo": "silent_channel"}),
        ("no_licence", {"licence": " "}),
        ("dc_offset", {"dc": 0.02}),
        ("mostly_silent", {"silence_share": 0.6}),
    ],
)
def test_each_fault_gets_its_mark_and_no_other(mark, changes):
    assert marked(**changes) == [mark]
    assert mark in MARKS


def test_every_mark_is_explained():
    assert len(MARKS) == len(TABLE)
    assert all(mark.meaning and mark.advice.endswith(".") for mark in TABLE)


@pytest.mark.parametrize(
    ("edge_hz", "rate", "limited"),
    [(None, 48_000, False), (7_500, 48_000, True), (7_500, 16_000, False), (17_500, 48_000, True),
     (17_600, 48_000, False), (7_031, 16_000, False),
     (6_990, 16_000, True), (20_100, 96_000, False), (11_000, 24_000, False), (10_000, 24_000, True)],
)  # fmt: skip
def test_an_edge_counts_by_the_rate_at_which_it_is_judged(edge_hz, rate, limited):
    assert is_band_limited(edge_hz, rate) is limited
    assert ("band_limited" in marked(edge_hz=edge_hz, rate=rate)) is limited


def test_a_file_that_is_converted_up_ends_at_half_its_rate():
    assert edge_at(None, 16_000, 48_000) == 8_000
    assert edge_at(7_000.0, 16_000, 48_000) == 7_000
    assert edge_at(None, 48_000, 16_000) is None
    assert marked(sample_rate=16_000, rate=48_000) == ["band_limited"]
    assert marked(sample_rate=44_100, rate=48_000) == []


def test_facts_travel_as_json():
    facts = facts_of(noise(48_000, 2.0, 2))
    assert Facts.from_dict(json.loads(json.dumps(facts.as_dict()))) == facts
    with pytest.raises(KeyError):
        Facts.from_dict({"rms_dbfs": -20.0})


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 192_000])
@pytest.mark.parametrize("length", [1, 2, 100, 5_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_facts_of_almost_nothing(rate, length, channels):
    random = np.random.default_rng(length)
    for samples in (random.normal(0, 0.1, (channels, length)), np.zeros((channels, length))):
        facts = facts_of(Audio(samples.clip(-1, 1), rate))
        json.dumps(facts.as_dict(), allow_nan=False)
        marks_of(facts, "", "PCM_16", rate)


def test_samples_that_are_no_numbers_have_no_facts():
    with pytest.raises(AudioError, match="NaN or infinite"):
        facts_of(Audio(np.array([[0.1, np.nan]]), 48_000))


def test_long_audio_has_the_facts_of_its_parts():
    signal = noise(8_000, 200.0, 1)
    facts = facts_of(signal)
    assert facts.seconds == 200
    assert facts.bandwidth_hz == pytest.approx(4_000, abs=50)
    assert facts.loudness_lufs == pytest.approx(facts_of(signal.part(0, 240_000)).loudness_lufs, abs=0.1)


WITHOUT_ACCUSATION = [
    *(f"speech/vctk_p{number}_023.wav" for number in (228, 230, 236, 244, 254, 258)),
    "speech/vctk_valentini_p286_011.wav",
    "speech/vctk_p360_001_mic1_44k.flac",
    *(f"speech/magphase_hvd_{number}.wav" for number in (577, *range(589, 598))),
    *(
        f"music/sonicpi_{name}.flac"
        for name in (
            "arovane_beat_a", "arovane_beat_c", "arovane_beat_e", "loop_garzul", "loop_compus", "loop_safari",
            "loop_amen_full", "loop_mika", "guit_em9", "guit_e_fifths", "ambi_glass_hum", "ambi_piano", "perc_bell",
        )
    ),
]  # fmt: skip


def marks_of_file(path):
    signal = audio.read(path)
    return set(marks_of(facts_of(signal), "stated", audio.info(path).subtype, signal.rate))


@pytest.mark.parametrize("name", WITHOUT_ACCUSATION)
def test_lossless_recordings_are_not_accused(real_data, name):
    """Nothing about their band or lossy coding; two of sonic-pi's loops are dual mono, and one is clipped."""
    assert not marks_of_file(real_data(name)) & {"band_limited", "lossy", "dc_offset", "silent", "duplicate"}


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        *((f"speech/kerstin_de_rhasspy-{number}.flac", "band_limited") for number in ("0013", "0168", "0303", "0839")),
        ("speech/lyra_sample1_48kHz.wav", "band_limited"),
        ("speech/lyra_sample2_48kHz.wav", "band_limited"),
        ("speech/kathleen_arctic_a0047_1592747458.wav", "dual_mono"),
        ("music/was_coolloop7.wav", "clipped"),
        ("noise/blanket_city.ogg", "lossy"),
        ("music/librosa_trumpet.hq.ogg", "lossy"),
        ("speech/nathalie_nl_rhasspy_1140.flac", "lossy"),
    ],
)
def test_faults_of_real_files_are_found(real_data, name, mark):
    assert mark in marks_of_file(real_data(name))


def test_an_edge_at_the_limit_of_its_rate_is_not_accused(real_data):
    """The same speech, at 48 kHz, is."""
    assert "band_limited" not in marks_of_file(real_data("speech/lyra_sample2_16kHz.wav"))
