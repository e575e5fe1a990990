from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench import audio
from bench.audio import Audio
from bench.auditing import audit, mark_warnings
from bench.datasets.base import sha256_of
from bench.domain import Clip
from bench.loading import clips_of, dataset_context
from tests.commands import codecbench
from tests.conftest import noise
from tests.in_process import in_process


@pytest.fixture
def faulty(tmp_path, babble):
    """A folder of one file for each kind of trouble, and two without."""
    folder = tmp_path / "faulty"
    fine = {seed: babble(seed, 48_000) for seed in (1, 2, 3)}
    stereo = Audio(np.concatenate([fine[1].samples, fine[2].samples]), 48_000)
    audio.write(folder / "fine_stereo.wav", stereo, "PCM_16")
    audio.write(folder / "fine_mono.flac", fine[3], "PCM_16")
    audio.write(folder / "copy.wav", Audio(fine[3].at(16_000).samples * 0.2, 16_000), "PCM_24")
    audio.write(folder / "dual_mono.wav", babble(4, 48_000).mixed_to(2), "PCM_16")
    audio.write(folder / "clipped.wav", Audio((9 * babble(5, 48_000).samples).clip(-1, 1), 48_000), "PCM_16")
    audio.write(folder / "silent.wav", Audio(np.zeros((1, 24_000)), 24_000), "PCM_16")
    audio.write(folder / "one_sample.wav", Audio(np.full((1, 1), 0.003), 44_100), "PCM_16")
    soundfile.write(folder / "lossy.ogg", noise(44_100, 2.0).samples.T, 44_100)
    bad = noise(16_000, 1.0).samples.T.copy()
    bad[100] = np.nan
    soundfile.write(folder / "no_number.wav", bad, 16_000, subtype="FLOAT")
    (folder / "text.wav").write_text("this is no audio")
    (folder / "empty.flac").write_bytes(b"")
    return folder


def rows_of(folder, cache, workers=2, **options):
    return audit(clips_of(str(folder), dataset_context(cache=cache)), Path(cache), workers, **options)


@pytest.fixture
def here():
    """What is audited in this process."""
    with in_process():
        yield


def by_name(rows):
    return {row.clip.id.partition("/")[2]: set(row.marks) - {"no_licence"} for row in rows}


def test_every_fault_is_found_and_nothing_else_and_reasons_do_not_say_where_files_lie(faulty, tmp_path):
    rows = rows_of(faulty, tmp_path / "cache")
    found = by_name(rows)
    for name in ("fine_stereo", "fine_mono", "copy", "dual_mono", "clipped"):
        found[name] -= {"band_limited"}  # a made-up signal with nothing above 3 kHz may well count as one
    assert found == {
        "fine_stereo": set(), "fine_mono": {"duplicate"}, "copy": {"duplicate"}, "dual_mono": {"dual_mono"},
        "clipped": {"clipped"}, "silent": {"silent"}, "one_sample": {"silent"}, "lossy": {"lossy"},
        "no_number": {"unreadable"}, "text": {"unreadable"}, "empty": {"unreadable"},
    }  # fmt: skip
    reasons = {row.clip.id: row.marks.get("unreadable", "") for row in rows}
    assert reasons["faulty/no_number"].startswith("no_number.wav: 1 samples are NaN")
    assert "empty" in reasons["faulty/empty"]
    assert not any(str(faulty) in reason for reason in reasons.values())


def test_what_was_measured_is_kept_by_content(small_set, tmp_path):
    (small_set / "text.wav").write_text("this is no audio")
    first = rows_of(small_set, tmp_path / "cache", 1)
    for path in (tmp_path / "cache" / "audit").rglob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": "kept"}))
    told = []
    again = rows_of(
        small_set.rename(tmp_path / "elsewhere"), tmp_path / "cache", 1, progress=lambda *now: told.append(now)
    )
    assert [row.facts for row in again] == [row.facts for row in first]
    assert {row.sample_format for row in again if row.facts} == {"kept"}
    assert told == [(6, 7), (7, 7)]


@pytest.mark.usefixtures("here")
def test_a_changed_file_is_not_taken_for_what_was_measured_of_it(small_set, tmp_path):
    rows = rows_of(small_set, tmp_path / "cache")
    clips = [row.clip for row in rows]
    changed, gone, *others = clips
    audio.write(changed.path, noise(16_000, 1.0), "PCM_16")
    Path(gone.path).unlink()
    first, second, *rest = audit(clips, tmp_path / "cache", 1)
    got = sha256_of(Path(changed.path))
    assert (first.facts, second.facts) == (None, None)
    assert f"expected sha256 {changed.sha256}, got {got}" in first.marks["unreadable"]
    assert Path(gone.path).name in second.marks["unreadable"]
    assert [row.clip for row in rest] == others
    assert [row.facts for row in rest] == [row.facts for row in rows[2:]]


@pytest.mark.usefixtures("here")
def test_a_file_that_is_fine_is_measured_for_a_changed_one_of_the_same_content(tmp_path, babble):
    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for path in paths:
        audio.write(path, babble(1, 16_000))
    clips = [
        Clip(path.stem, "x", "speech", str(path), sha256_of(path), 16_000, 1, 64_000, "CC0", source="one")
        for path in paths
    ]
    paths[0].write_bytes(b"changed")
    changed, fine = audit(clips, tmp_path / "cache", 1)
    assert list(changed.marks) == ["unreadable"]
    assert fine.facts is not None
    assert not fine.marks


def test_the_number_of_workers_changes_nothing(small_set, tmp_path):
    one, three = (rows_of(small_set, tmp_path / str(workers), workers) for workers in (1, 3))
    assert one == three
    assert [row.facts.channels for row in one] == [2, 2, 1, 1, 1, 1]


@pytest.mark.usefixtures("here")
def test_a_damaged_entry_of_the_cache_is_measured_again(small_set, tmp_path):
    first = rows_of(small_set / "music", tmp_path / "cache", 1)
    for path in (tmp_path / "cache" / "audit").rglob("*.json"):
        path.write_text('{"format": "PCM_16", "facts": {"rms_dbfs"')
    assert rows_of(small_set / "music", tmp_path / "cache", 1) == first


def test_a_reader_that_dies_costs_its_own_row(small_set, tmp_path, monkeypatch):
    """A file that crashes its decoder takes the process with it."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os\nfrom bench import auditing\nsound = auditing.inspect\n"
        "auditing.inspect = lambda clip: os.abort() if 's2' in clip.id else sound(clip)\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    rows = rows_of(small_set, tmp_path / "cache", 1)
    unreadable = {row.clip.id: row.marks["unreadable"] for row in rows if row.facts is None}
    assert len(rows) == 6
    assert list(unreadable) == ["data/speech/s2"]
    assert "signal 6" in unreadable["data/speech/s2"]


@pytest.mark.usefixtures("here")
def test_only_the_judged_part_counts(tmp_path, babble):
    path = tmp_path / "x.wav"
    good = babble(1, 16_000).samples
    audio.write(path, Audio(np.concatenate([good, 0 * good], axis=1), 16_000))
    about = (str(path), sha256_of(path), 16_000, 1, 2 * good.shape[1], "CC0")
    clips = [Clip(f"x/{start}", "x", "speech", *about, start_s=start, duration_s=2.0) for start in (0.0, 6.0)]
    first, second = audit(clips, tmp_path / "cache", 2)
    assert "silent" not in first.marks
    assert "silent" in second.marks
    assert first.facts.seconds == 2


@pytest.mark.usefixtures("here")
def test_parts_of_one_source_are_no_duplicates_but_equal_clips_are(tmp_path, babble):
    path, other = tmp_path / "x.wav", tmp_path / "y.flac"
    audio.write(path, babble(1, 16_000))
    audio.write(other, babble(1, 16_000).at(24_000))

    def clip(name, file, source):
        return Clip(name, "set", "speech", str(file), sha256_of(file), 16_000, 1, 64_000, "CC0", source=source)

    def duplicated(*clips):
        return [row.clip.id for row in audit(clips, tmp_path / "cache", 1) if "duplicate" in row.marks]

    assert duplicated(clip("a", path, "one"), clip("b", other, "one")) == []
    assert duplicated(clip("a", path, "one"), clip("b", other, "two")) == ["a", "b"]
    assert duplicated(clip("a", path, "one"), clip("b", path, "one")) == ["a", "b"]


@pytest.mark.usefixtures("here")
def test_mixtures_that_share_noise_are_no_duplicates_but_those_of_one_speech_are(tmp_path, babble):
    """Noise so loud that all sound the same."""
    rain = babble(1, 16_000).samples

    def clip(name, seed, speech, **stated):
        path = tmp_path / f"{name}.wav"
        audio.write(path, Audio(rain + 0.003 * babble(seed, 16_000).samples, 16_000))
        materials = [{"role": "noise", "sha256": "rain"}, {"role": "speech", "sha256": speech}]
        attributes = {"materials": materials} if speech else {}
        about = (str(path), sha256_of(path), 16_000, 1, 64_000, "CC0")
        return Clip(name, "set", "noisy_reverberant_speech", *about, **stated, attributes=attributes)

    def duplicated(*clips):
        return [row.clip.id for row in audit(clips, tmp_path / "cache", 1) if "duplicate" in row.marks]

    first, second, again, plain = clip("a", 2, "x"), clip("b", 3, "y"), clip("c", 4, "x"), clip("d", 5, "")
    assert duplicated(first, second) == []
    assert duplicated(first, second, again) == ["a", "c"]
    assert duplicated(first, plain) == ["a", "d"]
    equal = replace(first, id="e", attributes={"materials": [{"role": "speech", "sha256": "z"}]})
    assert duplicated(first, equal) == ["a", "e"]


@pytest.mark.usefixtures("here")
def test_rows_of_many_clips_come_from_the_cache_in_seconds(tmp_path, babble):
    """One file under 20 000 names: each name is a row, the file is measured once."""
    path = tmp_path / "x.wav"
    audio.write(path, babble(1, 16_000))
    sha = sha256_of(path)
    clips = [Clip(f"x/{index}", "x", "speech", str(path), sha, 16_000, 1, 64_000, "CC0") for index in range(20_000)]
    started = time.process_time()
    rows = audit(clips, tmp_path / "cache", 2)
    assert len(rows) == 20_000
    assert all(row.marks["duplicate"].startswith("20000 clips are one recording: x/0, x/1, x/2 and") for row in rows)
    assert time.process_time() - started < 10


def test_warnings_are_one_line_a_mark():
    marks = {f"clip-{index:02d}": {"clipped": f"{index} samples are cut off"} for index in range(20)}
    marks["clip-00"]["silent"] = "its level is -120 dBFS"
    marks |= {"fine": {}}
    first, second = mark_warnings(marks)
    assert first.startswith("silent, 1 of 21 references: clip-00 (its level is -120 dBFS): ")
    assert second.startswith("clipped, 20 of 21 references: clip-00, clip-01, clip-02, clip-03, clip-04 and 15 more: ")


def test_the_command(small_set, tmp_path):
    first = small_set / "speech" / "s0.wav"
    for name, content in (("text.wav", b"no audio"), ("empty.flac", b""), ("a.wav", b"RIFF"), ("copy.wav", None)):
        (small_set / name).write_bytes(first.read_bytes() if content is None else content)
    audio.write(small_set / "speech" / "dual.wav", audio.read(first).mixed_to(2), "PCM_16")
    command = partial(codecbench, "data", "audit", small_set, CODECBENCH_CACHE=str(tmp_path / "cache"))
    done = command("--json", "--workers", "2", "--output", tmp_path / "out" / "audit.csv")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["marks"]["unreadable"] == {"clips": 3, "serious": True}
    assert len(told["clips"]) == 11
    with (tmp_path / "out" / "audit.csv").open(newline="") as file:
        rows = {row["clip"]: row for row in csv.DictReader(file)}
    assert rows["data/speech/dual"]["stereo"] == "dual_mono"
    assert float(rows["data/speech/dual"]["loudness_lufs"]) < 0
    assert "unreadable" in rows["data/text"]["marks"]

    done = command("--strict", "--output", tmp_path / "audit.html")
    assert done.returncode == 1
    assert "11 clips" in done.stdout
    assert "clips are one recording" in " ".join(done.stdout.split())
    page = (tmp_path / "audit.html").read_text()
    assert "The references" in page
    assert str(tmp_path) not in page
    assert page.count("<svg") == 2


@pytest.mark.usefixtures("here")
def test_the_clips_that_come_along_have_no_mark(tmp_path):
    rows = audit(clips_of("embedded", dataset_context(cache=tmp_path)), tmp_path, 2)
    assert len(rows) == 12
    assert {row.clip.id: dict(row.marks) for row in rows if row.marks} == {}


def test_wrong_options_are_said(small_set):
    done = codecbench("data", "audit", small_set, "--output", "audit.pdf")
    assert (done.returncode, done.stdout) == (2, "")
    assert ".csv or .html" in done.stderr
    done = codecbench("data", "audit", small_set, "--category", "podcast")
    assert done.returncode == 2
    assert "noisy_reverberant_speech" in done.stderr
