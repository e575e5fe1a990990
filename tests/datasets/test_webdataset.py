from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import audio
from bench.datasets.base import verify
from bench.datasets.shards import Shard, expanded
from bench.datasets.webdataset import webdataset
from bench.errors import AudioError, ConfigError, DatasetError


@pytest.fixture
def sound(put):
    def make(seed: int, suffix: str = "flac", **options: object) -> bytes:
        path = put(f"material/{seed}.{suffix}", seed=seed, **options)
        content = path.read_bytes()
        path.unlink()
        return content

    return make


@pytest.fixture
def shard(context):
    """Write a tar file of ``(name, content)`` below the data folder, as ``tar`` does."""

    def write(name: str, *members: tuple[str, bytes]) -> Path:
        path = context.data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:
            for member, content in members:
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        os.utime(path, (1_600_000_000, 1_600_000_000))
        return path

    return write


@pytest.mark.parametrize("name", ["s.tar", "s.tar.gz", "s.tgz"])
def test_samples_become_clips(context, shard, sound, name):
    one, two = sound(1, rate=44_100, channels=2), sound(2, "wav", seconds=0.5)
    shard(
        name, ("./a/x.json", json.dumps({"speaker": "p1", "path": "old", "snr_db": 3.5}).encode()), ("./a/x.FLAC", one),
        ("./a/x.text.txt", b" hello \n"), ("./a/x.cls", b"7"), ("./a/x.png", b"image"),
        ("y.wav", two), ("._y.wav", b"0"),
    )  # fmt: skip
    first, second = webdataset("set", context, "speech", name, licence="CC0-1.0")
    assert [first.id, second.id] == ["set/s/a/x", "set/s/y"]
    assert first.attributes == {"speaker": "p1", "path_": "old", "snr_db": 3.5, "text": "hello", "class": 7}
    assert (first.sample_rate, first.channels, first.licence) == (44_100, 2, "CC0-1.0")
    assert (second.samples, second.attributes) == (8_000, {})
    for clip, content in ((first, one), (second, two)):
        assert clip.sha256 == hashlib.sha256(content).hexdigest()
        assert Path(clip.path).read_bytes() == content
        assert Path(clip.path).is_relative_to(context.cache_dir)
        verify(clip)


def test_only_what_is_chosen_is_extracted_and_only_once(context, shard, sound, monkeypatch):
    for number in range(3):
        members = [(f"{key:04}.flac", sound(10 * number + key, seconds=0.05)) for key in range(6)]
        shard(f"t-{number:03}.tar", *members)
    read: list[str] = []
    real = Shard.contents

    def contents(self, wanted):
        read.extend(f"{self.label}/{key}" for key, *_ in wanted)
        return real(self, wanted)

    monkeypatch.setattr(Shard, "contents", contents)
    clips = webdataset("set", context, "speech", "t-{000..002}.tar", limit=4, seed=3)
    assert sorted(read) == sorted(clip.id.removeprefix("set/") for clip in clips)
    assert len(list((context.cache_dir / "extracted").rglob("*.flac"))) == len(clips) == 4
    read.clear()
    monkeypatch.setattr(Shard, "_indexed", None)
    assert webdataset("set", context, "speech", "t-*.tar", limit=4, seed=3) == clips
    assert read == []
    more = webdataset("set", context, "speech", ["t-000.tar", "t-00[12].tar"], limit=6, seed=3)
    assert {clip.id for clip in clips} < {clip.id for clip in more}
    assert len(read) == 2
    read.clear()
    Path(clips[0].path).write_bytes(b"damaged")
    Path(clips[1].path).unlink()
    assert webdataset("set", context, "speech", "t-*.tar", limit=4, seed=3) == clips
    assert len(read) == 2
    verify(clips[0])


def test_a_member_that_is_no_audio_is_a_clip_that_fails(context, shard, sound):
    shard("s.tar", ("a.flac", b"<html>not found</html>"), ("b.flac", sound(1)), ("c.wav", b""))
    page, good, empty = webdataset("set", context, "speech", "s.tar", duration_s=0.5)
    assert (page.sample_rate, empty.samples, good.duration_s) == (0, 0, 0.5)
    with pytest.raises(AudioError, match="HTML page"):
        audio.read(page.path)


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_truncated_or_damaged_shard_is_one_message_wherever_it_is_cut(context, shard, sound, kind):
    path = shard(f"s.{kind}", *((f"{key}.flac", sound(key, seconds=0.05)) for key in range(3)))
    whole = path.read_bytes()
    members = 3 * (512 + -(-len(sound(0, seconds=0.05)) // 512) * 512)
    cuts = [0, 1, 700, len(whole) // 2, len(whole) - 9] if kind == "tar.gz" else [0, 300, 512, 700, 1500, 3000, members]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        with pytest.raises(
            DatasetError, match=rf"dataset 'set': .*s\.{kind}: the shard is truncated or damaged"
        ) as error:
            webdataset("set", context, "speech", path.name)
        assert len(str(error.value).splitlines()) == 1
    if kind == "tar":
        damaged = bytearray(whole)
        damaged[members // 3 : members // 3 + 100] = b"\xff" * 100  # the second header
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match="no end mark"):
            webdataset("set", context, "speech", path.name)
    path.write_bytes(b"<html>not a tar file</html>" * 99)
    with pytest.raises(DatasetError, match="or no tar file"):
        webdataset("set", context, "speech", path.name)


def test_problems_of_all_shards_come_at_once(context, shard, sound):
    shard("a.tar", ("x.flac", b"1"), ("y.flac", b"2"), ("x.flac", b"3"))
    shard("b.tar", ("x.clean.wav", b"1"), ("x.noisy.wav", b"2"))
    (context.data_dir / "c.tar").write_bytes(b"no")
    with pytest.raises(DatasetError) as error:
        webdataset("set", context, "speech", "*.tar")
    twice, several, broken = str(error.value).splitlines()
    assert "a.tar: expected every member once, these come again: x.flac" in twice
    assert "several audio members (clean.wav, noisy.wav): b/x; say with `audio`" in several
    assert "c.tar" in broken


def test_the_audio_member_can_be_chosen(context, shard, sound, caplog):
    clean, noisy = sound(1, "wav"), sound(2, "wav")
    shard("s.tar", ("x.clean.wav", clean), ("x.noisy.wav", noisy), ("only.clean.wav", clean), ("text.json", b"{}"))
    [clip] = webdataset("set", context, "speech", "s.tar", audio="noisy.wav")
    assert Path(clip.path).read_bytes() == noisy
    assert "2 samples without audio are no clips: s/only, s/text" in caplog.text
    with pytest.raises(DatasetError, match=r"no sample of the 1 shards has audio \.mp3"):
        webdataset("set", context, "speech", "s.tar", audio="mp3")


def test_names_in_a_shard_cannot_lead_out_of_the_cache(context, shard, sound, tmp_path):
    shard("s.tar", ("../../../evil.flac", sound(1)), ("/tmp/absolute.flac", sound(2)))
    for clip in webdataset("set", context, "speech", "s.tar"):
        assert Path(clip.path).is_relative_to(context.cache_dir)
    assert not list(tmp_path.rglob("evil*"))


def test_links_and_folders_in_a_shard_are_no_samples(context, shard, sound):
    path = shard("s.tar", ("a.flac", sound(1)))
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("b.flac")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        folder = tarfile.TarInfo("c.flac")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    assert [clip.id for clip in webdataset("set", context, "speech", "s.tar")] == ["set/s/a"]


def test_sidecars_that_cannot_be_read_are_said(context, shard, sound, caplog):
    shard("s.tar", ("a.flac", sound(1)), ("a.json", b"{broken"), ("b.flac", sound(2)), ("b.json", b'{"x": NaN}'))
    a, b = webdataset("set", context, "speech", "s.tar")
    assert (a.attributes, b.attributes) == ({}, {"x": None})
    assert "set/s/a: its json cannot be read" in caplog.text


def test_missing_shards_and_wrong_options(context, shard, sound):
    shard("s-0.tar", ("a.flac", sound(1)))
    with pytest.raises(DatasetError, match=r"no such shard: .*s-1\.tar, .*s-2\.tar\. Relative paths start at the data"):
        webdataset("set", context, "speech", "s-{0..2}.tar")
    with pytest.raises(ConfigError, match="category"):
        webdataset("set", context, "talk", "s-0.tar")  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="expected a start within"):
        webdataset("set", context, "speech", "s-0.tar", start_s=5)


def test_a_changed_shard_is_read_again(context, shard, sound):
    shard("s.tar", ("a.flac", sound(1)))
    [before] = webdataset("set", context, "speech", "s.tar")
    path = shard("s.tar", ("a.flac", sound(2)))
    os.utime(path)
    [after] = webdataset("set", context, "speech", "s.tar")
    assert before.sha256 != after.sha256
    verify(before)


def test_labels_of_shards_are_unique(context, shard, sound):
    for name in ("x/s.tar", "y/s.tar", "y/s.tar.gz"):
        shard(name, ("a.flac", sound(1)))
    ids = [clip.id for clip in webdataset("set", context, "speech", ["x/*.tar", "y/*.tar", "y/*.gz"])]
    assert len(set(ids)) == 3
    assert {"set/x/s/a"} < set(ids)


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_range_is_what_a_shell_makes_of_it(first, count):
    last = first + count
    assert expanded(f"s-{{{first:03}..{last:03}}}.tar") == [f"s-{n:03}.tar" for n in range(first, last + 1)]
    assert expanded(f"{{a,b}}{{{first}..{last}}}")[-1] == f"b{last}"
    assert expanded("no{braces") == ["no{braces"]


def test_a_compressed_shard_is_decompressed_once_to_index_it(context, shard, sound, monkeypatch):
    path = shard("s.tar.gz", *((f"{key}.flac", sound(key)) for key in range(4)))
    size = len(gzip.decompress(path.read_bytes()))
    read = 0
    real = gzip.GzipFile.read

    def counting(self, *arguments):
        nonlocal read
        content = real(self, *arguments)
        read += len(content)
        return content

    rewinds: list[int] = []
    monkeypatch.setattr(gzip._GzipReader, "_rewind", lambda self: rewinds.append(1), raising=False)
    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    assert len(Shard(path, "s").samples(context.cache_dir)) == 4
    assert rewinds == []
    assert 0 < read <= size
