"""Places: local paths stay what they are, URLs are read and written whole, and errors say what to do."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from bench import audio, load_results, storage
from bench.cache import Cache
from bench.cells.pooling import _arrays
from bench.datasets.base import DatasetContext
from bench.datasets.folder import folder
from bench.datasets.folder_manifest import write_folder_manifest
from bench.datasets.manifest import manifest, read_manifest
from bench.domain import Encoded
from bench.errors import AudioError, ConfigError, DatasetError, MissingRequirement, StoreError
from bench.journal import Journal, Records
from bench.loading import cache_folder, clips_of, dataset_context
from bench.storage import Files, exists, is_folder, is_remote, local_copy, place, put, read_bytes
from bench.store import write_arrays, write_bytes
from bench.untrusted import read_arrays
from tests.storage.conftest import point_to, upload
from tests.storage.server import BUCKET, Link, free_port


def test_local_paths_cost_no_import() -> None:
    code = (
        "import sys, bench, bench.cli.app; from bench.storage import place; from pathlib import Path\n"
        "assert type(place('a/b')) is type(Path()) and place('file:///a%20b') == Path('/a b')\n"
        "assert not {'fsspec', 'upath', 's3fs'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_protocols_that_nobody_knows_and_packages_that_are_missing() -> None:
    with pytest.raises(ConfigError, match="no store has URLs that start with foo://"):
        place("foo://bucket/run")
    code = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from bench.storage import place\nfrom bench.errors import MissingRequirement\n"
        "try: place('s3://bucket/run')\nexcept MissingRequirement as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.strip() == (
        "s3://bucket/run: the package for s3:// is not installed. To get it: pip install 'codecbench[s3]'"
    )


def test_files_at_a_store(s3: str) -> None:
    root = place(s3)
    assert is_remote(root)
    assert not exists(root / "a.bin")
    assert not is_folder(root)
    with pytest.raises(FileNotFoundError):
        read_bytes(root / "a.bin")
    write_bytes(root / "below" / "a.bin", b"one")
    assert read_bytes(root / "below" / "a.bin") == b"one"
    assert is_folder(root)
    assert "below/a.bin" in Files(root)
    assert "a.bin" not in Files(root)
    write_bytes(root / "below" / "a.bin", b"other")  # what was listed or copied before does not hide it
    assert local_copy(root / "below" / "a.bin").read_bytes() == b"other"
    storage.remove(root / "below" / "a.bin")
    storage.remove(root / "below" / "a.bin")
    assert not exists(root / "below" / "a.bin")


def test_a_copy_is_fetched_once_and_again_after_a_change(s3: str, s3_port: int, monkeypatch: Any) -> None:
    link = Link(s3_port)
    point_to(link.port, monkeypatch)
    where = place(s3) / "clip.bin"
    assert is_remote(where)
    put(where, b"1" * 1000)
    first = local_copy(where)
    passed = link.bytes_back
    assert local_copy(where) == first
    assert link.bytes_back - passed < 1000  # asked for its stamp only
    put(where, b"2" * 1000)
    assert local_copy(where).read_bytes() == b"2" * 1000


def test_copies_have_a_limit(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "COPIED_BYTES", 2500)
    paths = []
    for name in "abc":
        where = place(s3) / f"{name}.bin"
        write_bytes(where, b"x" * 1000)
        paths.append(local_copy(where))
    assert [path.exists() for path in paths] == [False, True, True]


def test_audio_and_arrays_are_the_same_bytes(s3: str, tmp_path: Path, noise_clip: audio.Audio) -> None:
    import numpy as np

    for name in ("x.flac", "x.wav"):
        audio.write(tmp_path / name, noise_clip)
        audio.write(f"{s3}/{name}", noise_clip)
        assert read_bytes(place(s3) / name) == (tmp_path / name).read_bytes()
        assert audio.info(f"{s3}/{name}") == audio.info(tmp_path / name)
        assert audio.read(f"{s3}/{name}", 0.05, 0.1).samples.tobytes() == (
            audio.read(tmp_path / name, 0.05, 0.1).samples.tobytes()
        )
    with pytest.raises(AudioError, match=rf"^{s3}/y.flac: expected an audio file, but there is no such file"):
        audio.read(f"{s3}/y.flac")
    write_bytes(place(s3) / "y.flac", b"no audio")
    with pytest.raises(AudioError, match=rf"^{s3}/y.flac: cannot be read as WAV"):
        audio.read(f"{s3}/y.flac")
    write_arrays(place(s3) / "a.npz", {"a": np.arange(3)})
    assert (read_arrays(local_copy(place(s3) / "a.npz"))["a"] == [0, 1, 2]).all()


def test_what_else_a_client_leaves_in_a_journal_stays_there(s3: str) -> None:
    where: Any = place(s3) / "journal"
    with closing(Journal(where, {"started": "1"})) as journal:
        journal.append({"a": {"v": 1}})

    def put_object(name: str) -> None:
        where.fs.call_s3("put_object", Bucket=BUCKET, Key=f"{where.path.removeprefix(f'{BUCKET}/')}/{name}", Body=b"{}")

    for name in ("", "notes.txt", "older/000001-host-1-r0-000001.jsonl"):  # the first one marks a folder
        put_object(name)
    with closing(Records(where)) as records:
        assert dict(records) == {"a": {"v": 1}}
    put_object("../../outside-000001.jsonl")
    with pytest.raises(StoreError, match=r"called '\.\./\.\./outside-000001\.jsonl', which leads out"):
        Records(where)


def test_what_a_store_did_not_take_is_written_later(s3: str, s3_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    link = Link(s3_port)
    point_to(link.port, monkeypatch)
    where: Any = place(s3) / "journal"
    with closing(Journal(where, {"started": "1"})) as journal:
        journal.append({"a": {"v": 1}})
        link.cut()
        with pytest.raises(StoreError, match="cannot be written"):
            journal.end({})
        link.mend()
        journal.append({"b": {"v": 2}})
    with closing(Records(where)) as records:
        assert dict(records) == {"a": {"v": 1}, "b": {"v": 2}}


def test_what_cannot_be_read_at_the_moment_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise TimeoutError

    where: Any = place("memory://statistics")
    put(where / "a.npz", b"damaged")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "get_file", interrupted)
        with pytest.raises(StoreError, match="TimeoutError"):
            _arrays(where, "a.npz")
    assert exists(where / "a.npz")
    with pytest.raises(StoreError, match="it is made anew"):
        _arrays(where, "a.npz")
    assert not exists(where / "a.npz")


def test_a_damaged_entry_of_the_cache_counts_as_absent(s3: str) -> None:
    cache = Cache(place(s3))
    assert cache.get("ab12") is None
    cache.put("ab12", Encoded(b"stream", 40), {"encode_s": 1.0})
    whole = read_bytes(cache.path("ab12"))
    for damaged in (b"", whole[:-1], whole[:30], whole.replace(b"stream", b"strewn")):
        write_bytes(cache.path("ab12"), damaged)
        assert cache.get("ab12") is None
    cache.put("ab12", Encoded(b"stream", 40), {"encode_s": 1.0})
    found = cache.get("ab12")
    assert found is not None
    assert found[0].stream == b"stream"
    with pytest.raises(ConfigError, match="CODECBENCH_CACHE_GB: the cache at s3://"):
        cache.prune(10)


def test_datasets_at_a_store(data: Path, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(data, s3)
    context = dataset_context(s3, tmp_path / "cache")
    here = folder("x", DatasetContext(data, tmp_path / "cache"), "speech", "speech")
    there = folder("x", context, "speech", "speech")
    assert [clip.path for clip in there] == [f"{s3}/speech/s0.wav", f"{s3}/speech/s1.wav"]
    assert [(c.id, c.sha256, c.samples) for c in there] == [(c.id, c.sha256, c.samples) for c in here]
    assert [clip.path for clip in manifest("m", context, "music/manifest.jsonl")] == [f"{s3}/music/m.flac"]
    assert [clip.path for clip in clips_of(f"{s3}/music", context)] == [f"{s3}/music/m.flac"]

    written = write_folder_manifest(context, "speech", "speech")
    assert str(written.output) == f"{s3}/speech/manifest.jsonl"
    assert b'"path": "s0.wav"' in read_bytes(written.output)
    write_folder_manifest(context, "speech", "speech", tmp_path / "here.jsonl")
    assert [clip.path for clip in read_manifest(tmp_path / "here.jsonl")] == [clip.path for clip in there]
    assert read_manifest(f"{s3}/speech/manifest.jsonl") == read_manifest(tmp_path / "here.jsonl")

    storage.remove(place(s3) / "music" / "m.flac")
    with pytest.raises(DatasetError, match=rf"1 of the 1 files of {s3}/music/manifest.jsonl are missing"):
        manifest("m", context, "music/manifest.jsonl")
    with pytest.raises(DatasetError, match=rf"expected a folder at {s3}/nothing, but there is none"):
        folder("x", context, "speech", "nothing")
    with pytest.raises(DatasetError, match="read from a folder of this machine only"):
        context.folder("speech", "x")


def test_hashes_of_a_store_are_remembered(data: Path, s3: str, s3_port: int, tmp_path: Path, monkeypatch: Any) -> None:
    upload(data, s3)
    link = Link(s3_port)
    point_to(link.port, monkeypatch)
    found, passed = [], []
    for _ in range(2):
        monkeypatch.setattr(storage, "_COPIES", storage._Copies())  # as in another process
        before = link.bytes_back
        found.append(folder("x", dataset_context(s3, tmp_path / "cache"), "speech", "speech"))
        passed.append(link.bytes_back - before)
    assert found[0] == found[1]
    size = sum(path.stat().st_size for path in (data / "speech").iterdir())
    assert passed[0] > size > passed[1]


def test_where_a_cache_at_a_url_leaves_built_datasets(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECBENCH_CACHE", s3)
    monkeypatch.setenv("CODECBENCH_DATA", s3)
    assert str(cache_folder()) == s3
    context = dataset_context()
    assert str(context.locate("a/../b")) == f"{s3}/b"
    assert context.locate("/a/b") == Path("/a/b")
    assert isinstance(context.cache_dir, Path)


def test_no_bucket_and_no_server(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match=r"Expected a bucket at s3://absent: make it, or correct the URL"):
        write_bytes(place("s3://absent/run/x"), b"1")
    with pytest.raises(StoreError, match=r"s3://absent/run: expected the results of a run, but run.json"):
        load_results("s3://absent/run")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    point_to(free_port(), monkeypatch)
    for attempt in (read_bytes, exists, local_copy, lambda where: write_bytes(where, b"1")):
        with pytest.raises(StoreError, match=r"^s3://bucket/x: cannot be .*Check the URL, the network and AWS_ACC"):
            attempt(place("s3://bucket/x"))
    with pytest.raises(StoreError, match="cannot be listed"):
        "x" in Files(place("s3://bucket"))  # noqa: B015
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("HOME", "/nonexistent")
    point = place("s3://bucket/x")
    storage_error = "The store refuses: correct the credentials"
    _without_credentials(monkeypatch)
    with pytest.raises(StoreError, match=storage_error):
        read_bytes(point)


def _without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    s3fs.S3FileSystem.clear_instance_cache()


class _Refusing(BaseHTTPRequestHandler):
    """Says what S3 says to those who may not."""

    protocol_version = "HTTP/1.1"  # a client that uploads waits for its "100 Continue"

    def _refuse(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = _refuse  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        pass


def test_no_permission(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        point_to(server.server_port, monkeypatch)
        for attempt in (read_bytes, exists, lambda where: write_bytes(where, b"1")):
            with pytest.raises(StoreError, match=r"^s3://bucket/x: cannot be .*The store refuses: correct the cred"):
                attempt(place("s3://bucket/x"))
    finally:
        server.shutdown()
        server.server_close()


def test_gs_needs_its_package() -> None:
    try:
        import gcsfs  # noqa: F401
    except ImportError:
        with pytest.raises(MissingRequirement, match="To get it: pip install gcsfs"):
            place("gs://bucket/run")
