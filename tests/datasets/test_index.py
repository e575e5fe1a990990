from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.datasets import index as module
from bench.datasets.index import Facts, Index, Stamp, facts_of

LONG_AGO = 1_600_000_000


def old(path: Path, at: float = LONG_AGO) -> Path:
    """As a file that has lain there for years: a young one is not remembered."""
    os.utime(path, (at, at))
    return path


@pytest.fixture
def hashed(monkeypatch):
    """Paths that are read in full, as they are."""
    paths: list[str] = []
    real = module._hashed

    def recording(path, *arguments):
        paths.append(Path(path).name)
        return real(path, *arguments)

    monkeypatch.setattr(module, "_hashed", recording)
    return paths


@pytest.fixture
def files(put):
    made = [put(f"{number}.wav", 0.1, 16_000 + number, 1 + number % 2, number) for number in range(5)]
    return [old(path) for path in made]


def test_facts_are_the_hash_and_what_the_library_says(files, put, tmp_path):
    for name, kind in (("a.ogg", "OGG"), ("b.mp3", "MP3"), ("c.flac", "FLAC")):
        soundfile.write(tmp_path / name, np.zeros(4_800), 48_000, format=kind)
        files.append(tmp_path / name)
    for path, facts in zip(files, facts_of(files, tmp_path / "cache", "reading", workers=3), strict=True):
        header = soundfile.info(path)
        assert facts == Facts(
            hashlib.sha256(path.read_bytes()).hexdigest(), header.samplerate, header.channels, header.frames
        )


def test_a_file_is_read_once_and_again_when_it_changes(files, tmp_path, hashed, put):
    first = facts_of(files, tmp_path / "cache", "reading")
    assert sorted(hashed) == [path.name for path in files]
    hashed.clear()
    assert facts_of(files[::-1], tmp_path / "cache", "reading") == first[::-1]
    assert hashed == []
    put("1.wav", 0.1, 8_000, seed=99)  # another inode
    content = files[2].read_bytes()
    files[2].write_bytes(content[:-2] + b"xy")  # the same inode and size
    old(files[2], LONG_AGO + 1)
    second = facts_of(files, tmp_path / "cache", "reading")
    assert sorted(hashed) == ["1.wav", "2.wav"]
    assert [second[place] == first[place] for place in range(5)] == [True, False, False, True, True]


def test_a_young_file_is_not_trusted(put, tmp_path, hashed):
    path = put("young.wav")
    for _ in range(2):
        facts_of([path], tmp_path / "cache", "reading")
    assert hashed == ["young.wav", "young.wav"]


def test_what_cannot_be_read(tmp_path, put, hashed):
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    os.mkfifo(tmp_path / "pipe.wav")  # opening it would wait for ever
    text = tmp_path / "text.wav"
    text.write_text("no audio")
    names = ["loop.wav", "pipe.wav", "nothing.wav", "text.wav", "nul\0.wav", "surrogate\udc80.wav"]
    for _ in range(2):
        facts = facts_of([tmp_path / name for name in names], tmp_path / "cache", "reading")
        sha256 = hashlib.sha256(b"no audio").hexdigest()
        assert facts == [Facts(), Facts(), Facts(), Facts(sha256), Facts(), Facts()]


def test_what_was_no_audio_is_tried_again(tmp_path, put):
    """A later version of the library may read it: only the hash is taken from the index."""
    path = old(put("a.flac"))
    [facts] = facts_of([path], tmp_path / "cache", "reading")
    index = Index(tmp_path / "cache" / "index.sqlite")
    index.put(str(path), Stamp.of(path.stat()), Facts(facts.sha256))
    index.close()
    assert facts_of([path], tmp_path / "cache", "reading") == [facts]


@pytest.mark.parametrize("damage", [b"no database at all, whatever its name", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_index_is_made_again(files, tmp_path, caplog, hashed, damage):
    first = facts_of(files, tmp_path / "cache", "reading")
    (tmp_path / "cache" / "index.sqlite").write_bytes(damage * 100)
    assert facts_of(files, tmp_path / "cache", "reading") == first
    assert "is damaged" in caplog.text
    hashed.clear()
    assert facts_of(files, tmp_path / "cache", "reading") == first
    assert hashed == []


def test_without_an_index_everything_is_hashed_and_said(files, tmp_path, caplog):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert all(facts.samples for facts in facts_of(files, tmp_path / "cache", "reading"))
    assert "cannot be used" in caplog.text
    (tmp_path / "other" / "index.sqlite").mkdir(parents=True)
    assert all(facts.samples for facts in facts_of(files, tmp_path / "other", "reading"))


def test_an_index_of_another_version_is_not_read(files, tmp_path, hashed):
    facts_of(files, tmp_path / "cache", "reading")
    with sqlite3.connect(tmp_path / "cache" / "index.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    hashed.clear()
    facts_of(files, tmp_path / "cache", "reading")
    assert len(hashed) == len(files)


def test_two_processes_share_an_index(files, tmp_path, caplog):
    one, two = (Index(tmp_path / "index.sqlite") for _ in range(2))
    stamp = Stamp(1, 2, (1 << 64) - 1)
    for index, path in ((one, "a"), (two, "b")):
        index.put(path, stamp, Facts(path))
    one.close()
    two.close()
    three = Index(tmp_path / "index.sqlite")
    assert three.get(["a", "b", "c"]) == {"a": (stamp, Facts("a")), "b": (stamp, Facts("b"))}
    three.close()
    assert caplog.text == ""


SLOW = """
import signal, sys, time
from pathlib import Path
from bench.datasets import index
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
real, index.COMMIT_S = index._hashed, 0.0
def slow(path, *rest):
    time.sleep(0.02)
    print(path, flush=True)
    return real(path, *rest)
index._hashed = slow
try:
    index.facts_of(sorted(Path(sys.argv[1]).glob("*.wav")), Path(sys.argv[2]), "reading", workers=2)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_it_goes_on_where_it_was(tmp_path, how, hashed, caplog):
    folder, count = tmp_path / "many", 400
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:03}.wav").write_bytes(b"x%d" % number)
        old(folder / f"{number:03}.wav")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(folder), str(tmp_path / "cache")], stdout=subprocess.PIPE, text=True
    )
    read = [process.stdout.readline() for _ in range(100)]
    process.send_signal(how)
    started = time.monotonic()
    rest = process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    assert time.monotonic() - started < 3  # 300 files of 0.02 s by two threads would take that long
    assert ("interrupted" in rest) == (how == signal.SIGINT)
    seen = len(read) + len(rest)
    assert seen < count
    facts = facts_of(sorted(folder.glob("*.wav")), tmp_path / "cache", "reading")
    assert [one.sha256 for one in facts] == [hashlib.sha256(b"x%d" % number).hexdigest() for number in range(count)]
    assert count - seen <= len(hashed) <= count - 95
    assert caplog.text == ""
