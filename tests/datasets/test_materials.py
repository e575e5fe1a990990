from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.datasets.base import DatasetContext, sha256_of
from bench.datasets.manifest import write_manifest
from bench.datasets.mixture import mix
from bench.datasets.noisy_reverberant import noisy_reverberant, recipe_of
from bench.datasets.recipe import Materials, drawn
from bench.domain import Clip
from bench.errors import ConfigError, DatasetError

RATE = 16_000
BASE = {
    "speech": {"path": "speech", "licence": "CC BY 4.0", "speaker": r"^(p\d+)"},
    "noise": "simulated",
    "rooms": "simulated",
    "count": 12,
    "sample_rate": RATE,
}


@pytest.fixture
def talkers(context, put) -> DatasetContext:
    """Four speakers with two sentences each."""
    for seed, name in enumerate(f"p{speaker}_{sentence}" for speaker in range(4) for sentence in range(2)):
        put(f"speech/{name}.wav", seconds=1.2, seed=seed)
    return context


@pytest.fixture
def esc50(context: DatasetContext) -> DatasetContext:
    """ESC-50 as it is laid out, with two sounds."""
    root = Path(context.data_dir or "") / "esc50" / "ESC-50-master"
    rows = [("1-100-A-0.wav", "dog", "True"), ("1-200-A-1.wav", "rain", "False")]
    (root / "meta").mkdir(parents=True)
    with (root / "meta" / "esc50.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["filename", "fold", "target", "category", "esc10", "src_file", "take"])
        for name, category, esc10 in rows:
            out.writerow([name, 1, 0, category, esc10, name[2:5], "A"])
            noise = 0.1 * np.random.default_rng(len(category)).standard_normal((1, 30_000))
            audio.write(root / "audio" / name, Audio(noise.astype(np.float32), 44_100))
    return context


def made(context: DatasetContext, **options):
    recipe = recipe_of("n", **(BASE | options))
    return recipe, Materials.find(recipe, context, "n")


def test_babble_is_of_other_talkers_and_never_of_the_one_who_speaks(talkers):
    recipe, materials = made(talkers, noise={"kind": "babble", "talkers": [2, 3]})
    counts = set()
    for number in range(20):
        attributes = mix(number, recipe, materials).attributes
        speakers = [one["speaker"] for one in attributes["materials"] if one["role"] == "noise"]
        [talker] = [one["speaker"] for one in attributes["materials"] if one["role"] == "speech"]
        assert talker not in speakers
        assert len(set(speakers)) == len(speakers) == attributes["babble_talkers"]
        counts.add(len(speakers))
    assert counts == {2, 3}


def test_babble_of_more_talkers_than_there_are_repeats_some(talkers):
    recipe, materials = made(talkers, noise={"kind": "babble", "talkers": [6, 6]})
    for number in range(8):
        attributes = mix(number, recipe, materials).attributes
        assert (attributes["babble_talkers"], attributes["babble_distinct_talkers"]) == (6, 3)
        heard = Counter(one["speaker"] for one in attributes["materials"] if one["role"] == "noise")
        assert sorted(heard.values()) == [2, 2, 2]  # nobody is silent while another comes again
        assert attributes["speech"][:2] not in heard


def test_kinds_come_as_often_as_their_weights_say(talkers, put):
    put("noise/a.wav", seconds=2)
    noise = [{"path": "noise", "weight": 6}, {"kind": "babble", "weight": 3}, {"kind": "pink"}]
    recipe, materials = made(talkers, noise=noise)
    rng = np.random.default_rng(0)
    kinds = [drawn(recipe.noise, rng) for _ in range(600)]
    assert 320 <= kinds.count(0) <= 400
    assert 140 <= kinds.count(1) <= 220
    assert 30 <= kinds.count(2) <= 90
    mixed = {mix(number, recipe, materials).attributes["noise"] for number in range(8)}
    assert {"a.wav", "babble"} <= mixed <= {"a.wav", "babble", "simulated pink"}


def test_measured_and_simulated_rooms_in_one_recipe(talkers):
    t = np.arange(RATE) / RATE
    response = np.random.default_rng(0).uniform(-1, 1, (1, len(t))) * 10 ** (-3 * t / 0.4)
    audio.write(talkers.data_dir / "rooms" / "hall.wav", Audio(response.astype(np.float32), RATE), "FLOAT")
    (talkers.data_dir / "rooms" / "hall.attribution.txt").write_text("Hall by\nA. Nother\n")
    rooms = [{"path": "rooms", "include": ["*.wav"], "licence": "CC BY-SA 4.0"}, "simulated"]
    clips = noisy_reverberant("n", talkers, **(BASE | {"rooms": rooms, "noise": {"kind": "pink"}}))
    measured = [clip for clip in clips if clip.attributes["room"] == "hall.wav"]
    assert 0 < len(measured) < 12
    for clip in clips:
        is_measured = clip in measured
        assert clip.licence.endswith("rooms: CC BY-SA 4.0" if is_measured else "rooms: simulated")
        assert ("Hall by A. Nother" in clip.attributes["attribution"]) == is_measured


def test_binaural_rooms_need_two_channels(talkers, put):
    put("rooms/mono.wav")
    with pytest.raises(DatasetError, match=r"binaural clips need responses of two channels.*none of the 1 recordings"):
        made(talkers, rooms={"path": "rooms"}, spatial="binaural")
    with pytest.raises(ConfigError, match="pyroomacoustics has no head"):
        made(talkers, rooms={"kind": "simulated", "simulator": "pyroomacoustics"}, spatial="binaural")
    with pytest.raises(ConfigError, match="binaural clips do not have 1"):
        made(talkers, spatial="binaural", channels=1)


@pytest.mark.parametrize("spatial", ["stereo", "binaural"])
@pytest.mark.parametrize("field", ["point", "diffuse"])
def test_noise_comes_from_somewhere(talkers, spatial, field):
    """Both channels of a point are one sound, later or duller; those of a diffuse field are not."""
    recipe, materials = made(talkers, noise={"kind": "pink"}, spatial=spatial, noise_field=field)
    for number in range(4):
        mixture = mix(number, recipe, materials)
        left, right = mixture.noise
        assert not np.array_equal(left, right)
        spectra = np.fft.rfft(mixture.noise[:, :16_384].reshape(2, -1, 1024) * np.hanning(1024), axis=2)
        cross = np.abs((spectra[0] * spectra[1].conj()).mean(axis=0)) ** 2
        coherence = cross / (np.abs(spectra) ** 2).mean(axis=1).prod(axis=0)
        high = coherence[2_000 * 1024 // RATE : 7_000 * 1024 // RATE].mean()
        assert high > 0.9 if field == "point" else high < 0.45
        assert mixture.attributes["noise_field"] == field
        assert ("noise_azimuth_deg" in mixture.attributes) == (field == "point")


def test_a_known_set_is_named_without_a_path(talkers, esc50):
    noise = {"dataset": "esc50", "subset": "all"}
    clips = noisy_reverberant("n", esc50, **(BASE | {"noise": noise, "rooms": "simulated"}))
    used = {clip.attributes["noise"]: clip for clip in clips}
    assert set(used) == {"1-100-A-0", "1-200-A-1"}
    assert "noise: CC BY 3.0;" in used["1-100-A-0"].licence
    assert "noise: CC BY-NC 3.0;" in used["1-200-A-1"].licence
    assert all("Karol J. Piczak" in clip.attributes["attribution"] for clip in clips)
    with pytest.raises(DatasetError, match="'n', speech: esc50 holds noise, expected a set of speech"):
        made(esc50, speech={"dataset": "esc50"})
    with pytest.raises(DatasetError, match=r"'n', noise: no known set is named 'esc51'\. Did you mean 'esc50'\?"):
        made(esc50, noise={"dataset": "esc51"})
    with pytest.raises(DatasetError, match=r"'n', speech: CSTR VCTK Corpus 0\.92 is not there"):
        made(esc50, speech={"dataset": "vctk"})


def test_a_manifest_gives_speakers_licences_and_parts(context, put):
    clips = []
    for speaker in ("anna", "ben"):
        path = put(f"own/{speaker}.wav", seconds=3, seed=len(speaker))
        clips.append(
            Clip(
                speaker, "", "speech", str(path), sha256_of(path), RATE, 1, 3 * RATE, "CC0 1.0", 1.0, 1.5,
                attributes={"speaker": speaker, "attribution": f"read by {speaker}", "language": "nl"},
            )
        )  # fmt: skip
    write_manifest(context.data_dir / "own" / "manifest.jsonl", clips)
    recipe, materials = made(
        context, speech={"manifest": "own/manifest.jsonl"}, snr_db=(90, 90), reverberation_probability=0
    )
    mixture = mix(0, recipe, materials)
    [spoken] = [one for one in mixture.attributes["materials"] if one["role"] == "speech"]
    assert spoken["attribution"] == f"read by {spoken['name']}" == f"read by {spoken['speaker']}"
    assert (mixture.attributes["speaker"], mixture.attributes["language"]) == (spoken["speaker"], "nl")
    recorded = audio.read(context.data_dir / "own" / f"{spoken['name']}.wav", 1.0, 1.5)
    assert np.abs(mixture.audio.samples - recorded.samples).max() < 1e-4
    put("own/ben.wav", seconds=3, seed=99)
    with pytest.raises(DatasetError, match=r"'n', speech: .*changed since the manifest was written"):
        made(context, speech={"manifest": "own/manifest.jsonl"})


@pytest.mark.parametrize(
    ("speech", "problem"),
    [
        ({"licence": "CC0"}, "expected one of path, dataset and manifest"),
        ({"path": "a", "manifest": "b"}, "expected one of path, dataset and manifest"),
        ({"path": "a", "speaker": "("}, "expected a regular expression"),
        ({"path": "a", "weight": 0}, "greater than 0"),
        ([], "at least 1 item"),
    ],
)
def test_materials_that_cannot_be(context, speech, problem):
    with pytest.raises(ConfigError, match=f"dataset 'n', speech.*{problem}"):
        made(context, speech=speech)


def test_limit_takes_some_and_a_smaller_one_takes_of_these(talkers):
    eight = {one.name for one in made(talkers, speech=BASE["speech"] | {"limit": 8})[1].speech}
    three = {one.name for one in made(talkers, speech=BASE["speech"] | {"limit": 3})[1].speech}
    assert (len(eight), len(three)) == (8, 3)
    assert three < eight


def test_binaural_real_recordings(real_data, tmp_path):
    """Measured ears: the talker is heard differently in both; everything known of the clip fits what is there."""
    context = DatasetContext(real_data("speech").parent, tmp_path)
    clips = noisy_reverberant(
        "n", context, speech={"path": "speech", "include": ["vctk_p2*"], "speaker": "p[0-9]+"},
        noise=[{"path": "noise", "include": ["sms_rain.wav"]}, {"kind": "babble", "talkers": [3, 4]}],
        rooms=[{"path": "rir", "include": ["spatialaudio_*.wav", "was_bin*.wav"]}, "simulated"], count=6,
        spatial="binaural", duration_s=3, rt60_s=(0.3, 3), snr_db={"classes": [0, 10, 20], "moving": 0.5},
    )  # fmt: skip
    for clip in clips:
        sound = audio.read(clip.path)
        assert (sound.rate, sound.channels) == (48_000, 2)
        assert clip.attributes["room"] != "spatialaudio_rir_clap.wav"  # one channel
        assert np.abs(sound.samples[0] - sound.samples[1]).max() > 1e-3
        holds = clip.attributes.get("snr_holds_db", [clip.attributes["snr_db"]])
        assert all(min(abs(one - snr) for snr in (0, 10, 20)) < 0.01 for one in holds)
