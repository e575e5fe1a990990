"""From a real small run to the folder of a test, looked at with other tools than those that wrote it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml
from typer.testing import CliRunner

from bench import audio, runner
from bench.align import measured_delay, probe
from bench.audit.loudness import loudness_lufs
from bench.codecs.controls import Lowpass3500
from bench.errors import CodecbenchError, ConfigError, StoreError
from bench.runs.results import load_results
from listening_test.building.build import Refused, build
from listening_test.building.choice import choose
from listening_test.building.config import parse
from listening_test.building.making import Made
from listening_test.building.sources import Sources
from listening_test.building.trials import trials_of
from listening_test.cli import app
from listening_test.model import STIMULI, TEST, Stimulus, Test, Trial, load_test


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs ``first`` (as the clips are) and ``second`` (24 kHz mono) over the same five clips of 1 s."""
    folder = tmp_path_factory.mktemp("runs")
    for index in range(3):
        audio.write(folder / "speech" / f"s{index}.wav", probe(24_000, 1, index).part(0, 24_000), "PCM_16")
    for index in range(2):
        loud = probe(44_100, 2, 9 + index).part(0, 44_100)
        audio.write(folder / "music" / f"m{index}.wav", loud, "PCM_16")
    common: dict[str, Any] = {
        "datasets": [
            {"loader": "folder", "name": name, "category": name, "path": str(folder / name)}
            for name in ("speech", "music")
        ],
        "metrics": ["si_sdr"],
    }
    first = ["passthrough", "lowpass_3500", {"name": "opus", "bitrates_bps": [12_000, 64_000]}, "g711"]
    second = [{"name": "pcm", "options": {"bits": 6}}, {"name": "opus", "bitrates_bps": [12_000]}]
    for name, codecs, changes in (("first", first, {}), ("second", second, {"sample_rate": 24_000, "channels": 1})):
        config = {**common, "name": name, "codecs": codecs, **changes}
        runner.run(config, output=folder / name, cache=folder / "cache", workers=1)
    return folder


def made(runs: Path, folder: Path, names: tuple[str, ...] = ("first",), force: bool = False, **keys: Any) -> Test:
    config = {"name": "t", "conditions": ["opus@*"], "clips": [{"count": 2}], "excerpt_s": 0.6, "seed": 4, **keys}
    path = folder / "t.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    built, where = build([runs / name for name in names], path, output=folder / "test", force=force)
    assert load_test(where) == built
    return built


def planned(runs: Path, **keys: Any) -> list[Trial]:
    """The trials of a test of the run ``first``, with sounds that have names only."""
    config = parse({"name": "t", "conditions": ["opus@*"], "clips": [{"count": 2}], "seed": 4, **keys})
    choice = choose(config, Sources.load([runs / "first"]))
    systems = [system.name for system in (*choice.systems, *([choice.against] if choice.against else []))]
    names = ["reference", "hidden_reference", *(anchor.name for anchor in config.all_anchors), *systems]
    sounds = {name: Stimulus(name, "reference" if name == "reference" else "system", "") for name in names}
    clips = [clip.id for clip in (*choice.training, *choice.clips)]
    return trials_of(config, choice, {clip: Made(sounds, 1.0, []) for clip in clips})[0]


LENGTH = 28_800  # 0.6 s
ENOUGH = {"clips": [{"category": "speech", "count": 3}, {"category": "music", "count": 2}]}


def of(test: Test, clip: str) -> dict[str, Stimulus]:
    return {
        stimulus.condition: stimulus
        for trial in test.counted
        if trial.clip == clip
        for stimulus in (trial.reference, *trial.stimuli)
    }


def test_the_files_of_a_test(runs: Path, tmp_path: Path) -> None:
    test = made(runs, tmp_path, **ENOUGH, fade_ms=10)
    results = load_results(runs / "first")
    assert test.preset == test.rules.screening == "bs1534"
    assert sorted(Counter(trial.category for trial in test.counted).items()) == [("music", 2), ("speech", 3)]
    used = set()
    for trial in test.trials:
        names = [stimulus.condition for stimulus in trial.stimuli]
        assert names == ["hidden_reference", "low_anchor", "mid_anchor", "opus@12000", "opus@64000"]
        assert trial.stimuli[0].sha256 == trial.reference.sha256
        sounds = {}
        for stimulus in (trial.reference, *trial.stimuli):
            path = tmp_path / "test" / STIMULI / f"{stimulus.sha256}.wav"
            used.add(path)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == stimulus.sha256
            with soundfile.SoundFile(path) as file:
                assert (file.samplerate, file.channels, file.frames, file.subtype) == (48_000, 2, LENGTH, "PCM_24")
            sounds[stimulus.condition] = audio.read(path)
            samples = sounds[stimulus.condition].samples
            assert np.all(samples[:, 0] == 0)
            assert np.abs(samples[:, [1, -1]]).max() < 1e-4
            assert measured_delay(sounds["reference"], sounds[stimulus.condition]) == 0
            if trial.category == "speech":
                assert np.array_equal(samples[0], samples[1])
        power = {name: np.abs(np.fft.rfft(sound.samples[0].astype(float))) ** 2 for name, sound in sounds.items()}
        for name, cutoff in (("low_anchor", 3_500), ("mid_anchor", 7_000)):
            frequency = np.fft.rfftfreq(LENGTH, 1 / 48_000)
            below, above = (frequency > 100) & (frequency < cutoff), frequency > cutoff + 1_000
            ratio = 10 * np.log10(power[name][below] / power["reference"][below])
            assert np.median(np.abs(ratio)) < 0.1
            assert power[name][above].sum() < 1e-5 * power["reference"][above].sum() + 1e-9
        long = Lowpass3500().degrade(audio.read(results.reference(trial.clip)).at(48_000)).samples[0, 9_600 + 480 :]
        written = sounds["low_anchor"].samples[0, 480:-480]  # filtered before it was cut
        np.testing.assert_allclose(written, long[: written.size], atol=1e-6)
        for stimulus in trial.stimuli[3:]:
            row = results.encodings.query("clip == @trial.clip and condition == @stimulus.condition").iloc[0]
            assert stimulus.run == "first"
            assert stimulus.codec == "opus"
            assert stimulus.decoded_sha256 == row["decoded_sha256"]
            assert stimulus.bitrate_bps == row["bitrate_bps"]
            assert stimulus.actual_bps == pytest.approx(row["actual_bps"])
            assert row["decoded"] in stimulus.origin
            decoded = audio.read(runs / "first" / row["decoded"]).at(48_000)
            written = sounds[stimulus.condition].samples[0, 480:-480]
            cut = decoded.samples[0, 9_600 + 480 : 9_600 + LENGTH - 480]  # the middle of 1 s
            np.testing.assert_allclose(written, cut, atol=2**-23)
    assert {path for path in (tmp_path / "test").rglob("*") if path.is_file()} == used | {tmp_path / "test" / TEST}
    data = json.loads((tmp_path / "test" / TEST).read_text(encoding="utf-8"))
    assert data["made"]["config_text"] == (tmp_path / "t.yaml").read_text(encoding="utf-8")
    assert data["made"]["runs"][0]["run"] == "first"
    assert data["made"]["runs"][0]["codec_versions"]["opus@12000"].startswith("opus")
    assert data["made"]["forced"] is False
    assert not any(one["rule"] == "whole_clip" for one in data["made"]["findings"])
    assert str(tmp_path) not in json.dumps(data["trials"])


def test_the_same_seed_builds_the_same_test(runs: Path, tmp_path: Path) -> None:
    keys = {"clips": [{"category": "speech", "count": 2}], "excerpt_at": "random", "replicates": 1, "force": True}
    tests = []
    for index, seed in enumerate((4, 4, 5)):
        (tmp_path / str(index)).mkdir()
        tests.append(made(runs, tmp_path / str(index), **keys, seed=seed))
    assert tests[0].trials == tests[1].trials != tests[2].trials
    again = [trial for trial in tests[0].counted if trial.replicate]
    assert len(again) == 1
    for trial in again:
        (original,) = [one for one in tests[0].counted if one.id == trial.id.removesuffix("r")]
        assert original.stimuli == trial.stimuli


def test_levels_are_matched_only_where_asked_for(runs: Path, tmp_path: Path) -> None:
    for name in ("none", "bs1770"):
        (tmp_path / name).mkdir()
    plain = made(runs, tmp_path / "none", **ENOUGH)
    matched = made(runs, tmp_path / "bs1770", **ENOUGH, level_match="bs1770", item_lufs=-30)
    assert {stimulus.gain_db for trial in plain.trials for stimulus in trial.stimuli} == {0.0}
    for trial in matched.counted:
        sounds = {
            s.condition: audio.read(tmp_path / "bs1770" / "test" / STIMULI / f"{s.sha256}.wav") for s in trial.stimuli
        }
        loudness = {name: loudness_lufs(sound.samples, sound.rate) for name, sound in sounds.items()}
        for name in ("hidden_reference", "opus@12000", "opus@64000"):
            assert loudness[name] == pytest.approx(-30, abs=0.1)
        gains = {s.condition: s.gain_db for s in trial.stimuli}
        assert gains["low_anchor"] == gains["mid_anchor"] == gains["hidden_reference"]
        assert abs(gains["opus@12000"] - gains["hidden_reference"]) > 0.01


def test_controls_are_taken_only_by_name_and_the_linter_knows_them(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    clips = [{"category": "speech", "count": 3}]
    test = made(runs, tmp_path / "a", conditions=["*", "passthrough"], clips=clips, force=True)
    names = {s.condition for trial in test.trials for s in trial.stimuli if s.role == "system"}
    assert names == {"passthrough", "opus@12000", "opus@64000", "g711"}
    same = [one for one in test.made["findings"] if one["rule"] == "identical"]
    assert {one["where"].rpartition(", ")[2] for one in same} == {"passthrough"}


def test_what_failed_is_named(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        made(runs, tmp_path, conditions=["*"], clips=[{"ids": ["music/m0"]}])
    assert "clips[0].ids: 'music/m0' has no audio" in str(caught.value)
    assert "g711: not_applicable" in str(caught.value)
    with pytest.raises(ConfigError, match=r"expected 2 clips of music, but only 0 can be used"):
        made(runs, tmp_path, conditions=["*"])
    test = made(runs, tmp_path, conditions=["*"], clips=[{"category": "speech", "count": 3}], force=True)
    left_out = [one for one in test.made["findings"] if one["rule"] == "failed_cell"]
    assert [one["where"] for one in left_out] == ["2 clips, music/m0, music/m1"]


def test_a_run_that_is_not_finished(runs: Path, tmp_path: Path) -> None:
    """What was never measured is named; a control among it is not taken for a codec."""
    config = yaml.safe_load(json.loads((runs / "first" / "run.json").read_text())["config_text"].replace("'", '"'))
    config = {**config, "name": "part", "codecs": ["passthrough", {"name": "opus", "bitrates_bps": [12_000, 24_000]}]}
    runner.run(config, output=tmp_path / "part", workers=1, only=["opus@12000"], limit=1)
    test = made(tmp_path, tmp_path, ("part",), conditions=["*"], clips=[{"count": 1}], force=True)
    assert {s.condition for s in test.trials[0].stimuli if s.role == "system"} == {"opus@12000"}
    said = {one["rule"]: one["got"] for one in test.made["findings"]}
    assert said["unmeasured"] == "part:passthrough, part:opus@24000"
    assert said["failed_cell"] == "opus@12000: it was not measured"


def test_two_runs_join(runs: Path, tmp_path: Path) -> None:
    test = made(runs, tmp_path, ("second", "first"), conditions=["second:*", "opus@12000"], **ENOUGH)
    systems = of(test, "music/m0")
    assert {"pcm,bits=6", "opus@12000", "first:opus@12000"} < set(systems)
    assert systems["pcm,bits=6"].run == systems["opus@12000"].run == "second"
    assert systems["first:opus@12000"].run == systems["reference"].run == "first"
    assert any(one["rule"] == "other_reference" for one in test.made["findings"])
    sound = audio.read(tmp_path / "test" / STIMULI / f"{systems['reference'].sha256}.wav")
    assert not np.array_equal(sound.samples[0], sound.samples[1])  # the stereo reference, not the mono one


def test_problems_of_a_configuration_come_together(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        made(runs, tmp_path, conditions=["opus@*", "opsu@12000", "third:*"])
    assert len(caught.value.problems) == 2
    assert "Did you mean 'opus@12000'?" in caught.value.problems[0]
    with pytest.raises(ConfigError) as caught:
        made(
            runs, tmp_path, clips=[{"ids": ["music/m9"]}, {"choose": "critical", "quantity": "si_sd"}, {"dataset": "x"}]
        )
    assert [re.search(r"clips\[\d\]", problem)[0] for problem in caught.value.problems] == [  # type: ignore[index]
        "clips[0]", "clips[1]", "clips[2]",
    ]  # fmt: skip
    assert "Did you mean 'si_sdr'?" in caught.value.problems[1]
    with pytest.raises(ConfigError, match="'lowpass_3500' is also what the test calls its reference or an anchor"):
        made(runs, tmp_path, conditions=["*", "lowpass_3500"], anchors=[{"name": "lowpass_3500", "cutoff_hz": 3500}])
    assert not (tmp_path / "test").exists()


def test_critical_clips(runs: Path, tmp_path: Path) -> None:
    scores = load_results(runs / "first").scores.query("condition.str.startswith('opus')", engine="python")
    by_clip = scores[scores["category"] == "speech"].groupby("clip")["value"]
    for name, wanted in (("spread", (by_clip.max() - by_clip.min()).idxmax()), ("worst", by_clip.mean().idxmin())):
        (tmp_path / name).mkdir()
        clips = [{"category": "speech", "count": 1, "choose": "critical", "quantity": "si_sdr", "by": name}]
        test = made(runs, tmp_path / name, clips=clips, force=True)
        assert [trial.clip for trial in test.counted] == [wanted]


def test_blocks_of_systems(runs: Path, tmp_path: Path) -> None:
    test = made(
        runs, tmp_path, ("first", "second"), conditions=["opus@*", "pcm*"], blocks={"systems_per_trial": 2},
        **ENOUGH, force=True,
    )  # fmt: skip
    assert test.blocks == 2
    assert len(test.counted) == 10
    heard = Counter((trial.clip, s.condition) for trial in test.counted for s in trial.stimuli if s.role == "system")
    assert len(heard) == 5 * 4
    assert set(heard.values()) == {1}
    for trial in test.trials:
        assert [s.role for s in trial.stimuli[:3]] == ["hidden_reference", "low_anchor", "mid_anchor"]
        assert len(trial.stimuli) == 5
    for block in range(2):
        assert len({trial.clip for trial in test.counted if trial.block == block}) == 5


def test_encodec_paper(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected 50 clips of speech"):
        made(runs, tmp_path, preset="encodec_paper", clips=[{}])
    test = made(runs, tmp_path, preset="encodec_paper", excerpt_s=None)
    assert {tuple(s.role for s in trial.stimuli[:2]) for trial in test.trials} == {("hidden_reference", "low_anchor")}
    assert all(s.role != "mid_anchor" for trial in test.trials for s in trial.stimuli)
    assert test.rules.minimum_ratings == 10
    assert test.rules.screening == "encodec_paper"
    said = [one for one in test.made["findings"] if one["rule"] == "anchors"]
    assert "may not be called MUSHRA" in said[0]["todo"]
    assert test.trials[0].seconds == pytest.approx(1.0)  # 5 s, had the clip them
    (whole,) = [one for one in test.made["findings"] if one["rule"] == "whole_clip"]
    assert whole["got"].startswith("5 clips, such as ")


@pytest.mark.parametrize("type_", ["acr", "dcr"])
def test_one_stimulus_a_page(runs: Path, type_: str) -> None:
    trials = planned(runs, type=type_, anchors=["low"], blocks={"trials_per_listener": 8})
    counted = [trial for trial in trials if not trial.training]
    conditions = ["hidden_reference", "low_anchor", "opus@12000", "opus@64000"]
    assert {len(trial.stimuli) for trial in trials} == {1}
    cells = Counter((trial.clip, trial.stimuli[0].condition) for trial in counted)
    assert len(cells) == 4 * 4
    assert set(cells.values()) == {1}
    assert Counter(trial.block for trial in counted) == {0: 8, 1: 8}
    for block in range(2):
        shown = Counter(trial.stimuli[0].condition for trial in counted if trial.block == block)
        assert shown == dict.fromkeys(conditions, 2)
    assert {trial.stimuli[0].condition for trial in trials if trial.training} == set(conditions)


def test_training_of_many_conditions_is_short_and_spread(runs: Path) -> None:
    anchors = [{"name": f"cut{number}", "cutoff_hz": 1_000 * number} for number in range(1, 14)]
    trials = planned(runs, type="acr", anchors=anchors, clips=[{"category": "speech", "count": 1}])
    heard = [trial.stimuli[0].condition for trial in trials if trial.training]
    assert len(heard) == len(set(heard)) == 10
    assert heard[0] == "hidden_reference"
    assert heard[-1] == "opus@64000"
    assert len({trial.clip for trial in trials if trial.training}) == 2


@pytest.mark.parametrize(
    ("type_", "against", "expected"),
    [
        ("abx", None, {("hidden_reference", "opus@12000"), ("hidden_reference", "opus@64000")}),
        ("ab", None, {("opus@12000", "opus@64000")}),
        ("ab", "reference", {("hidden_reference", "opus@12000"), ("hidden_reference", "opus@64000")}),
        ("abx", "each_other", {("opus@12000", "opus@64000")}),
        ("ab", "passthrough", {("passthrough", "opus@12000"), ("passthrough", "opus@64000")}),
    ],
)
def test_pairs(runs: Path, type_: str, against: str | None, expected: set[tuple[str, str]]) -> None:
    trials = [trial for trial in planned(runs, type=type_, against=against) if not trial.training]
    assert {tuple(s.condition for s in trial.stimuli) for trial in trials} == expected
    assert len(trials) == 4 * len(expected)


def test_a_test_of_pairs_is_built(runs: Path, tmp_path: Path) -> None:
    test = made(runs, tmp_path, type="abx", clips=[{"category": "speech", "count": 1}])
    assert [s.role for s in test.counted[0].stimuli] == ["hidden_reference", "system"]
    assert all(trial.reference.role == "reference" for trial in test.trials)
    assert (test.rules.type, test.rules.screening) == ("abx", "none")


def test_a_refused_test_leaves_nothing_and_force_is_recorded(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        made(runs, tmp_path, anchors=["low"], training=0)
    assert {one.rule for one in caught.value.findings if one.severity == "error"} == {"items", "anchors", "training"}
    assert "BS.1534-3" in str(caught.value)
    assert not re.search(r"^error:", str(caught.value), re.MULTILINE)  # the command line says so before the message
    warnings = [str(one) for one in caught.value.findings if one.severity == "warning"]
    assert warnings
    assert caught.value.problems[3:-1] == [f"warning: {text}" for text in warnings]
    assert caught.value.problems[-1].startswith(f"3 errors, {len(warnings)} warning")
    assert "--force" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["t.yaml"]
    test = made(runs, tmp_path, anchors=["low"], training=0, force=True)
    assert test.made["forced"] is True
    with pytest.raises(StoreError, match="a test is there already"):
        made(runs, tmp_path, anchors=["low"], training=0, force=True)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="expected an empty folder or none"):
        build([runs / "first"], tmp_path / "t.yaml", output=tmp_path / "file")


def test_a_decoded_file_that_was_changed_is_noticed(runs: Path, tmp_path: Path) -> None:
    results = load_results(runs / "first")
    path = results.decoded("speech/s0", "opus@64000")
    before = path.read_bytes()
    try:
        audio.write(path, probe(24_000, 1, 77).part(0, 24_000))
        with pytest.raises(CodecbenchError, match="expected the samples that the run measured"):
            made(runs, tmp_path, clips=[{"ids": ["speech/s0"]}], training=0, force=True)
    finally:
        path.write_bytes(before)
    assert not list(tmp_path.glob(".*"))


def test_loud_items_are_made_quieter_together(tmp_path: Path) -> None:
    square = np.sign(np.sin(2 * np.pi * 300 * np.arange(38_400) / 48_000)).astype(np.float32)[None] * 0.999
    audio.write(tmp_path / "loud" / "a.wav", audio.Audio(square, 48_000), "PCM_24")
    config = {
        "name": "loud", "metrics": ["snr"],
        "codecs": [{"name": "pcm", "options": {"bits": 8}}, {"name": "mp3", "bitrates_bps": [32_000]}],
        "datasets": [{"loader": "folder", "name": "loud", "category": "music", "path": str(tmp_path / "loud")}],
    }  # fmt: skip
    runner.run(config, output=tmp_path / "run", workers=1)
    (tmp_path / "runs").mkdir()
    (tmp_path / "run").rename(tmp_path / "runs" / "loud")
    test = made(tmp_path / "runs", tmp_path, ("loud",), conditions=["*"], clips=[{"count": 1}], force=True)
    gains = {s.gain_db for trial in test.trials for s in (trial.reference, *trial.stimuli)}
    (gain,) = gains
    assert -3 < gain < -0.5  # what the overshoot of the low-pass filters asks for
    said = {one["rule"]: one for one in test.made["findings"]}
    assert "headroom" in said
    assert said["decoder_clipping"]["where"] == "condition mp3@32000"
    for path in (tmp_path / "test" / STIMULI).iterdir():
        assert audio.read(path).peak < 0.99


def test_the_commands(runs: Path, tmp_path: Path) -> None:
    config = tmp_path / "x.yaml"
    config.write_text(yaml.safe_dump({"name": "x", "conditions": ["opus@*"], "excerpt_s": 0.6, **ENOUGH}))
    arguments = [str(runs / "first"), str(config), "--output", str(tmp_path / "test")]
    built = CliRunner().invoke(app, ["build", *arguments, "--json"])
    assert built.exit_code == 0, built.output
    facts = json.loads(built.stdout)
    assert facts["systems"] == ["opus@12000", "opus@64000"]
    assert facts["trials_per_listener"] == 5
    linted = CliRunner().invoke(app, ["lint", str(tmp_path / "test"), "--json"])
    assert linted.exit_code == 0
    shown = json.loads(linted.stdout)
    assert shown == facts["findings"]
    next((tmp_path / "test" / STIMULI).iterdir()).write_bytes(b"RIFF")
    broken = CliRunner().invoke(app, ["lint", str(tmp_path / "test")])
    assert broken.exit_code == 1
    assert "not the one that was built" in broken.output
    assert isinstance(CliRunner().invoke(app, ["build", str(config)]).exception, ConfigError)


@pytest.mark.slow
def test_the_published_mushra_files(real_data: Any, tmp_path: Path) -> None:
    data = real_data("ratings/bernoulli_mushra").parent.parent
    runner.run("decoded_mushra", output=tmp_path / "decoded_mushra", data=data, only=["si_sdr"])
    test = made(
        tmp_path, tmp_path, ("decoded_mushra",), conditions=["encodec*", "lyra*", "audiodec_8@8000"],
        clips=[{"count": 8, "choose": "critical", "quantity": "si_sdr"}], excerpt_s=4,
    )  # fmt: skip
    said = Counter((one["rule"], one["where"]) for one in test.made["findings"] if one["rule"] == "delay")
    assert said == {("delay", "condition audiodec_8@8000"): 1}  # 9 ms late as published; the others are aligned
    assert len(test.counted) == 8
