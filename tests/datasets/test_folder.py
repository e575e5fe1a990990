from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bench import audio, datasets
from bench.datasets.base import DatasetContext, find_files, verify
from bench.datasets.folder import clip_ids, folder
from bench.datasets.sampling import stratified
from bench.domain import Clip
from bench.errors import AudioError, ConfigError, DatasetError


def test_the_registry_makes_a_folder(context, put):
    put("a.wav")
    options = {"name": "speech", "context": context, "category": "speech", "path": "."}
    [clip] = datasets.make("folder", options)
    assert clip.id == "speech/a"
    with pytest.raises(ConfigError, match="Did you mean 'include'"):
        datasets.make("folder", options | {"inclde": ["*.wav"]})


def test_every_loader_can_be_imported():
    for name in datasets.names():
        assert callable(datasets.load(name))


def test_clips_tell_what_the_files_are(context, put):
    path = put("b/two words/é ü.flac", seconds=0.5, rate=48_000, channels=2)
    put("a.wav")
    first, clip = folder("speech", context, "music", ".", licence="CC0-1.0")
    assert (first.id, clip.id) == ("speech/a", "speech/b/two words/é ü")
    assert (clip.sample_rate, clip.channels, clip.samples) == (48_000, 2, 24_000)
    assert clip.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (clip.dataset, clip.category, clip.licence, clip.path) == ("speech", "music", "CC0-1.0", str(path))
    assert (clip.start_s, clip.duration_s, clip.lead_in_s, clip.source) == (0, None, 0, clip.id)
    assert audio.read(clip.path).length == 24_000


def test_all_four_formats_are_found_whatever_their_case(context, put):
    put("a.wav").rename(context.data_dir / "a.WAV")
    put("b.flac")
    for name, kind in (("c.ogg", "OGG"), ("d.mp3", "MP3")):
        soundfile.write(context.data_dir / name, np.zeros(48_000), 48_000, format=kind)
    (context.data_dir / "notes.txt").write_text("no audio")
    clips = folder("x", context, "music", ".")
    assert [clip.id for clip in clips] == ["x/a", "x/b", "x/c", "x/d"]
    assert all(clip.sample_rate for clip in clips)


def test_globs_choose_and_exclude(context, put):
    for name in ("p1/a.wav", "p1/b.wav", "p2/a.wav", "deep/p1/c.wav"):
        put(name)

    def ids(**options):
        return [clip.id for clip in folder("x", context, "speech", ".", **options)]

    assert ids(include=["p1/*"]) == ["x/deep/p1/c", "x/p1/a", "x/p1/b"]
    assert ids(exclude=["p1/*", "b.wav"]) == ["x/p2/a"]
    assert ids(include=["a.wav"]) == ["x/p1/a", "x/p2/a"]


def test_a_file_that_cannot_be_read_is_a_clip_all_the_same(context, put):
    data = context.data_dir
    put("good.wav")
    (data / "empty.wav").touch()
    (data / "text.wav").write_text("not audio at all")
    (data / "link.wav").symlink_to(data / "nowhere.wav")
    soundfile.write(data / "no_samples.wav", np.zeros(0), 16_000)
    clips = {clip.id: clip for clip in folder("x", context, "speech", ".", start_s=0.5)}
    assert len(clips) == 5
    for name in ("empty", "text", "no_samples", "link"):
        clip = clips[f"x/{name}"]
        assert (clip.sample_rate, clip.channels, clip.samples) == (0, 0, 0)
        with pytest.raises(AudioError):
            audio.read(clip.path)
    assert clips["x/text"].sha256 == hashlib.sha256(b"not audio at all").hexdigest()
    assert clips["x/link"].sha256 == ""


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_truncated_file_is_found_and_fails_when_it_is_read(context, put, suffix):
    path = put(f"cut.{suffix}")
    path.write_bytes(path.read_bytes()[:9_000])
    [clip] = folder("x", context, "speech", ".")
    with pytest.raises(AudioError):
        audio.read(clip.path)


def test_the_cut_is_a_maximum(context, put):
    put("long.wav", seconds=3)
    put("short.wav", seconds=1.2)
    long, short = folder("x", context, "speech", ".", start_s=0.5, duration_s=1.0, lead_in_s=2.0)
    assert (long.start_s, long.duration_s, long.lead_in_s) == (0.5, 1.0, 0.5)
    assert short.duration_s is None
    assert audio.read(short.path, short.start_s, short.duration_s).seconds == pytest.approx(0.7)


def test_files_that_end_before_the_start_are_listed_by_name(context, put):
    for name in ("a.wav", "b.wav"):
        put(name)
    put("c.wav", seconds=3)
    with pytest.raises(DatasetError, match=r"(?s)a\.wav.*within the file's 1\.000 s, got start_s 2.*b\.wav") as error:
        folder("x", context, "speech", ".", start_s=2)
    assert "c.wav" not in str(error.value)


def test_a_limit_takes_a_seeded_sample_in_order(context, put):
    for number in range(8):
        put(f"{number}.wav", seconds=0.1)

    def ids(limit, seed=0):
        return [clip.id for clip in folder("x", context, "speech", ".", limit=limit, seed=seed)]

    assert ids(4) == ids(4) == sorted(ids(4))
    assert set(ids(3)) < set(ids(4))
    assert len({tuple(ids(4, seed)) for seed in range(5)}) > 1
    assert ids(100) == ids(None)


def test_no_folder_says_how_to_point_to_it(context):
    with pytest.raises(DatasetError, match=r"speech.*data/speech.*--data DIR.*CODECBENCH_DATA"):
        folder("speech", context, "speech", "speech")


def test_no_match_names_folder_and_globs(context):
    with pytest.raises(DatasetError, match=r"no file below .*data matches \*\.wav, \*\.flac .*without p1/\*"):
        folder("x", context, "speech", ".", include=["*.wav", "*.flac"], exclude=["p1/*"])


def test_wrong_options_are_listed_all_at_once(context):
    with pytest.raises(ConfigError) as error:
        folder("x", context, "talk", ".", start_s=-1, limit=0, duration_s=float("inf"), seed="a")  # type: ignore[arg-type]
    assert len(error.value.problems) == 5
    assert "dataset 'x', category" in str(error.value)
    assert "got 'talk'" in str(error.value)


def test_relative_paths_start_at_the_current_folder_without_a_data_folder(put, context, monkeypatch):
    put("a.wav")
    monkeypatch.chdir(context.data_dir)
    [clip] = folder("x", DatasetContext(None, context.cache_dir), "speech", ".")
    assert Path(clip.path).is_absolute()


@given(st.lists(st.text("aAbß.é/", min_size=1).map(lambda text: f"f{text}.wav"), unique=True))
def test_ids_are_unique_whatever_the_case(paths):
    ids = clip_ids(paths)
    assert len({clip_id.casefold() for clip_id in ids}) == len(paths)


def test_verify_says_what_changed(context, put):
    path = put("a.wav")
    [clip] = folder("x", context, "speech", ".")
    verify(clip)
    path.write_bytes(b"something else")
    with pytest.raises(
        DatasetError, match=rf"the file changed since.*expected sha256 {clip.sha256}, got [0-9a-f]{{64}}"
    ):
        verify(clip)
    path.unlink()
    with pytest.raises(DatasetError, match="No such file"):
        verify(clip)


def test_a_sample_keeps_the_order():
    clips = [Clip(f"c{n}", "c", "speech", "", "", 1, 1, 1) for n in (3, 1, 2)]
    assert stratified(clips, 2, 0) in ([clips[0], clips[1]], [clips[0], clips[2]], [clips[1], clips[2]])


def test_names_that_differ_only_by_case_are_all_kept_and_said(context, put, caplog):
    composed, decomposed = "caf\u00e9.wav", "cafe\u0301.wav"
    for name in ("c.wav", "C.wav", "P1/a.wav", "p1/A.wav", composed, decomposed, "other.wav"):
        put(name)
    clips = folder("x", context, "speech", ".")
    assert len({clip.id for clip in clips}) == len(clips) == 7
    twins = {Path(clip.path).relative_to(context.data_dir).as_posix(): clip.attributes for clip in clips}
    assert twins["c.wav"] == {"same_name_as": "C.wav"}
    assert twins["p1/A.wav"] == {"same_name_as": "P1/a.wav"}
    assert twins[composed] == {"same_name_as": decomposed}
    assert sum(map(bool, twins.values())) == 3
    assert "3 names differ from another only by case" in caplog.text
    caplog.clear()
    folder("x", context, "speech", ".", exclude=["c.wav", "p1/*", "caf*"])
    assert caplog.text == ""


AS_NOBODY = """
import os, sys
from pathlib import Path
from bench.datasets.base import find_paths
from bench.errors import DatasetError
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
for exclude in ([], ["closed/*"]):
    try:
        print(find_paths(Path(sys.argv[1]), ["*.wav"], exclude))
    except DatasetError as error:
        print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs a user who may become another one")
def test_a_folder_that_cannot_be_read_is_an_error_by_name():
    with tempfile.TemporaryDirectory() as root:
        Path(root).chmod(0o755)
        for name in ("open", "closed"):
            (Path(root) / name).mkdir()
            (Path(root) / name / "a.wav").touch()
        (Path(root) / "closed").chmod(0o700)
        command = [sys.executable, "-c", AS_NOBODY, root]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        refused, excluded = result.stdout.splitlines()
        assert refused.startswith(f"{root}/closed: this folder cannot be read (Permission denied)")
        assert "exclude `closed/*`" in refused
        assert excluded == "['open/a.wav']"


def test_a_folder_that_goes_away_while_it_is_read_is_an_error(context, put, monkeypatch):
    """The same without another user: what os.walk reports and would pass over."""
    put("a.wav")
    put("gone/b.wav")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("gone"):
            shutil.rmtree(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DatasetError, match=r"gone: this folder cannot be read \(No such file"):
        folder("x", context, "speech", ".")


def test_links_in_circles_end_and_linked_folders_are_said(context, put, caplog):
    put("deep/a.wav")
    (context.data_dir / "deep" / "up").symlink_to(context.data_dir)
    (context.data_dir / "b.wav").symlink_to(context.data_dir / "b.wav")
    clips = folder("x", context, "speech", ".")
    assert [(clip.id, bool(clip.samples)) for clip in clips] == [("x/b", False), ("x/deep/a", True)]
    assert "linked folders are not entered: deep/up" in caplog.text
    caplog.clear()
    folder("x", context, "speech", ".", exclude=["deep/up/*"])
    assert caplog.text == ""


def test_mixed_rates_and_channels_in_one_folder(context, put):
    kinds = [(8_000, 1), (44_100, 2), (48_000, 6), (192_000, 1)]
    for number, (rate, channels) in enumerate(kinds):
        put(f"{number}.wav", 0.05, rate, channels)
    clips = folder("x", context, "music", ".", duration_s=0.02)
    assert [(clip.sample_rate, clip.channels) for clip in clips] == kinds
    assert {clip.duration_s for clip in clips} == {0.02}


@pytest.mark.slow
def test_a_hundred_thousand_files_in_one_folder(context):
    for number in range(100_000):
        (context.data_dir / f"{number:06}.wav").touch()
    started = time.monotonic()
    clips = folder("x", context, "speech", ".", limit=3)
    assert len(clips) == 3
    assert time.monotonic() - started < 15
    assert len(find_files(context.data_dir, ["*9.wav"], [])) == 10_000
