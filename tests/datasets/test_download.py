from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.datasets import partial
from bench.datasets.download import Patience, Unreachable, download, remote_size
from bench.datasets.partial import bytes_there, was_downloaded
from bench.errors import DatasetError
from tests.datasets.serving import Server, running

CONTENT = random.Random(0).randbytes(1_000_003)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
QUICK = Patience(timeout_s=0.3, tries=3, pause_s=0.01)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "archives" / "a.zip"


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir()) if target.parent.exists() else []


@pytest.mark.parametrize("checksum", ["", SHA256, MD5, MD5.upper(), f"sha1:{hashlib.sha1(CONTENT).hexdigest()}"])
def test_a_file_is_fetched_whole_with_its_checksum(server, target, checksum):
    seen = []
    url = server.add("a.zip", CONTENT)
    got = download(url, target, checksum, patience=QUICK, progress=lambda done, total: seen.append((done, total)))
    assert got == (checksum.lower() or SHA256)
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == [".a.zip.json", "a.zip"]
    assert was_downloaded(target)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert download(url, target, checksum) == got
    assert len(server.requests) == 1


def test_a_connection_that_drops_is_continued_where_it_broke(server, target):
    url = server.add("a.zip", CONTENT, drop_after=300_000)
    assert download(url, target, SHA256, patience=QUICK) == SHA256
    assert server.ranges("a.zip") == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_server_without_ranges_starts_anew(server, target):
    url = server.add("a.zip", CONTENT, ranges=False, drop_after=300_000, drops=1)
    assert download(url, target, SHA256, patience=QUICK) == SHA256
    assert target.read_bytes() == CONTENT
    assert server.ranges("a.zip") == [None, "bytes=300000-"]


def test_a_server_that_always_drops_is_given_up_and_the_part_kept(server, target):
    url = server.add("a.zip", CONTENT, ranges=False, drop_after=300_000)
    with pytest.raises(DatasetError, match=r"ended 700003 bytes too early, 3 times in a row; 300000 bytes are kept"):
        download(url, target, SHA256, patience=QUICK)
    assert bytes_there(target) == 300_000
    server.files["/a.zip"].drop_after = None
    server.files["/a.zip"].ranges = True
    assert download(url, target, SHA256, patience=QUICK) == SHA256
    assert server.ranges("a.zip")[-1] == "bytes=300000-"


def test_a_stalled_server_is_left_and_asked_again(server, target):
    url = server.add("a.zip", CONTENT, stall_after=200_000, stalls=2)
    started = time.monotonic()
    assert download(url, target, SHA256, patience=QUICK) == SHA256
    assert 0.6 < time.monotonic() - started < 5
    assert len(server.requests) == 3


def test_a_slow_server_is_waited_for(server, target):
    url = server.add("a.zip", CONTENT[:100_000], pause_s=0.1)
    download(url, target, patience=Patience(timeout_s=0.5, tries=1))
    assert target.read_bytes() == CONTENT[:100_000]
    assert len(server.requests) == 1


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(server, target):
    url = server.add("a.zip", CONTENT, statuses=[503, 500])
    assert download(url, target, SHA256, patience=QUICK) == SHA256
    assert len(server.requests) == 3
    with pytest.raises(DatasetError, match="the server says 404"):
        download(f"{server.address}/b.zip", target.with_name("b.zip"), patience=QUICK)
    assert len(server.requests) == 4
    url = server.add("c.zip", CONTENT, statuses=[500] * 9)
    with pytest.raises(DatasetError, match="the server says 500 Internal Server Error, 3 times in a row"):
        download(url, target.with_name("c.zip"), patience=QUICK)
    url = server.add("d.zip", CONTENT, statuses=[403])
    with pytest.raises(DatasetError, match=r"403 Forbidden\. It asks for a login or a licence"):
        download(url, target.with_name("d.zip"), patience=QUICK)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\xef\xbb\xbf\n<!DOCTYPE HTML><html>Please log in</html>", "application/zip"),
        (b"Please log in", "text/html; charset=utf-8"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">', "text/plain"),
        (b"<!-- " + b"c" * 500 + b" --><html>", "text/plain"),
    ],
)
@pytest.mark.parametrize("piece", [16_384, 3])
def test_a_web_page_is_not_the_file(server, target, content, content_type, piece):
    url = server.add("a.zip", content, content_type=content_type, piece=piece, pause_s=0.0)
    with pytest.raises(DatasetError, match="expected a file, got a web page: a login"):
        download(url, target, patience=QUICK)
    assert leftovers(target) == []


def test_an_archive_with_the_wrong_type_is_the_file(server, target):
    url = server.add("a.zip", CONTENT, content_type="text/html")
    assert download(url, target, patience=QUICK) == SHA256


def test_wrong_bytes_are_not_kept(server, target):
    url = server.add("a.zip", CONTENT[:-1] + b"x")
    with pytest.raises(DatasetError, match=r"expected md5 \w{32}, got \w{32} \(1000003 bytes\); nothing was kept"):
        download(url, target, MD5, patience=QUICK)
    assert leftovers(target) == []
    assert len(server.requests) == 1


def interrupted(server: Server, target: Path, at: int, **how: object) -> str:
    """The URL of a file of which ``at`` bytes came."""
    url = server.add("a.zip", CONTENT, drop_after=at, **how)
    with pytest.raises(DatasetError, match="too early"):
        download(url, target, patience=Patience(0.3, 1, 0.0))
    server.files["/a.zip"].drop_after = None
    server.requests.clear()
    assert bytes_there(target) == at
    return url


def test_a_file_that_changed_on_the_server_is_fetched_from_its_start(server, target):
    url = interrupted(server, target, 400_000)
    server.add("a.zip", CONTENT[::-1], etag='"v2"')
    download(url, target, patience=QUICK)
    assert target.read_bytes() == CONTENT[::-1]
    assert server.ranges("a.zip") == ["bytes=400000-"]


def test_a_change_is_seen_where_the_server_only_has_a_weak_etag(server, target):
    url = interrupted(server, target, 400_000, etag='W/"v1"')
    server.files["/a.zip"].content = CONTENT[::-1]
    server.files["/a.zip"].etag = 'W/"v2"'
    download(url, target, patience=QUICK)
    assert target.read_bytes() == CONTENT[::-1]
    assert server.ranges("a.zip") == ["bytes=400000-", None]


def test_a_shorter_file_on_the_server_is_fetched_from_its_start(server, target):
    url = interrupted(server, target, 400_000, etag='W/"v1"')
    server.files["/a.zip"].content = CONTENT[:1000]
    download(url, target, patience=QUICK)
    assert target.read_bytes() == CONTENT[:1000]


def test_without_etag_and_checksum_nothing_is_continued(server, target):
    url = interrupted(server, target, 400_000, etag=None)
    download(url, target, patience=QUICK)
    assert server.ranges("a.zip") == [None]
    assert target.read_bytes() == CONTENT
    url = server.add("b.zip", CONTENT, etag=None, drop_after=400_000, drops=1)
    assert download(url, target.with_name("b.zip"), patience=QUICK) == SHA256
    assert server.ranges("b.zip") == [None, None]


def test_without_etag_a_checksum_allows_to_continue(server, target):
    url = interrupted(server, target, 400_000, etag=None)
    assert download(url, target, MD5, patience=QUICK) == MD5
    assert server.ranges("a.zip") == ["bytes=400000-"]


def test_a_part_that_was_damaged_costs_one_more_download(server, target):
    url = interrupted(server, target, 400_000)
    target.with_name(".a.zip.part").write_bytes(b"x" * 400_000)
    assert download(url, target, MD5, patience=QUICK) == MD5
    assert server.ranges("a.zip") == ["bytes=400000-", None]


def test_a_part_of_another_address_is_not_continued(server, target):
    interrupted(server, target, 400_000)
    other = server.add("mirror.zip", CONTENT[::-1])
    download(other, target, patience=QUICK)
    assert target.read_bytes() == CONTENT[::-1]
    assert server.ranges("mirror.zip") == [None]


def test_a_part_that_is_whole_needs_no_server(server, target):
    url = server.add("a.zip", CONTENT)
    download(url, target)
    target.rename(target.with_name(".a.zip.part"))
    server.requests.clear()
    assert download(url, target, MD5) == MD5
    assert server.requests == []


def test_truncation_is_seen_without_a_content_length(server, target):
    url = server.add("a.zip", CONTENT[:500_000], length=False)
    with pytest.raises(DatasetError, match="ended 500003 bytes too early"):
        download(url, target, size_bytes=len(CONTENT), patience=QUICK)
    server.files["/a.zip"].content = CONTENT
    assert download(url, target, size_bytes=len(CONTENT), patience=QUICK) == SHA256


@pytest.mark.parametrize("length", [True, False])
def test_an_empty_file_is_refused_unless_a_checksum_says_so(server, target, length):
    url = server.add("a.zip", b"", length=length)
    with pytest.raises(DatasetError, match="expected a file, got nothing: 0 bytes"):
        download(url, target, patience=QUICK)
    assert leftovers(target) == []
    download(url, target, f"sha256:{hashlib.sha256(b'').hexdigest()}", patience=QUICK)
    assert target.read_bytes() == b""


@pytest.mark.parametrize("length", [True, False])
def test_the_stated_size_stands_in_for_a_checksum(server, target, length):
    url = server.add("a.zip", CONTENT, length=length)
    with pytest.raises(DatasetError, match=r"expected 1000002 bytes, got 1000003; nothing was kept"):
        download(url, target, size_bytes=len(CONTENT) - 1, patience=QUICK)
    assert leftovers(target) == []
    assert download(url, target, MD5, size_bytes=len(CONTENT) - 1, patience=QUICK) == MD5
    with pytest.raises(DatasetError, match=r"expected 7 bytes, got 1000003; this is not the published file"):
        download(url, target, size_bytes=7)
    assert target.read_bytes() == CONTENT


def test_a_connection_that_breaks_before_the_answer_is_tried_again(server, target):
    url = server.add("a.zip", CONTENT, refusals=2)
    assert download(url, target, SHA256, patience=QUICK) == SHA256
    assert len(server.requests) == 3
    url = server.add("b.zip", CONTENT, refusals=9)
    with pytest.raises(DatasetError, match=r"broke before the answer \(.*\), 3 times in a row; 0 bytes") as error:
        download(url, target.with_name("b.zip"), patience=QUICK)
    assert not isinstance(error.value, Unreachable)
    assert "limit" not in str(error.value)


def test_only_silence_has_a_limit(target):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.zip"
        with pytest.raises(Unreachable, match=r"timed out \(limit 0\.3 s without an answer\)"):
            download(url, target, patience=QUICK)
        with pytest.raises(Unreachable, match="timed out"):
            remote_size(url, QUICK)
    with pytest.raises(Unreachable, match=r"refused\.$|refused>?\.$"):
        download(url, target, patience=QUICK)


def test_no_network_fails_at_once(target):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(Unreachable, match="refused"):
        download(f"http://127.0.0.1:{port}/a.zip", target)
    with pytest.raises(Unreachable, match="cannot be fetched"):
        download("http://no-such-host.invalid/a.zip", target)
    assert time.monotonic() - started < 5
    assert leftovers(target) == []


def test_what_progress_raises_ends_the_download_resumably(server, target):
    url = server.add("a.zip", CONTENT, pause_s=0.001)

    def stop(done: int, total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(url, target, progress=stop)
    there = bytes_there(target)
    assert 100_000 < there < len(CONTENT)
    assert download(url, target, MD5) == MD5
    assert server.ranges("a.zip") == [None, f"bytes={there}-"]


def test_a_killed_process_is_continued(server, target):
    url = server.add("a.zip", CONTENT, pause_s=0.02)
    code = (
        "import pathlib, sys; from bench.datasets.download import download; "
        "download(sys.argv[1], pathlib.Path(sys.argv[2]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, url, str(target)], cwd=Path(__file__).parents[2]) as process:
        deadline = time.monotonic() + 20
        while bytes_there(target) < 200_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    there = bytes_there(target)
    assert 200_000 <= there < len(CONTENT)
    server.files["/a.zip"].pause_s = 0.0
    assert download(url, target, SHA256) == SHA256
    assert server.ranges("a.zip") == [None, f"bytes={there}-"]


def test_too_little_space_is_said_before_anything_is_written(server, target, monkeypatch):
    usage = shutil.disk_usage(target.parent.parent)
    monkeypatch.setattr(partial.shutil, "disk_usage", lambda path: usage._replace(free=partial.RESERVE))
    url = server.add("a.zip", CONTENT)
    with pytest.raises(DatasetError, match=r"needs 17\.8 MB at .*, and 16\.8 MB are free there"):
        download(url, target, patience=QUICK)
    assert not target.with_name(".a.zip.part").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up(server, target, monkeypatch):
    url = server.add("a.zip", CONTENT)
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(partial.Part, "opened", lambda self: full)
        with pytest.raises(DatasetError, match=r"the disk is full.*it continues"):
            download(url, target, patience=QUICK)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "fixed").mkdir(mode=0o500)
    with pytest.raises(DatasetError, match="cannot be written"):
        download(server.add("a.zip", CONTENT), tmp_path / "fixed" / "a.zip")


def test_a_file_that_is_there_and_wrong_is_not_touched(server, target):
    target.parent.mkdir()
    target.write_bytes(b"something else")
    with pytest.raises(DatasetError, match=r"got \w{64} \(14 bytes\); this is not the published file"):
        download(server.add("a.zip", CONTENT), target, SHA256)
    assert target.read_bytes() == b"something else"
    assert not was_downloaded(target)


def test_the_size_is_known_before(server):
    assert remote_size(server.add("a.zip", CONTENT)) == len(CONTENT)
    assert remote_size(f"{server.address}/nothing") is None
    assert server.requests[0][0] == "HEAD"


def test_an_unknown_checksum_is_refused(target):
    with pytest.raises(ValueError, match="crc32"):
        download("http://127.0.0.1/a", target, "crc32:00")
