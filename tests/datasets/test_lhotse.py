"""Manifests that the library writes, read by ours: the library is the independent source of the format."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from bench import audio
from bench.datasets.base import verify
from bench.datasets.lhotse import lhotse
from bench.errors import ConfigError, DatasetError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    library = pytest.importorskip(
        "lhotse", reason="needs the package lhotse, which writes the manifests of these tests"
    )


@pytest.fixture
def recordings(context, put):
    """A stereo and two mono recordings, with paths relative to the data folder."""
    found = []
    for name, seconds, channels in (("a", 4.0, 2), ("b", 2.0, 1), ("c", 3.0, 1)):
        path = put(f"wav/{name}.wav", seconds, 16_000, channels, seed=len(found))
        found.append(library.Recording.from_file(path).with_path_prefix(""))
    return [
        library.Recording.from_dict(
            one.to_dict() | {"sources": [{"type": "file", "channels": one.channel_ids, "source": f"wav/{one.id}.wav"}]}
        )
        for one in found
    ]


@pytest.fixture
def supervisions():
    segment = library.SupervisionSegment
    return [
        segment(
            "s1", "a", 0.5, 1.25, channel=[0, 1], text="hi", speaker="p1", language="en", gender="F", custom={"x": 3}
        ),
        segment("s2", "a", 2.0, 1.0, channel=1, text="there", speaker="p2", language="en"),
        segment("s3", "b", 0.0, 2.0, text="whole"),
    ]


@pytest.fixture
def save(context, recordings, supervisions):
    def write(name: str, what: str) -> str:
        folder = Path(context.data_dir)
        recorded = library.RecordingSet.from_recordings(recordings)
        supervised = library.SupervisionSet.from_segments(supervisions)
        if what == "recordings":
            recorded.to_file(folder / name)
        elif what == "supervisions":
            supervised.to_file(folder / name)
        else:
            cuts = library.CutSet.from_manifests(recorded, supervised)
            cuts = cuts.trim_to_supervisions(keep_overlapping=False) if what == "trimmed" else cuts
            library.CutSet.from_cuts(list(cuts)).to_file(folder / name)
        return name

    return write


def heard(clip):
    return audio.read(clip.path, clip.start_s, clip.duration_s).samples


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_cuts_sound_as_the_library_reads_them(context, save, suffix, monkeypatch):
    name = save(f"cuts.{suffix}", "trimmed")
    clips = {clip.id: clip for clip in lhotse("set", context, "speech", name, licence="CC0-1.0", lead_in_s=0.25)}
    monkeypatch.chdir(context.data_dir)
    cuts = library.load_manifest(name)
    assert set(clips) == {f"set/{one.id}" for one in cuts}
    for one in cuts:
        clip = clips[f"set/{one.id}"]
        assert np.array_equal(heard(clip), one.load_audio())
        assert clip.source == f"set/{one.recording_id}"
        assert (clip.licence, clip.lead_in_s) == ("CC0-1.0", min(0.25, one.start))
        verify(clip)


def test_attributes_are_those_of_the_supervisions(context, save, recordings, supervisions):
    first, second, third = lhotse("set", context, "speech", save("cuts.jsonl", "trimmed"))
    assert first.attributes == {"text": "hi", "speaker": "p1", "language": "en", "gender": "F", "x": 3}
    assert (first.start_s, first.duration_s, first.path) == (0.5, 1.25, str(context.data_dir / "wav" / "a.wav"))
    assert second.attributes["written_from"] == "channel 1 of a.wav"
    assert third.duration_s is None
    several = library.MultiCut("m", 0, 4.0, [0, 1], supervisions[1::-1], recording=recordings[0])
    (context.data_dir / "m.jsonl").write_text(json.dumps(several.to_dict()))
    [clip] = lhotse("set", context, "speech", "m.jsonl")
    assert clip.attributes == {"speaker": ["p2", "p1"], "language": "en", "gender": "F", "text": "hi there"}


def test_supervisions_of_recordings_become_clips(context, save, caplog, recordings):
    save("r.jsonl", "recordings")
    clips = lhotse("set", context, "speech", "r.jsonl", supervisions=save("s.jsonl.gz", "supervisions"))
    assert [clip.id for clip in clips] == ["set/s1", "set/s2", "set/s3"]
    assert clips[1].channels == 1
    assert clips[1].start_s == 2.0
    left_out = audio.read(context.data_dir / "wav" / "a.wav", 2.0, 1.0).samples[1:]
    assert np.array_equal(heard(clips[1]), left_out)
    assert "1 recordings without a supervision are no clips: c" in caplog.text


def test_whole_recordings_a_seeded_sample_and_root(context, save, tmp_path):
    save("r.jsonl", "recordings")
    clips = lhotse("set", context, "music", "r.jsonl")
    assert [(clip.id, clip.channels, clip.duration_s) for clip in clips] == [
        ("set/a", 2, None), ("set/b", 1, None), ("set/c", 1, None),
    ]  # fmt: skip
    assert {c.id for c in lhotse("set", context, "music", "r.jsonl", limit=2)} < {clip.id for clip in clips}
    (context.data_dir / "deep").mkdir()
    (context.data_dir / "r.jsonl").rename(context.data_dir / "deep" / "r.jsonl")
    with pytest.raises(DatasetError, match=r"3 files are missing: .*deep/wav/a\.wav.*which `root` changes"):
        lhotse("set", context, "music", "deep/r.jsonl")
    assert [clip.path for clip in lhotse("set", context, "music", "deep/r.jsonl", root=".")] == [c.path for c in clips]


def test_recordings_of_one_file_for_each_channel(context, recordings, put):
    for channel in (0, 1):
        put(f"wav/d{channel}.wav", 1.0, seed=channel)
    sources = [{"type": "file", "channels": [n], "source": f"wav/d{n}.wav"} for n in (0, 1)]
    many = {"id": "d", "sources": sources, "sampling_rate": 16_000, "num_samples": 16_000, "duration": 1.0}
    cut = {"id": "x", "start": 0.25, "duration": 0.5, "channel": 1, "recording": many, "type": "MonoCut"}
    path = context.data_dir / "cuts.jsonl"
    path.write_text(json.dumps(cut))
    [clip] = lhotse("set", context, "speech", "cuts.jsonl")
    assert clip.path.endswith("d1.wav")
    path.write_text(json.dumps(cut | {"channel": [0, 1], "type": "MultiCut"}))
    with pytest.raises(DatasetError, match=r"set/x: the channels 0, 1 of 'd' are in no single file: there are 0 in"):
        lhotse("set", context, "speech", "cuts.jsonl")


def test_audio_that_is_no_file_is_refused(context, recordings, tmp_path):
    marker = tmp_path / "ran"
    kinds = {"command": f"touch {marker}", "url": "http://localhost/a.wav", "memory": "AAAA"}
    lines = []
    for kind, source in kinds.items():
        one = recordings[1].to_dict() | {"id": kind}
        lines.append(json.dumps(one | {"sources": [{"type": kind, "channels": [0], "source": source}]}))
    lines.append(recordings[1].perturb_speed(1.1).to_dict())
    lines[-1] = json.dumps(lines[-1])
    (context.data_dir / "r.jsonl").write_text("\n".join(lines))
    with pytest.raises(DatasetError) as error:
        lhotse("set", context, "speech", "r.jsonl")
    command, url, memory, transformed = str(error.value).splitlines()
    assert "audio of the type 'command'; it would run a program" in command
    assert "'url'" in url
    assert "'memory'" in memory
    assert "transforms" in transformed
    assert not marker.exists()


def test_every_line_that_does_not_fit_is_reported(context, recordings, supervisions):
    good = recordings[1].to_dict()
    cuts = library.CutSet.from_manifests(library.RecordingSet.from_recordings(recordings[1:2]))
    [cut] = list(cuts)
    lines = [
        good, "{broken", [1], {"id": 3}, good | {"sampling_rate": -1, "sources": []}, cut.pad(duration=9).to_dict(),
        cut.to_dict() | {"start": float("nan")},
    ]  # fmt: skip
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (context.data_dir / "r.jsonl").write_text(text)
    with pytest.raises(DatasetError) as error:
        lhotse("set", context, "speech", "r.jsonl")
    found = str(error.value)
    for part in (
        "line 2: ", "line 3: expected a JSON object, got a list", "line 4: expected a recording",
        "line 5: sampling_rate", "line 5: sources", "line 6: the cut", "is a MixedCut", "save_audios()",
        "line 7: start",
    ):  # fmt: skip
        assert part in found


def test_files_that_are_not_what_the_manifest_says(context, save, put):
    name = save("cuts.jsonl", "trimmed")
    put("wav/a.wav", 4.0, 8_000, 2)
    put("wav/b.wav", 0.5, 16_000, 1)
    with pytest.raises(DatasetError) as error:
        lhotse("set", context, "speech", name)
    assert "the manifest says 16000 Hz, the file has 8000 Hz" in str(error.value)
    assert "ends at 2.000 s, the file at 0.500 s" in str(error.value)
    put("wav/a.wav", 4.0, 16_000, 1)
    with pytest.raises(DatasetError, match="says 2 channels, the file has 1"):
        lhotse("set", context, "speech", name)
    (context.data_dir / "wav" / "a.wav").write_text("<html>")
    (context.data_dir / "wav" / "b.wav").write_text("<html>")
    assert [clip.samples for clip in lhotse("set", context, "speech", name)] == [0, 0, 0]


def test_wrong_manifests_and_options(context, save):
    save("r.jsonl", "recordings")
    save("s.jsonl", "supervisions")
    save("c.jsonl", "trimmed")
    for options, why in (
        ({"path": "s.jsonl"}, "expected cuts or recordings, got supervisions"),
        ({"path": "c.jsonl", "supervisions": "s.jsonl"}, "leave `supervisions` out"),
        ({"path": "r.jsonl", "supervisions": "r.jsonl"}, "expected supervisions only"),
        ({"path": "nothing.jsonl"}, "expected a Lhotse manifest at .*no such file.*CODECBENCH_DATA"),
    ):
        with pytest.raises(DatasetError, match=why):
            lhotse("set", context, "speech", **options)
    (context.data_dir / "cut.jsonl.gz").write_bytes(gzip.compress(b"{}" * 9000)[:30])
    with pytest.raises(DatasetError, match="cannot be read as a Lhotse manifest"):
        lhotse("set", context, "speech", "cut.jsonl.gz")
    (context.data_dir / "twice.jsonl").write_text((context.data_dir / "c.jsonl").read_text() * 2)
    with pytest.raises(DatasetError, match="expected every id once"):
        lhotse("set", context, "speech", "twice.jsonl")
    with pytest.raises(ConfigError, match="limit"):
        lhotse("set", context, "speech", "c.jsonl", limit=0)
