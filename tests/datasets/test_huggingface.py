from __future__ import annotations

import gc
import hashlib
import json
import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench import audio
from bench.datasets.base import verify
from bench.errors import ConfigError, DatasetError

hub = pytest.importorskip("datasets", reason="needs codecbench[sources]")

from bench.datasets.huggingface import huggingface  # noqa: E402


@pytest.fixture(autouse=True)
def _offline(monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setattr(hub.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub.config, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    hub.disable_progress_bars()
    logging.getLogger("datasets").setLevel(logging.ERROR)


@pytest.fixture
def files(put):
    return [put(f"material/{number}.flac", 0.1, 16_000, 1 + number % 2, number) for number in range(4)]


@pytest.fixture
def table(files):
    """Four rows with the files' bytes inside, and every kind of column."""
    columns = {
        "audio": [{"bytes": path.read_bytes(), "path": path.name} for path in files],
        "text": ["one", "two", "three", None],
        "id": [7, 8, 9, 10],
        "snr_db": [1.5, float("nan"), 3.0, 4.0],
        "genre": [0, 1, 1, 0],
        "tokens": [[1, 2]] * 4,
    }
    features = hub.Features(
        {
            "audio": hub.Audio(decode=False),
            "text": hub.Value("string"),
            "id": hub.Value("int64"),
            "snr_db": hub.Value("float64"),
            "genre": hub.ClassLabel(names=["rock", "folk"]),
            "tokens": hub.List(hub.Value("int32")),
        }
    )
    encoded = {key: value for key, value in columns.items() if key != "audio"}
    data = hub.Dataset.from_dict(
        encoded, features=hub.Features({key: kind for key, kind in features.items() if key != "audio"})
    )
    import pyarrow

    column = pyarrow.array(columns["audio"], pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()}))
    made = hub.Dataset(data.data.table.append_column("audio", column))
    return made.cast_column("audio", hub.Audio(decode=False)).cast_column("genre", features["genre"])


def saved(table, folder: Path, how: str) -> str:
    if how == "parquet":
        folder.mkdir(parents=True)
        table.to_parquet(folder / "test-00000.parquet")
    elif how == "dictionary":
        hub.DatasetDict({"train": table.select([0]), "test": table}).save_to_disk(folder)
    else:
        table.save_to_disk(folder)
    return folder.name


@pytest.mark.parametrize("how", ["parquet", "disk", "dictionary"])
def test_files_are_taken_as_they_are(context, files, table, how):
    path = saved(table, context.data_dir / "set", how)
    clips = huggingface("hf", context, "music", path, split={"disk": None}.get(how, "test"), licence="CC0-1.0")
    split = "all" if how == "disk" else "test"
    assert [clip.id for clip in clips] == [f"hf/{split}/{number:06}" for number in range(4)]
    for number, (clip, file) in enumerate(zip(clips, files, strict=True)):
        assert Path(clip.path).read_bytes() == file.read_bytes()
        assert clip.path.endswith(".flac")
        assert (clip.sample_rate, clip.channels, clip.samples) == (16_000, 1 + number % 2, 1_600)
        verify(clip)
    assert clips[0].attributes == {"text": "one", "id_": 7, "snr_db": 1.5, "genre": "rock"}
    assert clips[1].attributes == {"text": "two", "id_": 8, "snr_db": None, "genre": "folk"}
    assert clips[3].attributes["text"] is None
    json.dumps([dict(clip.attributes) for clip in clips], allow_nan=False)
    assert huggingface("hf", context, "music", path, split=clips[0].id.split("/")[1], licence="CC0-1.0") == clips


def test_ids_attributes_and_a_seeded_sample(context, table):
    path = saved(table, context.data_dir / "set", "parquet")
    options = {"name": "hf", "context": context, "category": "speech", "path": path, "split": "test"}
    clips = huggingface(**options, id="id", attributes=["tokens"], limit=3, seed=1)
    whole = huggingface(**options, id="id", attributes=[])
    assert {clip.id for clip in clips} < {clip.id for clip in whole} == {f"hf/test/{n}" for n in (7, 8, 9, 10)}
    assert clips[0].attributes == {"tokens": "[1, 2]"}
    assert whole[0].attributes == {}
    assert len({tuple(c.id for c in huggingface(**options, limit=2, seed=seed)) for seed in range(6)}) > 1
    with pytest.raises(DatasetError, match=r"the column 'genre' names rows more than once: 0, 1"):
        huggingface(**options, id="genre")
    for key in ("id", "audio"):
        with pytest.raises(DatasetError, match=r"no column 'x'; there are .*text"):
            huggingface(**options, **{key: "x"})
    with pytest.raises(DatasetError, match=r"no column x, y; there are"):
        huggingface(**options, attributes=["x", "text", "y"])


def test_streaming_takes_the_first_rows(context, table, files):
    path = saved(table, context.data_dir / "set", "parquet")
    clips = huggingface("hf", context, "speech", path, streaming=True, limit=2, seed=5)
    assert [clip.id for clip in clips] == ["hf/test/000000", "hf/test/000001"]
    assert Path(clips[1].path).read_bytes() == files[1].read_bytes()
    assert len(huggingface("hf", context, "speech", path, streaming=True, limit=9, id="id")) == 4
    assert not list(context.cache_dir.rglob("*.arrow"))
    with pytest.raises(ConfigError, match="say with `limit` how many"):
        huggingface("hf", context, "speech", path, streaming=True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library leaves metadata.csv open
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_an_audio_folder_is_used_in_place(context, put):
    """Without torchcodec, which the library wants even to hand a path on."""
    for name in ("a", "b"):
        put(f"set/wav/{name}.wav", 0.1)
    (context.data_dir / "set" / "metadata.csv").write_text("file_name,speaker\nwav/a.wav,p1\nwav/b.wav,p2\n")
    clips = huggingface("hf", context, "speech", "set")
    assert [Path(clip.path) for clip in clips] == [context.data_dir / "set" / "wav" / f"{name}.wav" for name in "ab"]
    assert [clip.attributes for clip in clips] == [{"speaker": "p1"}, {"speaker": "p2"}]
    assert all(clip.samples == 1_600 for clip in clips)
    [clip] = huggingface("hf", context, "speech", "set", streaming=True, limit=1)
    assert clip.path == clips[0].path
    gc.collect()  # what the library left open is closed here, where its warning is expected


def test_arrays_are_written_as_floats_and_say_so(context):
    rng = np.random.default_rng(0)
    sounds = [rng.standard_normal(800).astype(np.float32) * 0.1, rng.standard_normal((2, 800)).astype(np.float32) * 3]
    for number, sound in enumerate(sounds):
        rows = {"sound": [{"array": sound.tolist(), "sampling_rate": 22_050}], "text": ["x"]}
        hub.Dataset.from_dict(rows).save_to_disk(context.data_dir / f"set{number}")
        [clip] = huggingface("hf", context, "music", f"set{number}")
        written = audio.read(clip.path)
        assert np.array_equal(written.samples, np.atleast_2d(sound))  # beyond full scale, too
        assert (written.rate, clip.attributes) == (22_050, {"text": "x", "written_from": "array"})
        assert huggingface("hf", context, "music", f"set{number}") == [clip]
    hub.Dataset.from_dict({"sound": [{"array": [1, 2], "sampling_rate": 8000}]}).save_to_disk(context.data_dir / "int")
    with pytest.raises(DatasetError, match=r"000000: expected samples as numbers with a point.*got int64"):
        huggingface("hf", context, "music", "int")


def test_rows_without_readable_audio_are_clips_that_fail(context, files):
    column = [{"bytes": b"<html>", "path": "a.wav"}, {"bytes": None, "path": "nowhere.wav"}, None]
    import pyarrow
    import pyarrow.parquet

    kind = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    (context.data_dir / "set").mkdir()
    pyarrow.parquet.write_table(
        pyarrow.table({"audio": pyarrow.array(column, kind)}), context.data_dir / "set" / "x.parquet"
    )
    page, gone, none = huggingface("hf", context, "speech", "set")
    assert [clip.samples for clip in (page, gone, none)] == [0, 0, 0]
    assert gone.path == str(context.data_dir / "set" / "nowhere.wav")
    assert Path(none.path).name == "no audio in this row"


def test_what_is_not_there_says_so(context, table, put):
    saved(table, context.data_dir / "many", "dictionary")
    with pytest.raises(DatasetError, match="expected `split` to be one of train, test, got none"):
        huggingface("hf", context, "speech", "many")
    with pytest.raises(DatasetError, match="expected `split` to be one of train, test, got 'dev'"):
        huggingface("hf", context, "speech", "many", split="dev")
    (context.data_dir / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"empty: cannot be opened \(.*doesn't contain any data files"):
        huggingface("hf", context, "speech", "empty")
    hub.Dataset.from_dict({"text": ["a"]}).save_to_disk(context.data_dir / "texts")
    with pytest.raises(DatasetError, match="expected one column with audio, got none of text; name it with `audio`"):
        huggingface("hf", context, "speech", "texts")
    with pytest.raises(DatasetError, match=r"expected a folder at .*not/a/folder"):
        huggingface("hf", context, "speech", "not/a/folder")
    (context.data_dir / "broken").mkdir()
    (context.data_dir / "broken" / "a.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DatasetError, match="broken: cannot be opened"):
        huggingface("hf", context, "speech", "broken")


def test_without_a_network_the_message_says_what_to_do(context, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(DatasetError) as error:
        huggingface("x", context, "speech", "openslr/librispeech_asr", split="test")
    line = str(error.value)
    assert "openslr/librispeech_asr: the Hugging Face hub cannot be reached" in line
    assert "There is no folder" in line
    assert "hf download --repo-type dataset NAME --local-dir FOLDER" in line


def test_a_file_inside_an_archive_is_taken_out(tmp_path, put):
    from bench.datasets.hub import Opened

    content = put("a.flac", 0.1).read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/a.flac", content)
    opened = Opened(None, "test", {}, {}, "", tmp_path, False)
    assert opened.fetched(f"zip://in/a.flac::{(tmp_path / 'a.zip').as_uri()}") == content
    with pytest.raises(DatasetError, match="cannot be opened"):
        opened.fetched((tmp_path / "nothing").as_uri())


def test_the_same_content_is_kept_once(context, table):
    path = saved(hub.concatenate_datasets([table, table]), context.data_dir / "set", "disk")
    clips = huggingface("hf", context, "speech", path)
    assert len(clips) == 8
    kept = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (context.cache_dir / "extracted").rglob("*.flac")}
    assert kept == {clip.sha256 for clip in clips}
    assert len(kept) == 4
