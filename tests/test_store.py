"""Files that survive what happens to them."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bench.cache import Cache
from bench.domain import Encoded
from bench.errors import StoreError
from bench.runs.table_writer import table_writer
from bench.storage import place
from bench.store import digest, locked, write_arrays, write_bytes, write_json, write_table, writing


def test_a_changed_bit_count_in_the_cache_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("abc", Encoded(b"stream", 800, 7), {})
    assert cache.get("abc")[0] == Encoded(b"stream", 800, 7)
    cache.path("abc").write_bytes(cache.path("abc").read_bytes().replace(b"800", b"100"))
    assert cache.get("abc") is None


def test_keys_are_made_of_content() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1}) != digest({"a": 1, "b": [3]})


@pytest.mark.parametrize("damage", [b"", b"not json\n", b'{"payload_bits": 8}\nx', None])
def test_a_damaged_cache_entry_counts_as_absent(tmp_path: Path, damage: bytes | None) -> None:
    cache = Cache(tmp_path)
    cache.put("abc", Encoded(b"stream", 40), {"encode_s": 0.5})
    encoded, facts = cache.get("abc")
    assert (encoded, facts["encode_s"]) == (Encoded(b"stream", 40), 0.5)
    data = cache.path("abc").read_bytes()
    cache.path("abc").write_bytes(data[:-1] if damage is None else damage)
    assert cache.get("abc") is None


def test_pruning_deletes_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for index, key in enumerate(("old", "new")):
        cache.put(key, Encoded(b"x" * 1000, 1), {})
        os.utime(cache.path(key), (index, index))
    cache.path("newest").symlink_to(tmp_path / "gone")  # as what another run deletes at this moment
    assert cache.prune(1_500) == 1
    assert cache.get("old") is None
    assert cache.get("new") is not None


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    code = f"from bench.store import locked; from pathlib import Path\nwith locked(Path({str(tmp_path)!r})): pass"
    with locked(tmp_path):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "FolderInUse" in done.stderr
    owner = f"process {os.getpid()} on {os.uname().nodename}"
    assert f"{tmp_path}: {owner} is writing into this folder. Wait until it ends" in done.stderr
    with locked(tmp_path):
        pass


def test_a_full_disk_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the disk is full"), writing(tmp_path), Path("/dev/full").open("wb") as full:
        full.write(b"x" * 100_000)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.bin"
    for data in (b"one", b"another"):
        write_bytes(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(StoreError, match=re.escape(str(path / "d"))):
        write_bytes(path / "d", b"")


def test_json_is_for_people_of_any_language(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"b": "Größe", "a": [1]})
    assert (tmp_path / "x.json").read_bytes() == '{\n  "b": "Größe",\n  "a": [\n    1\n  ]\n}\n'.encode()


def test_a_table_has_the_columns_and_types_asked_for(tmp_path: Path) -> None:
    rows = ({"b": number, "a": "x", "extra": 0} for number in (1, None))
    table = write_table(tmp_path / "t.parquet", rows, {"a": "string", "b": "Int64", "c": "Float64"})
    assert [(name, str(kind)) for name, kind in table.dtypes.items()] == [
        ("a", "string"),
        ("b", "Int64"),
        ("c", "Float64"),
    ]
    assert table["b"].tolist() == [1, pd.NA]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)
    file = pq.read_table(tmp_path / "t.parquet")
    assert file.column_names == ["a", "b", "c"], "no index beside them"


def test_arrays_come_back_by_name_and_take_little_space(tmp_path: Path) -> None:
    arrays = {"zeros": np.zeros((2, 10_000)), "whole": np.arange(3)}
    write_arrays(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz") as found:
        assert set(found) == set(arrays)
        assert all(np.array_equal(found[name], arrays[name]) for name in arrays)
    assert (tmp_path / "a.npz").stat().st_size < 2_000


def test_an_object_at_a_url_is_written_as_a_whole() -> None:
    there = place("memory://store/x.bin")
    write_bytes(there, b"data")
    assert there.read_bytes() == b"data"
    assert [path.name for path in there.parent.iterdir()] == ["x.bin"]


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom bench.store import locked\nfrom pathlib import Path\n"
        f"with locked(Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert f"process {os.getpid()} " not in (tmp_path / ".owner").read_text()
    with locked(tmp_path):
        assert f"process {os.getpid()} " in (tmp_path / ".owner").read_text()
    assert not (tmp_path / ".owner").exists()


def test_a_table_that_was_not_finished_holds_no_space(tmp_path: Path) -> None:
    """A deleted file that is still open does, and then not even the message fits on the disk."""
    with pytest.raises(StoreError) as told, table_writer(tmp_path / "t.parquet", {"x": "string"}):
        raise OSError(errno.ENOSPC, "full")
    assert "the disk is full" in str(told.value)
    assert not [*tmp_path.iterdir()]
    links = [str(path.readlink()) for path in Path("/proc/self/fd").glob("*") if path.is_symlink()]
    assert not [link for link in links if link.startswith(str(tmp_path))]
