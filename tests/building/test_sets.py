"""Sets as a user builds them: real processes, killed ones too, and what another machine would do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bench import audio, config
from bench.audio import Audio
from bench.building import plans, sets
from bench.datasets.base import DatasetContext, sha256_of
from bench.datasets.manifest import manifest, read_manifest
from bench.datasets.recipe import Babble
from bench.errors import ConfigError, DatasetError, FolderInUse
from bench.loading import clips_of
from bench.store import locked
from tests.commands import codecbench
from tests.in_process import in_process

RATE = 16_000
ROOT = Path(__file__).parents[2]
RECIPE: dict[str, Any] = {
    "loader": "noisy_reverberant",
    "name": "small",
    "title": "A small set",
    "speech": {
        "path": "speech",
        "licence": "CC BY 4.0",
        "speaker": "^([a-z]+)",
        "attribution": "Some Readers",
        "language": "de",
    },
    "noise": [{"path": "noise", "licence": "CC BY-NC 3.0"}, {"kind": "babble", "talkers": [2, 3]}, "simulated"],
    "rooms": ["simulated", {"path": "rooms"}],
    "count": 10,
    "sample_rate": RATE,
    "spatial": "stereo",
    "snr_db": {"classes": [0, 10], "moving": 0.5},
    "rt60_s": [0.2, 0.6],
}


def recordings(folder: Path) -> Path:
    """Bursts as speech of three people, noise at another rate, one room."""
    rng = np.random.default_rng(0)
    for index, name in enumerate(("anna", "ben", "cleo")):
        t = np.arange(round((2.1 + 0.2 * index) * RATE)) / RATE
        speech = 0.1 * rng.standard_normal((1, len(t))) * (t % 0.5 < 0.3)
        audio.write(folder / "speech" / f"{name}.wav", Audio(speech.astype(np.float32), RATE))
    noise = 0.05 * rng.standard_normal((1, 44_100)).astype(np.float32)
    audio.write(folder / "noise" / "hiss.flac", Audio(noise, 22_050))
    decay = rng.uniform(-1, 1, (2, RATE)) * 10 ** (-3 * np.arange(RATE) / RATE / 0.4)
    audio.write(
        folder / "rooms" / "hall.wav", Audio(0.3 * decay.astype(np.float32), RATE)
    )  # a WAV file of floats holds the time
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return recordings(tmp_path / "data")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> sets.BuiltSet:
    """A set that is built once."""
    folder = tmp_path_factory.mktemp("once")
    return sets.build(plans.plan(recipe(folder), recordings(folder / "data")), folder / "set", workers=2)


@pytest.fixture
def folder(once: sets.BuiltSet, tmp_path: Path) -> Path:
    """A copy of that set; the recordings of ``data`` are its own."""
    return Path(shutil.copytree(once.folder, tmp_path / "set"))


def recipe(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / f"recipe{len(list(tmp_path.glob('*.yaml')))}.yaml"
    path.write_text(yaml.safe_dump(RECIPE | changes), encoding="utf-8")
    return path


def built(file: Path, data: Path, folder: Path) -> sets.BuiltSet:
    with in_process():
        return sets.build(plans.plan(file, data), folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def elsewhere(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command with other variables, which libraries read when they are loaded."""
    return subprocess.run(
        [sys.executable, "-m", "bench.cli", "data", "build", *map(str, arguments)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


def test_everything_is_there_and_the_manifest_loads(tmp_path, data, folder, once):
    done = once
    files = contents(tmp_path / "set")
    names = {"manifest.jsonl", "build.json", "README.md", "ATTRIBUTION.md", "plots/snr_db.svg", "plots/rt60_s.svg"}
    assert {name for name in files if not name.startswith("audio/")} >= names
    assert all(name.startswith("plots/") for name in files if not name.startswith("audio/") and name not in names)
    clips = manifest("s", DatasetContext(None, tmp_path), str(tmp_path / "set" / "manifest.jsonl"))
    assert len(clips) == done.mixed == 10
    record = json.loads(files["build.json"])
    listed = read_manifest(tmp_path / "set" / "manifest.jsonl")
    assert record["set_sha256"] == done.set_sha256 == sets.set_sha256(listed)
    assert record["seed"] == 0
    used = {one["name"]: one["sha256"] for one in record["materials"]}
    assert used["anna.wav"] == sha256_of(data / "speech" / "anna.wav")
    for clip in clips:
        sound = audio.read(clip.path)
        assert sha256_of(Path(clip.path)) == clip.sha256
        assert (sound.channels, sound.rate, sound.length) == (2, RATE, clip.samples)
    assert b"<svg" in files["plots/snr_db.svg"]


def test_the_data_card_of_a_set_knows_its_speakers_and_its_name(once, tmp_path):
    clips = clips_of(str(once.folder), DatasetContext(None, tmp_path))
    assert {clip.attributes["speaker"] for clip in clips} == {"anna", "ben", "cleo"}
    assert {clip.attributes["language"] for clip in clips} == {"de"}
    assert all(clip.id.startswith("small/0") for clip in clips)


def test_the_card_says_whose_it_is_and_what_stands_in_the_way(tmp_path, folder):
    card, names = ((tmp_path / "set" / name).read_text() for name in ("README.md", "ATTRIBUTION.md"))
    assert "Not ready to be published: Some recordings state no licence" in card
    assert f"| set_sha256 | {sets.set_sha256(read_manifest(tmp_path / 'set' / 'manifest.jsonl'))} |" in card
    assert "clips that start at 0 dB: 5, 10 dB: 5" in card
    assert "| Speakers | 3 |" in card
    assert "| Languages | de |" in card
    assert "](plots/rt60_s.svg)" in card
    assert card.startswith("---\npretty_name: A small set\n")
    assert "\n- Some Readers\n" in card
    assert "attribution: Some Readers" in names
    assert "Not for commercial use: CC BY-NC 3.0." in names
    assert "licence: **not stated**" in names
    block = card[card.index("```yaml\n") + 8 : card.rindex("```")]
    assert yaml.safe_load(block) == RECIPE


def test_a_finished_set_is_left_alone_and_a_damaged_clip_is_mixed_again(tmp_path, data, folder):
    file, before = recipe(tmp_path), contents(folder)
    done = built(file, data, folder)
    assert done.mixed == 0
    assert contents(folder) == before
    Path(done.clips[3].path).write_bytes(b"damaged")
    Path(done.clips[5].path).unlink()
    (folder / "plots" / "snr_db.svg").unlink()
    assert built(file, data, folder).mixed == 2
    after = contents(folder)
    assert {name: text for name, text in after.items() if name != "build.json"} == {
        name: text for name, text in before.items() if name != "build.json"
    }


def test_a_set_built_with_a_relative_output_can_be_moved(tmp_path, data, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = built(recipe(tmp_path, count=2), data, Path("out/set"))
    assert done.folder == tmp_path / "out" / "set"
    (tmp_path / "out").rename(tmp_path / "moved")
    listed = tmp_path / "moved" / "set" / "manifest.jsonl"
    assert len(manifest("s", DatasetContext(None, tmp_path), str(listed))) == 2


def test_a_finished_set_with_a_manifest_that_names_no_file_is_repaired(tmp_path, data, folder):
    listed = folder / "manifest.jsonl"
    good = listed.read_text()
    listed.write_text(good.replace('"audio/', '"results/set/audio/'))
    assert built(recipe(tmp_path), data, folder).mixed == 0
    assert listed.read_text() == good
    listed.write_text("{")
    (folder / "audio" / f"{json.loads(good.splitlines()[0])['id']}.flac").unlink()
    assert built(recipe(tmp_path), data, folder).mixed == 10  # nothing says any more which files are whole
    assert listed.read_text() == good


def test_other_words_of_the_card_are_written_into_a_finished_set(tmp_path, data, folder):
    before = sha256_of(folder / "manifest.jsonl")
    assert built(recipe(tmp_path, title="Another title", description="Short."), data, folder).mixed == 0
    assert "\n# Another title\n\nShort.\n" in (folder / "README.md").read_text()
    assert yaml.safe_load(json.loads((folder / "build.json").read_text())["recipe"])["title"] == "Another title"
    assert sha256_of(folder / "manifest.jsonl") == before
    built(recipe(tmp_path, name="renamed"), data, folder)
    assert {clip.dataset for clip in read_manifest(folder / "manifest.jsonl")} == {"renamed"}


def test_a_set_is_extended_and_never_cut(tmp_path, data, folder, once):
    more = built(recipe(tmp_path, count=12), data, folder)
    assert more.mixed == 2
    assert [clip.attributes for clip in more.clips[:10]] == [clip.attributes for clip in once.clips]
    assert (
        json.loads((folder / "build.json").read_text())["clips"] == len(read_manifest(folder / "manifest.jsonl")) == 12
    )
    assert sets.summary(plans.plan(recipe(tmp_path, count=13), data), folder)["to_do"] == 1
    with pytest.raises(DatasetError, match=r"with 12 clips.*asks for fewer, 10.* Write count: 12 or more"):
        built(recipe(tmp_path), data, folder)
    assert len(list((folder / "audio").iterdir())) == 12


def test_a_set_whose_extension_was_stopped_keeps_its_clips(tmp_path, data, folder):
    plan = plans.plan(recipe(tmp_path, count=12), data)
    stopped = []

    def stop(done: int, total: int) -> None:
        stopped.append(done)
        if done == 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sets.build(plan, folder, 1, stop)
    assert stopped == [10, 11]
    assert sets.build(plan, folder).mixed == 1


def test_what_is_not_of_the_set_stays_among_its_clips(tmp_path, data, folder):
    (folder / "audio" / "0003_of_a_killed.flac").write_bytes(b"half")
    (folder / "audio" / ".0003_of_a_killed.flac.123.flac").write_bytes(b"half")
    (folder / "audio" / "notes.txt").write_text("mine")
    (folder / "audio" / "more").mkdir()
    with pytest.raises(DatasetError, match=r"expected only clips of the set, got more, notes\.txt\. Move them"):
        built(recipe(tmp_path), data, folder)
    assert (folder / "audio" / "notes.txt").read_text() == "mine"
    (folder / "audio" / "notes.txt").unlink()
    (folder / "audio" / "more").rmdir()
    built(recipe(tmp_path), data, folder)
    assert len(list((folder / "audio").iterdir())) == 10


def test_an_expected_manifest_that_is_not_there_is_told_before_anything_is_mixed(tmp_path, data):
    with pytest.raises(DatasetError, match=r"expect: expected a manifest at .*nothere\.jsonl, but there is no such"):
        plans.plan(recipe(tmp_path, expect="nothere.jsonl"), data)


def test_the_licence_of_the_set_is_on_its_card_and_compared_with_those_of_the_recordings(tmp_path, data, folder):
    file = recipe(tmp_path, licence="CC0 1.0", homepage="https://example.org/set")
    built(file, data, folder)
    card = (folder / "README.md").read_text()
    assert "looser than CC BY-NC 3.0, which forbids commercial use" in card
    assert "| Licence of the set | CC0 1.0 |" in card
    assert "\nlicense:\n- cc0-1.0\n" in card
    assert "https://example.org/set" in card
    assert any("looser than CC BY 4.0" in one for one in sets.summary(plans.plan(file, data), folder)["obstacles"])


def test_a_folder_with_something_else_is_not_touched(tmp_path, data, folder):
    with pytest.raises(DatasetError, match=r"set: it holds a set of another recipe"):
        built(recipe(tmp_path, seed=1), data, folder)
    with pytest.raises(DatasetError, match="expected an empty or no folder"):
        built(recipe(tmp_path), data, data)
    with locked(folder), pytest.raises(FolderInUse):
        built(recipe(tmp_path), data, folder)


@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_stopped(tmp_path, data):
    file, folder = recipe(tmp_path, count=30), tmp_path / "set"
    command = [sys.executable, "-m", "bench.cli", "data", "build", file, "--data", data, "--output", folder]
    process = subprocess.Popen(
        [*map(str, command), "--workers", "1"], env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )

    def mixed() -> int:
        lines = sum(path.read_bytes().count(b"\n") for path in (folder / sets.JOURNAL).glob("*.jsonl"))
        return lines - 1  # the first is about the recipe

    while process.poll() is None and mixed() < 5:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    time.sleep(0.5)  # its worker ends when it has nobody to tell
    assert 5 <= mixed() < 30
    done = built(file, data, folder)
    assert done.mixed <= 30 - 5
    whole = built(file, data, tmp_path / "whole")
    assert done.set_sha256 == whole.set_sha256
    assert {*contents(folder)} == {*contents(tmp_path / "whole")}


@pytest.mark.slow
def test_another_machine_makes_the_same_set(tmp_path, data):
    """As far as one machine can tell: other vector instructions, another BLAS, folder, order of files, workers."""
    file = recipe(tmp_path)
    other_place = tmp_path / "else" / "where"
    for path in sorted(data.rglob("*.*"), reverse=True):
        target = other_place / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        os.utime(target, (1_000_000, 1_000_000))
    other = {"NPY_DISABLE_CPU_FEATURES": features(), "OPENBLAS_CORETYPE": "Nehalem"}
    for folder, place, workers, environment in (("1", data, 1, {}), ("2", other_place, 3, other)):
        done = elsewhere(file, "--data", place, "--output", tmp_path / folder, "--workers", workers, **environment)
        assert done.returncode == 0, done.stderr
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert {name for name in first if first[name] != second.get(name)} == {"build.json"}  # time, versions and machine
    records = [json.loads(one["build.json"]) for one in (first, second)]
    assert [record.pop("built")["machine"] is not None for record in records]
    assert records[0] == records[1]


def features() -> str:
    """The vector instructions that this processor has and numpy can do without."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    from numpy.lib._utils_impl import show_runtime  # noqa: F401  # numpy has no public list of them

    return " ".join(name for name in __cpu_dispatch__ if __cpu_features__[name])


def test_what_is_expected_is_compared_clip_by_clip(tmp_path, data, folder, once):
    published = once
    shutil.copy(folder / "manifest.jsonl", tmp_path / "theirs.jsonl")
    assert built(recipe(tmp_path, expect=published.set_sha256), data, folder).mixed == 0
    assert built(recipe(tmp_path, expect="theirs.jsonl"), data, folder).mixed == 0
    lines = (tmp_path / "theirs.jsonl").read_text().replace(published.clips[2].attributes["samples_sha256"], "0" * 64)
    (tmp_path / "theirs.jsonl").write_text("".join(lines.splitlines(keepends=True)[:-1]))
    with pytest.raises(DatasetError) as error:
        built(recipe(tmp_path, expect="theirs.jsonl"), data, folder)
    text = str(error.value)
    assert "2 differ" in text
    assert f"{published.clips[9].id}: made, but not expected" in text
    assert f"{published.clips[2].id}: expected samples_sha256 000000" in text
    with pytest.raises(DatasetError, match=f"expected set_sha256 {'1' * 64}, got {published.set_sha256}"):
        built(recipe(tmp_path, expect="1" * 64), data, folder)


def test_problems_of_recordings_are_told_and_finished_clips_kept(tmp_path, data):
    audio.write(data / "speech" / "silent.wav", Audio(np.zeros((1, 3 * RATE), np.float32), RATE))
    with pytest.raises(DatasetError, match=r"dataset 'small': .*silent\.wav: expected sound, got silence"):
        built(recipe(tmp_path), data, tmp_path / "set")
    assert len(list((tmp_path / "set" / "audio").glob("*.flac"))) > 3


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"loader": "folder"}, "loader: Input should be 'noisy_reverberant'"),
        ({"name": "a/b"}, "name: String should match"),
        ({"sample_rat": 8000}, "sample_rat: unknown key. Did you mean 'sample_rate'?"),
        ({"expect": "abc"}, "expect: expected 64 lower-case hex digits"),
        ({"snr_db": [20, 0]}, "snr_db.range: expected (lowest, highest)"),
        ({"noise": {"kind": "rain"}}, "noise"),
        ({"speech": "vctk"}, "speech: expected recordings; for those of a known set write {dataset: vctk}"),
        ({"noise": "esc50"}, "noise: expected simulated, babble, pink, speech_shaped, hum_fan or recordings"),
        ({"rooms": ["simulated", "openslr28"]}, "rooms: expected simulated or recordings; for those of a known set"),
        ({"noise": {"kind": "babble", "talkers": 3}}, "expected the lowest and the highest number, such as [3, 3]"),
        ({"noise": {"kind": "babble", "talkers": [4, 100_000]}}, "less than or equal to 32, got 100000"),
        ({"duration_s": 0.0001}, "duration_s: Input should be greater than or equal to 0.5, got 0.0001"),
    ],
)
def test_recipes_that_cannot_be(tmp_path, changes, problem):
    with pytest.raises(ConfigError) as error:
        plans.plan(recipe(tmp_path, **changes))
    assert problem in str(error.value)


def test_a_run_configuration_is_no_recipe(tmp_path):
    with pytest.raises(ConfigError, match="this is the configuration of a run, not the recipe of a set"):
        plans.plan(config.shipped()["demo"])


def test_noise_and_speech_are_no_rooms(tmp_path, data):
    with pytest.raises(DatasetError) as error:
        plans.plan(recipe(tmp_path, rooms=[{"path": "noise"}, {"path": "speech"}, {"path": "rooms"}]), data)
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert all("expected the impulse response of a room, which decays" in line for line in lines)


def test_the_command(tmp_path, data):
    file, folder = recipe(tmp_path, count=4), tmp_path / "set"
    command = partial(codecbench, "data", "build", CODECBENCH_CACHE=str(tmp_path / "cache"))
    planned = command(file, "--data", data, "--output", folder, "--dry-run", "--json")
    facts = json.loads(planned.stdout)
    assert (facts["clips"], facts["to_do"], facts["recordings"]) == (4, 4, {"speech": 3, "noise": 1, "rooms": 1})
    assert not folder.exists()
    done = command(file, "--data", data, "--output", folder, "--json", "--workers", 1)
    facts = json.loads(done.stdout)
    assert (facts["mixed"], facts["clips"]) == (4, 4)
    assert facts["times_real_time"] > 0
    again = command(file, "--data", data, "--output", folder)
    assert "nothing to do, all 4 clips are there" in again.stdout
    assert "before you publish it: Some recordings state no licence" in again.stderr
    missing = command("noisy_reverb.yaml")
    assert missing.returncode == 2
    assert "Did you mean 'noisy_reverberant'?" in missing.stderr


def test_a_recipe_is_no_run_configuration():
    assert "noisy_reverberant" in config.shipped_recipes()
    assert "noisy_reverberant" not in config.shipped()
    file = config.shipped_recipes()["noisy_reverberant"]
    with pytest.raises(ConfigError, match=r"this is the recipe of a dataset, no run\. Build it: codecbench data build"):
        config.load(file)
    with pytest.raises(ConfigError, match="this is the recipe of a dataset"):
        clips_of(str(file), DatasetContext(None, Path()))


def test_the_recipe_that_comes_along_fits_the_real_audio(real_data):
    plan = plans.plan("configs/noisy_reverberant.yaml", real_data("speech").parent)
    assert plan.terms.obstacles == ()
    assert plan.terms.licences == ("CC BY 4.0", "CC0 1.0", "public domain")
    others = len({source.speaker for source in plan.materials.speech}) - 1
    [babble] = [entry for entry in plan.recipe.noise if isinstance(entry, Babble)]
    assert babble.talkers[1] <= others
    times = sorted(room.rt60_s for entry in plan.materials.rooms for room in entry)
    assert len(times) >= 5
    assert times[0] < 0.7 < 1.2 < times[-1]
