"""Files that survive what happens to them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cache import Cache
from bench.domain import Encoded
from bench.errors import FolderInUse, StoreError
from bench.runs.table_writer import table_writer
from bench.store import digest, locked, write_bytes, writing


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
    assert f"process {os.getpid()}" in done.stderr
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


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom bench.store import locked\nfrom pathlib import Path\n"
        f"with locked(Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    with locked(tmp_path):
        assert json.loads("1") == 1


def test_locked_raises_our_error(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom bench.store import locked\nfrom pathlib import Path\n"
        f"with locked(Path({str(tmp_path)!r})):\n print('in', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(FolderInUse, match="Wait until it ends"), locked(tmp_path):
        pass
    other.communicate()


def test_a_table_that_was_not_finished_holds_no_space(tmp_path: Path) -> None:
    """A deleted file that is still open does, and then not even the message fits on the disk."""
    with pytest.raises(StoreError) as told, table_writer(tmp_path / "t.parquet", {"x": "string"}):
        raise OSError(errno.ENOSPC, "full")
    assert "the disk is full" in str(told.value)
    assert not [*tmp_path.iterdir()]
    links = [str(path.readlink()) for path in Path("/proc/self/fd").glob("*") if path.is_symlink()]
    assert not [link for link in links if link.startswith(str(tmp_path))]
