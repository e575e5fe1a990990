from __future__ import annotations

import re

import pytest

from bench.datasets.base import DatasetContext
from bench.datasets.manifest import write_manifest
from bench.domain import Clip
from bench.errors import ConfigError
from bench.loading import clips_of, name_of


def test_a_single_file_is_refused_with_what_to_give_instead(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF")
    with pytest.raises(
        ConfigError, match=rf"got a single file\. Give the folder it lies in: {re.escape(str(tmp_path))}$"
    ):
        clips_of(str(file), DatasetContext(None, tmp_path))


def test_a_folder_with_a_manifest_is_that_manifest_and_has_its_datasets_name(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "set" / f"{name}.wav").parent.mkdir(exist_ok=True)
        (tmp_path / "set" / f"{name}.wav").write_bytes(b"RIFF")
    one = Clip("a", "mine", "music", str(tmp_path / "set" / "a.wav"), "0" * 64, 16_000, 1, 16_000)
    write_manifest(tmp_path / "set" / "manifest.jsonl", [one])
    context = DatasetContext(None, tmp_path)
    for what in (tmp_path / "set", tmp_path / "set" / "manifest.jsonl"):
        [clip] = clips_of(str(what), context)
        assert (clip.id, clip.dataset, clip.category) == ("mine/a", "mine", "music")
        assert name_of(str(what)) == "mine"
    (tmp_path / "set" / "manifest.jsonl").rename(tmp_path / "set" / "sample7.jsonl")
    [clip] = clips_of(str(tmp_path / "set" / "sample7.jsonl"), context)
    assert clip.id == "sample7/a"
    assert name_of(str(tmp_path / "set")) == "set"
