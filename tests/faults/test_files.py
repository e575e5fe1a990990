"""Files of a run and of the cache that were damaged, cut off, deleted, or replaced by something else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import audio, load_results, run
from bench.cache import Cache
from bench.domain import Encoded
from bench.errors import StoreError
from tests.runs import Config, assert_identical, rows

Require = Callable[[Path], None]


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    """The run ``whole``, which may be damaged, and its cache beside it."""
    shutil.copytree(whole, tmp_path / "run")
    shutil.copytree(whole.parent / "cache", tmp_path / "cache")
    return tmp_path / "run"


def test_every_changed_byte_of_a_cache_entry_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("abc", Encoded(b"stream\nof two lines", 150, 7), {"encode_s": 0.5, "cpu": "x"})
    data = cache.path("abc").read_bytes()
    for place in range(len(data)):
        for change in (1, 32, 0x80):
            cache.path("abc").write_bytes(data[:place] + bytes([data[place] ^ change]) + data[place + 1 :])
            assert cache.get("abc") is None, place
        cache.path("abc").write_bytes(data[:place])
        assert cache.get("abc") is None, place
        cache.path("abc").write_bytes(data[:place] + data[place + 1 :])
        assert cache.get("abc") is None, place
    cache.path("abc").write_bytes(data + b"\0")
    assert cache.get("abc") is None
    cache.path("abc").write_bytes(data)
    assert cache.get("abc") is not None


def test_a_cache_entry_under_the_key_of_another_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for key, stream in (("abc", b"one"), ("abd", b"other")):
        cache.put(key, Encoded(stream, 8), {"encode_s": 0.5, "cpu": "x"})
    shutil.copy(cache.path("abd"), cache.path("abc"))
    assert cache.get("abc") is None
    assert cache.get("abd") is not None


def test_a_run_with_damaged_cache_entries_encodes_again(
    config: Config, require_whole: Require, copied: Path, tmp_path: Path
) -> None:
    """Each entry in another way, one of them with a good entry of another codec in its place."""
    entries = sorted((tmp_path / "cache").rglob("*.cbs"))
    assert len(entries) == 16
    other = entries[-1].read_bytes()
    for number, path in enumerate(entries):
        data = path.read_bytes()
        path.write_bytes((b"", data[: len(data) // 2], data[:-1] + b"\0", other)[number % 4])
    shutil.rmtree(copied)
    run(config, output=copied, cache=tmp_path / "cache", workers=2)
    require_whole(copied)


@pytest.mark.slow
def test_a_folder_in_place_of_a_cache_entry_is_one_message(
    config: Config, require_whole: Require, copied: Path, tmp_path: Path
) -> None:
    entry = sorted((tmp_path / "cache").rglob("*.cbs"))[0]
    entry.unlink()
    entry.mkdir()
    shutil.rmtree(copied)
    with pytest.raises(StoreError, match=rf"{entry.name}: it cannot be written .*Delete what is in its place"):
        run(config, output=copied, cache=tmp_path / "cache", workers=2)
    entry.rmdir()
    run(config, output=copied, cache=tmp_path / "cache", workers=2)
    require_whole(copied)


NOBODY = 65_534


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become somebody else")
def test_a_cache_of_another_user(config: Config, copied: Path, tmp_path: Path) -> None:
    """What cannot be read is encoded again; where nothing can be written, the message says so."""
    cache = Cache(tmp_path / "cache")
    entries = sorted(cache.folder.rglob("*.cbs"))
    keys = [path.stem for path in entries]

    def as_nobody(code: str) -> subprocess.CompletedProcess[str]:
        code = f"{imports}\nimport os; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n{code}"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    imports = "from pathlib import Path; from bench.cache import Cache; from bench.domain import Encoded\n"
    imports += "b'x'.decode('utf-8-sig')"  # loaded by name, which somebody else may not
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o011)
    put = (
        f"cache = Cache(Path({str(cache.folder)!r}))\n"
        f"assert cache.get({keys[0]!r}) is None\n"
        f"cache.put({keys[0]!r}, Encoded(b'x', 8), {{}}); assert cache.get({keys[0]!r})\n"
    )
    entries[0].chmod(0)
    refused = as_nobody(put)
    assert "StoreError" in refused.stderr
    assert "it cannot be written (Permission denied). Choose another place." in refused.stderr
    os.chown(entries[0].parent, NOBODY, NOBODY)
    done = as_nobody(put)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "scores.parquet",
        "run.json",
        *(pytest.param(f"{name}.parquet", marks=pytest.mark.slow) for name in ("clips", "encodings", "sets")),
    ],
)
def test_a_damaged_table_is_said_and_written_again(
    config: Config, require_whole: Require, copied: Path, tmp_path: Path, name: str
) -> None:
    path = copied / name
    data = path.read_bytes()
    for damaged in (data[: len(data) // 2], data[:-1], b"", bytes(len(data))):
        path.write_bytes(damaged)
        if damaged == data[:-1] and name == "run.json":
            continue  # without its last newline it says the same
        with pytest.raises(StoreError, match=r"results cannot be read .* `codecbench run` writes them anew"):
            load_results(copied)
    path.unlink()
    if name != "sets.parquet":  # which runs of earlier versions lack
        with pytest.raises(StoreError, match=f"{name} is not there"):
            load_results(copied)
    path.write_bytes(data[: len(data) // 2])
    before = rows(copied)
    run(config, output=copied, cache=tmp_path / "cache", workers=1)
    require_whole(copied)
    assert rows(copied) == before


@pytest.mark.slow
def test_the_report_of_a_damaged_run_says_what_to_do(copied: Path) -> None:
    (copied / "scores.parquet").write_bytes(b"PAR1")
    done = subprocess.run(
        [sys.executable, "-m", "bench.cli", "report", str(copied)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "`codecbench run` writes them anew" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_damaged_journal_costs_what_it_has_lost(
    config: Config, require_whole: Require, copied: Path, tmp_path: Path
) -> None:
    """Cut off in the middle of a row, with zeros in the middle as after a loss of power, and with a row twice."""
    files = sorted(copied.glob("journal/*"))
    path = max(files, key=lambda path: path.stat().st_size)
    rows = path.read_bytes().splitlines(keepends=True)
    assert len(rows) > 40
    rows[10] = bytes(len(rows[10]) - 1) + b"\n"
    rows[20] = rows[20][: len(rows[20]) // 2]
    path.write_bytes(b"".join([*rows[:30], rows[5], rows[30][:50]]))
    run(config, output=copied, cache=tmp_path / "cache", workers=1)
    require_whole(copied)


@pytest.mark.slow
@pytest.mark.parametrize("left", [b"", b"\0" * 100])
def test_a_journal_that_is_lost_is_measured_again(
    config: Config, require_whole: Require, copied: Path, tmp_path: Path, left: bytes
) -> None:
    for path in copied.glob("journal/*"):
        path.write_bytes(left)
    run(config, output=copied, cache=tmp_path / "cache", workers=1)
    require_whole(copied)


def test_lost_and_damaged_audio_is_made_again(config: Config, whole: Path, copied: Path, tmp_path: Path) -> None:
    """What is not there at once; what is damaged when the clip is measured again, as for another metric."""
    results = load_results(copied)
    more = config | {"metrics": [*config["metrics"], "log_spectral_distance"]}
    for number, name in enumerate([*results.encodings["decoded"], *results.clips["reference"]]):
        path = copied / name
        data = path.read_bytes()
        changed = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
        damaged = (None, b"", data[: len(data) // 2], changed)[number % 4]
        path.unlink() if damaged is None else path.write_bytes(damaged)
    run(more, output=copied, cache=tmp_path / "cache", workers=1)
    for name in [*results.encodings["decoded"], *results.clips["reference"]]:
        assert (copied / name).read_bytes() == (whole / name).read_bytes(), name
    after = load_results(copied)
    assert set(after.scores["status"]) == {"ok"}
    assert audio.read(after.reference("music/m0")).channels == 2
    run(config, output=copied, cache=tmp_path / "cache", workers=1)
    assert_identical(whole, copied)
