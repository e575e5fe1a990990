from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.datasets.base import DatasetContext
from bench.datasets.mixing import active_level_dbfs, decibels, power
from bench.datasets.noisy_reverberant import noisy_reverberant
from bench.datasets.rooms import require_decay, reverberation_time_s
from bench.errors import ConfigError, DatasetError

RATE = 16_000
SMALL = {
    "speech": {"path": "speech", "licence": "CC BY 4.0"},
    "noise": {"path": "noise"},
    "rooms": {"path": "rooms"},
    "count": 3,
    "sample_rate": RATE,
}


@pytest.fixture
def material(context):
    """Bursts as speech, steady noise, and rooms that decay in 0.3 s and 0.8 s, far apart in level."""
    rng, data = np.random.default_rng(0), context.data_dir
    for name, seconds in (("a b", 1.0), ("é", 1.5), ("c", 2.5)):
        t = np.arange(round(seconds * RATE)) / RATE
        speech = 0.1 * rng.standard_normal((1, len(t))) * (t % 0.5 < 0.3)
        audio.write(data / "speech" / f"{name}.wav", Audio(speech.astype(np.float32), RATE))
    audio.write(data / "noise" / "short.wav", Audio(0.05 * rng.standard_normal((2, 6_000)).astype(np.float32), RATE))
    audio.write(data / "noise" / "long.flac", Audio(0.05 * rng.standard_normal((1, 96_000)).astype(np.float32), 44_100))
    for name, rt60_s, level, channels in (("dry", 0.3, 0.5, 1), ("wet", 0.8, 0.005, 2), ("four", 0.5, 0.1, 4)):
        t = np.arange(2 * RATE) / RATE
        response = level * rng.uniform(-1, 1, (channels, len(t))) * 10 ** (-3 * t / rt60_s)
        audio.write(data / "rooms" / f"{name}.wav", Audio(response.astype(np.float32), RATE), "FLOAT")
    return context


def elsewhere(context: DatasetContext, name: str) -> DatasetContext:
    return DatasetContext(context.data_dir, context.cache_dir / name)


def contents(clips) -> dict[str, bytes]:
    folder = Path(clips[0].path).parent
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_clips_and_what_is_known_of_them(material):
    clips = noisy_reverberant("noisy", material, **SMALL, channels=2, gain_db=(-3, 3))
    assert len({clip.id for clip in clips}) == 3
    assert {clip.source for clip in clips} == {"a b.wav", "é.wav", "c.wav"}  # each before any comes again
    for clip in clips:
        sound = audio.read(clip.path)
        assert (sound.rate, sound.channels, sound.length) == (clip.sample_rate, clip.channels, clip.samples)
        assert audio.info(clip.path).subtype == "PCM_16"
        assert sound.peak <= 0.99 + 2e-5
        assert clip.id.startswith("noisy/000")
        assert (clip.category, clip.dataset) == ("noisy_reverberant_speech", "noisy")
        assert clip.licence == "speech: CC BY 4.0; noise: not stated; rooms: not stated"
        attributes = clip.attributes
        assert attributes["snr_db"] == pytest.approx(attributes["snr_asked_db"], abs=0.1)
        assert 0 <= attributes["snr_asked_db"] <= 20
        assert 0.2 <= attributes["rt60_s"] <= 1.0
        assert -3 <= attributes["gain_db"] <= 3
        assert attributes["seed"] == 0
        assert all(len(attributes[f"{part}_sha256"]) == 64 for part in ("speech", "noise", "room"))


@pytest.mark.parametrize("simulated", [False, True])
def test_the_same_seed_gives_the_same_bytes(material, simulated):
    options = SMALL | ({"noise": "simulated", "rooms": "simulated", "channels": 2} if simulated else {})
    first = contents(noisy_reverberant("n", elsewhere(material, "1"), **options))
    assert contents(noisy_reverberant("n", elsewhere(material, "2"), **options)) == first
    five = contents(noisy_reverberant("n", elsewhere(material, "3"), **(options | {"count": 5})))
    assert len(five) == 6
    assert all(five[name] == content for name, content in first.items() if name != "manifest.jsonl")
    assert five["manifest.jsonl"].startswith(first["manifest.jsonl"])
    other = contents(noisy_reverberant("n", elsewhere(material, "4"), **options, seed=1))
    assert not set(other.values()) & set(first.values())


def test_a_build_is_kept_and_a_damaged_one_is_made_again(material, caplog):
    clips = noisy_reverberant("n", material, **SMALL)
    before = contents(clips)
    folder = Path(clips[0].path).parent
    stamp = folder.stat().st_mtime_ns
    assert noisy_reverberant("n", material, **SMALL) == clips
    assert folder.stat().st_mtime_ns == stamp
    assert noisy_reverberant("other", material, **SMALL)[0].id.startswith("other/")
    for damage in (
        lambda: Path(clips[1].path).write_bytes(b"damaged"),
        lambda: Path(clips[0].path).unlink(),
        lambda: (folder / "manifest.jsonl").unlink(),
        lambda: (folder / "manifest.jsonl").write_text(""),
    ):
        damage()
        caplog.clear()
        assert contents(noisy_reverberant("n", material, **SMALL)) == before
        assert "is damaged and is built again" in caplog.text
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_changed_material_makes_another_build(material):
    [before] = {Path(clip.path).parent for clip in noisy_reverberant("n", material, **SMALL)}
    noise = np.zeros((1, 9_000), np.float32)
    noise[:] = 0.1 * np.sin(np.arange(9_000))
    audio.write(material.data_dir / "noise" / "short.wav", Audio(noise, RATE))
    assert Path(noisy_reverberant("n", material, **SMALL)[0].path).parent != before


def test_duration_is_a_maximum(material):
    clips = noisy_reverberant("n", material, **SMALL, duration_s=1.2)
    assert sorted(clip.samples for clip in clips) == [16_000, 19_200, 19_200]


def test_level_and_gain(material):
    options = SMALL | {"snr_db": (60, 60), "level_dbfs": -30, "gain_db": (-6, -6)}
    for clip in noisy_reverberant("n", material, **options):
        samples = audio.read(clip.path).samples.astype(np.float64)
        assert active_level_dbfs(samples, RATE) == pytest.approx(-36, abs=0.1)
        assert clip.attributes["speech_level_dbfs"] == pytest.approx(-36, abs=0.01)


def test_a_mix_that_would_clip_is_attenuated_as_a_whole(material):
    for clip in noisy_reverberant("n", material, **SMALL, level_dbfs=0.0):
        assert clip.attributes["attenuation_db"] < 0
        assert audio.read(clip.path).peak == pytest.approx(0.99, abs=2e-5)


def test_without_noise_or_room_it_is_the_speech(material):
    """Independent check of the whole chain: at an SNR of 90 dB and no reverberation the recording comes out."""
    for clip in noisy_reverberant("n", material, **SMALL, snr_db=(90, 90), reverberation_probability=0):
        speech = audio.read(material.data_dir / "speech" / clip.source).samples
        assert np.abs(audio.read(clip.path).samples - speech).max() < 1e-4
        assert clip.attributes["reverberation"] is False
        assert clip.attributes["rt60_s"] is None


def test_rooms_are_chosen_by_their_rt60(material):
    clips = noisy_reverberant("n", material, **SMALL, rt60_s=(0.7, 0.9))
    assert {clip.attributes["room"] for clip in clips} == {"wet.wav"}
    with pytest.raises(
        DatasetError, match=r"none has an RT60 from 5 s to 6 s. There are: dry\.wav 0\.3\d s; four\.wav"
    ):
        noisy_reverberant("n", material, **SMALL, rt60_s=(5, 6))
    noisy_reverberant("n", material, **SMALL, rt60_s=(5, 6), reverberation_probability=0)


@pytest.mark.parametrize(("room", "channels"), [("dry", 1), ("dry", 2), ("wet", 1), ("wet", 2), ("four", 2)])
def test_mono_and_stereo_rooms(material, room, channels):
    options = SMALL | {"rooms": {"path": "rooms", "include": [f"{room}.wav"]}, "channels": channels}
    for clip in noisy_reverberant("n", material, **options, snr_db=(90, 90), rt60_s=(0.2, 1)):
        samples = audio.read(clip.path).samples
        assert samples.shape[0] == channels
        if channels == 2:
            same = np.abs(samples[0] - samples[1]).max() < 1e-3
            assert same == (room == "dry")


def test_the_preset_and_what_overrides_it(material):
    clips = noisy_reverberant("n", material, **(SMALL | {"count": 30}), preset="encodec")
    assert 0 < sum(clip.attributes["reverberation"] for clip in clips) < 15
    gains = [clip.attributes["gain_db"] for clip in clips]
    assert -10 <= min(gains) < -5
    assert 2 < max(gains) <= 6
    for clip in clips:
        loss = clip.attributes["attenuation_db"]
        assert clip.attributes["speech_level_dbfs"] == pytest.approx(-26 + clip.attributes["gain_db"] + loss, abs=0.001)
    clips = noisy_reverberant("n", material, **SMALL, preset="encodec", gain_db=(0, 0), reverberation_probability=1)
    assert all(clip.attributes["reverberation"] and clip.attributes["gain_db"] == 0 for clip in clips)
    assert all(0.3 <= clip.attributes["rt60_s"] <= 1.3 for clip in clips)


def test_wrong_options_are_listed_all_at_once(material):
    wrong = {"snr_db": (20, 0), "rt60_s": (0.0, 1.0), "channels": 3, "count": 0, "noise": "loud", "preset": "dac"}
    with pytest.raises(ConfigError) as error:
        noisy_reverberant("n", material, **(SMALL | wrong))
    text = str(error.value)
    for key in wrong:
        assert f"dataset 'n', {key}" in text
    assert "expected (lowest, highest)" in text
    with pytest.raises(ConfigError, match=r"dataset 'n', rt60_s: simulated rooms go down to 0\.2 s, got 0\.15 s"):
        noisy_reverberant("n", material, **(SMALL | {"rooms": "simulated"}), rt60_s=(0.15, 1))


def test_problems_of_all_three_folders_come_at_once(material):
    (material.data_dir / "speech" / "empty.wav").touch()
    (material.data_dir / "rooms" / "text.wav").write_text("no audio")
    with pytest.raises(DatasetError) as error:
        noisy_reverberant("n", material, **(SMALL | {"noise": {"path": "nowhere"}}))
    text = str(error.value)
    assert "the file is empty" in text
    assert "text.wav: cannot be read" in text
    assert "dataset 'n', noise: expected a folder at" in text
    with pytest.raises(DatasetError, match=r"matches \*\.aiff"):
        noisy_reverberant("n", material, **(SMALL | {"speech": {"path": "speech", "include": ["*.aiff"]}}))


def test_silence_is_an_error_by_name_and_leaves_nothing(material):
    audio.write(material.data_dir / "speech" / "silent.wav", Audio(np.zeros((1, RATE), np.float32), RATE))
    with pytest.raises(DatasetError, match=r"silent\.wav: expected sound, got silence"):
        noisy_reverberant("n", material, **(SMALL | {"count": 4}))
    assert list((material.cache_dir / "noisy_reverberant").iterdir()) == []


def test_all_kinds_of_simulated_noise_come(material):
    clips = noisy_reverberant("n", material, **(SMALL | {"noise": "simulated", "count": 16}))
    kinds = {clip.attributes["noise"] for clip in clips}
    assert kinds == {"simulated pink", "simulated speech_shaped", "simulated hum_fan", "babble"}
    for clip in clips:
        licence = "CC BY 4.0" if clip.attributes["noise"] == "babble" else "simulated"
        assert clip.licence == f"speech: CC BY 4.0; noise: {licence}; rooms: not stated"


def test_measured_rooms_match_what_is_known_of_them(real_data):
    files = sorted(real_data("rir").glob("*.wav"))
    assert len(files) == 15
    for file in files:
        recorded = audio.read(file)
        rt60_s = reverberation_time_s(recorded.samples[:2].astype(np.float64), recorded.rate)
        if re.search("Basement|DomesticLivingRoom", file.name):  # 32 dB and 24 dB above their noise
            assert rt60_s is None, file.name
        else:
            assert rt60_s is not None, file.name
            assert 0.4 <= rt60_s <= 4.1, file.name


def test_every_measured_room_decays_and_no_real_noise_does(real_data):
    def decays(file: Path) -> bool:
        recorded = audio.read(file)
        try:
            require_decay(recorded.samples[:2].astype(np.float64), recorded.rate)
        except ValueError:
            return False
        return True

    measured = sorted(real_data("rir").glob("*.wav"))
    assert measured
    assert [file.name for file in measured if not decays(file)] == []
    others = [*real_data("noise").glob("s*.*"), *real_data("speech").glob("vctk_p22*.wav")]
    assert others
    assert [file.name for file in others if decays(file)] == []


@pytest.mark.parametrize("channels", [1, 2])
def test_real_recordings(real_data, tmp_path, channels):
    context = DatasetContext(real_data("speech").parent, tmp_path)
    clips = noisy_reverberant(
        "noisy",
        context,
        speech={"path": "speech", "include": ["vctk_p2*", "sms*"]},
        noise={"path": "noise", "include": ["sms*", "sonicpi*"]},
        rooms={"path": "rir", "include": ["*.wav"]},
        count=6,
        channels=channels,
        duration_s=3,
        rt60_s=(0.4, 2),
    )
    for clip in clips:
        sound = audio.read(clip.path)
        assert (sound.rate, sound.channels) == (48_000, channels)
        assert 2.5 <= sound.seconds <= 3
        assert math.isfinite(decibels(power(sound.samples)))
        assert clip.attributes["snr_db"] == pytest.approx(clip.attributes["snr_asked_db"], abs=0.1)
        assert "Basement" not in clip.attributes["room"]
