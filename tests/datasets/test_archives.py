from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import shutil
import stat
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from bench.datasets import partial, unpacking
from bench.datasets.archives import BrokenArchive, is_archive, unpack
from bench.datasets.unpacking import Limits
from bench.errors import DatasetError

FILES = {
    "set/a.wav": random.Random(1).randbytes(100_000),
    "set/deep/er/ü b.wav": b"b" * 1000,
    "set/empty.txt": b"",
}
COMPRESSORS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[str, bytes | str, bytes], pack=bytes) -> Path:
    """A tar of (name, content or link target, type)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, content, kind in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if isinstance(content, str):
                member.linkname = content
                out.addfile(member)
            else:
                member.size = len(content)
                out.addfile(member, io.BytesIO(content))
    path.write_bytes(pack(buffer.getvalue()))
    return path


def of_files(files: dict[str, bytes]) -> list[tuple[str, bytes, bytes]]:
    return [(name, content, tarfile.REGTYPE) for name, content in files.items()]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "set"


def unpacked(archive: Path, out: Path, **how: object):
    return unpack(archive, out, out / ".codecbench" / "unpacking", **how)  # type: ignore[arg-type]


def below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def refused(archive: Path, out: Path, match: str, **how: object) -> None:
    """That nothing of it stays, and nothing lies outside."""
    before = below(out.parent.parent)
    with pytest.raises(DatasetError, match=match) as error:
        unpacked(archive, out, **how)
    assert str(archive) in str(error.value)
    assert below(out.parent.parent) == before


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_a_tar_and_its_hashes(tmp_path, out, suffix):
    archive = tarred(tmp_path / f"a.tar{suffix}", *of_files(FILES), pack=COMPRESSORS[suffix])
    seen = []
    done = unpacked(archive, out, progress=lambda *now: seen.append(now))
    assert below(out) == FILES
    assert {one.path: (one.size, one.sha256) for one in done.files} == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in FILES.items()
    }
    assert done.clashes == ()
    assert seen[-1][0] <= seen[-1][1] == archive.stat().st_size
    assert is_archive(archive.name)


def test_a_zip_and_its_hashes(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.ZIP", "w") as packed:
        packed.mkdir("set")
        packed.writestr("set\\a.wav", FILES["set/a.wav"])  # as some programs on Windows write it
        link = zipfile.ZipInfo("set/link.wav")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "a.wav")
    done = unpacked(tmp_path / "a.ZIP", out)
    assert (out / "set" / "link.wav").readlink() == Path("a.wav")
    assert (out / "set" / "link.wav").read_bytes() == FILES["set/a.wav"]
    assert [(one.path, one.link) for one in done.files] == [("set/a.wav", ""), ("set/link.wav", "a.wav")]
    assert is_archive("a.ZIP")
    assert not is_archive("a.csv")


def test_files_in_place_are_replaced_and_others_stay(tmp_path, out):
    (out / "set").mkdir(parents=True)
    (out / "set" / "a.wav").write_bytes(b"damaged")
    (out / "set" / "mine.txt").write_bytes(b"mine")
    left = out / ".codecbench" / "unpacking"
    left.mkdir(parents=True)
    (left / "torn.wav").write_bytes(b"of a killed process")
    unpacked(zipped(tmp_path / "a.zip", FILES), out)
    assert below(out) == FILES | {"set/mine.txt": b"mine"}


SMALL = Limits(floor_bytes=2_000_000)
OUTSIDE = ["../evil", "set/../../evil", "/evil", "..\\evil", "C:\\evil", "c:/evil", "\\evil", "set/..", "a\\..\\..\\b"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_member_leads_out_of_the_folder(tmp_path, out, name):
    refused(zipped(tmp_path / "a.zip", FILES | {name: b"x"}), out, "a path out of the folder")
    refused(tarred(tmp_path / "a.tar", *of_files(FILES | {name: b"x"})), out, "a path out of the folder")


@pytest.mark.parametrize("target", ["../x", "/etc/passwd", "a/../../x", "a/..", "../../x", "..\\x", ""])
def test_no_link_leads_out_of_the_folder(tmp_path, out, target):
    refused(tarred(tmp_path / "a.tar", *of_files(FILES), ("link", target, tarfile.SYMTYPE)), out, "a link out of")


def test_links_inside_the_folder_are_kept(tmp_path, out):
    unpacked(
        tarred(
            tmp_path / "a.tar", *of_files(FILES), ("set/deep/up", "../a.wav", tarfile.SYMTYPE),
            ("set/hard.wav", "set/a.wav", tarfile.LNKTYPE),
        ), out,
    )  # fmt: skip
    assert (out / "set/deep/up").read_bytes() == (out / "set/hard.wav").read_bytes() == FILES["set/a.wav"]


def test_no_link_of_an_earlier_archive_is_followed(tmp_path, out):
    """Each of the three is harmless alone; together they would write beside the folder."""
    outside = tmp_path / "out" / "outside"
    outside.mkdir()
    (out / "b").mkdir(parents=True)
    unpacked(tarred(tmp_path / "1.tar", ("a/b/c", "../..", tarfile.SYMTYPE)), out)
    refused(tarred(tmp_path / "2.tar", ("a/b/c/l", "../../../outside", tarfile.SYMTYPE)), out, r"below 'a/b/c', which")
    (out / "l").symlink_to("../outside")  # as if the second had passed
    refused(tarred(tmp_path / "3.tar", ("l/evil.txt", b"x", tarfile.REGTYPE)), out, "below 'l', which is a link in the")
    refused(tarred(tmp_path / "4.tar", ("m", "l/x", tarfile.SYMTYPE)), out, "a link out of the folder, to 'l/x'")
    refused(tarred(tmp_path / "5.tar", ("evil.txt", b"x", tarfile.REGTYPE)), out, "below 'l'", inside="l")
    assert not list(outside.iterdir())


def test_a_clash_with_what_is_there_moves_nothing(tmp_path, out):
    (out / "set/deep/er").mkdir(parents=True)
    (out / "set/file").write_bytes(b"")
    files = {"set/0.wav": b"0", "set/deep": b"1"}
    refused(zipped(tmp_path / "a.zip", files), out, "'set/deep' is a file in the place of a folder that is there")
    refused(zipped(tmp_path / "b.zip", {"a": b"", "set/file/x": b""}), out, "below 'set/file', which is a file in the")


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ([("d", "set", tarfile.SYMTYPE), ("d/x", b"x", tarfile.REGTYPE)], "below 'd', which is a file or a link"),
        ([("f", b"", tarfile.REGTYPE), ("f/x", b"x", tarfile.REGTYPE)], "below 'f', which is a file or a link"),
        ([("set", "elsewhere", tarfile.SYMTYPE)], "a file in the place of a folder"),
        ([("set/deep", b"", tarfile.REGTYPE)], "a file in the place of a folder"),
        ([("h", "/etc/passwd", tarfile.LNKTYPE)], "a hard link to '/etc/passwd', which is no earlier file"),
        ([("s", "x", tarfile.SYMTYPE), ("h", "s", tarfile.LNKTYPE)], "a hard link to 's', which is no earlier file"),
        ([("dev", b"", tarfile.CHRTYPE)], "a device or another special file"),
        ([("fifo", b"", tarfile.FIFOTYPE)], "a device or another special file"),
        ([("set/a.wav", b"twice", tarfile.REGTYPE)], "holds both 'set/a.wav' and 'set/a.wav'"),
        ([(".codecbench/files.jsonl", b"", tarfile.REGTYPE)], "where checksums are kept"),
    ],
)
def test_what_no_honest_archive_holds(tmp_path, out, members, match):
    refused(tarred(tmp_path / "a.tar.gz", *of_files(FILES), *members, pack=gzip.compress), out, match)


@pytest.mark.parametrize(
    "name",
    ["nul\0byte", "line\nbreak", "\x1b[2J", "a" * 300, "d/" * 3000 + "x",
     "d/" * 300_000 + "x", "\udcff", "con", "a:stream", "C:evil", " ", "...",
     "~", "$(touch x)", "-rf", "\u202egnp.exe", "*?"],
)  # fmt: skip
def test_strange_names_stay_in_the_folder_or_are_refused(tmp_path, out, name):
    """The names of a PAX header may hold anything. Nothing lands beside the folder; where one fails, nothing in it."""
    before = {path for path in tmp_path.rglob("*") if "out" not in path.parts}
    path = tarred(tmp_path / "a.tar", *of_files(FILES), (name, b"x", tarfile.REGTYPE))
    try:
        unpacked(path, out)
    except DatasetError:
        assert not [one for one in below(out) if not one.startswith(".codecbench")]
    else:
        assert FILES.items() <= below(out).items()
    assert {one for one in tmp_path.rglob("*") if "out" not in one.parts} - before <= {path}


def test_a_zip_with_a_file_without_a_name(tmp_path, out):
    path = zipped(tmp_path / "a.zip", {"x": b"text"})
    path.write_bytes(path.read_bytes().replace(b"x", b"\0"))
    refused(path, out, "a file without a name")


def test_a_special_file_in_a_zip(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        fifo = zipfile.ZipInfo("fifo")
        fifo.create_system, fifo.external_attr = 3, (stat.S_IFIFO | 0o644) << 16
        packed.writestr(fifo, "")
    refused(tmp_path / "a.zip", out, "a device or another special file")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_bomb_is_stopped_before_it_bursts(tmp_path, out, suffix):
    content = bytes(3 << 20)
    archive = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        zipped(archive, {"a": content})
    else:
        tarred(archive, ("a", content, tarfile.REGTYPE), pack=COMPRESSORS[suffix.removeprefix(".tar")])
    assert archive.stat().st_size < 5_000
    seen: list[tuple[int, int | None]] = []
    refused(
        archive,
        out,
        r"unpacks to more than 2\.0 MB.* looks like a bomb",
        limits=SMALL,
        progress=lambda *now: seen.append(now),
    )
    assert not seen or suffix != ".zip"  # whose directory says it before anything is written


def test_a_file_with_holes_is_as_large_as_it_becomes(tmp_path, out):
    """GNU tar, old format: a header that says 3 MB with 512 bytes of data."""
    header = bytearray(tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"%011o\0" % 512
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[386:410] = b"%011o\0%011o\0" % (0, 512)
    header[483:495] = b"%011o\0" % 3_000_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + b"x" * 512 + bytes(1024))
    assert len(unpacked(tmp_path / "a.tar", out).files) == 1
    assert (out / "a").read_bytes() == b"x" * 512 + bytes(3_000_000 - 512)
    (out / "a").unlink()
    refused(tmp_path / "a.tar", out, "looks like a bomb", limits=SMALL)


def test_a_header_that_asks_for_much_memory_is_a_bomb_too(tmp_path, out):
    pax = tarfile.TarInfo("pax")
    pax.type, pax.size = tarfile.XHDTYPE, 1 << 40
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(pax.tobuf(tarfile.GNU_FORMAT) + bytes(8 << 20)))
    refused(tmp_path / "a.tar.gz", out, "looks like a bomb", limits=SMALL)


def test_a_zip_whose_header_lies_about_a_size(tmp_path, out):
    archive = zipped(tmp_path / "a.zip", {"a": bytes(5_000_000)})
    data = bytearray(archive.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    assert struct.unpack_from("<I", data, entry + 24) == (5_000_000,)
    struct.pack_into("<I", data, entry + 24, 10)
    archive.write_bytes(data)
    refused(archive, out, "truncated or damaged at 'a'")


def test_too_many_members(tmp_path, out):
    archive = zipped(tmp_path / "a.zip", {str(number): b"" for number in range(11)})
    with pytest.raises(DatasetError, match="holds more than 10 files"):
        unpacked(archive, out, limits=Limits(members=10))


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_truncated_archive(tmp_path, out, suffix):
    archive = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        zipped(archive, FILES)
    else:
        tarred(archive, *of_files(FILES), pack=COMPRESSORS[suffix.removeprefix(".tar")])
    whole = archive.read_bytes()
    for size in (0, 100, len(whole) // 2):
        archive.write_bytes(whole[:size])
        refused(archive, out, "truncated or damaged|expected an? ")
        with pytest.raises(BrokenArchive):
            unpacked(archive, out)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_flipped_bit(tmp_path, out, suffix):
    archive = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        zipped(archive, FILES)
    else:
        tarred(archive, *of_files(FILES), pack=COMPRESSORS[suffix.removeprefix(".tar")])
    data = bytearray(archive.read_bytes())
    data[50_000] ^= 1
    archive.write_bytes(data)
    refused(archive, out, "truncated or damaged")


def test_a_checksum_behind_the_last_member_is_read(tmp_path, out):
    archive = tarred(tmp_path / "a.tar", *of_files(FILES))
    data = bytearray(gzip.compress(archive.read_bytes() + bytes(3_000_000)))
    data[-8] ^= 1
    archive.write_bytes(data)
    refused(archive, out, r"truncated or damaged \(CRC check failed")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<!doctype html><title>Log in</title>", "expected an archive, got a web page"),
        (b"", "expected an archive, got an empty file"),
        (b'{"error": 500}', r"expected a zip or tar archive, got a file that starts with b'\{\"error"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z archives cannot be unpacked here.*7z x"),
        (b"Rar!\x1a\x07\x00" + bytes(100), "RAR archives cannot"),
    ],
)
def test_what_is_no_archive(tmp_path, out, content, match):
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", out, match)


def test_an_encrypted_zip_and_an_unknown_method(tmp_path, out):
    archive = zipped(tmp_path / "a.zip", {"a.wav": b"x" * 100})
    whole = bytearray(archive.read_bytes())
    entry = whole.rindex(b"PK\x01\x02")
    for at, value, match in ((8, 1, "a.wav: encrypted"), (10, 9, "cannot be unpacked here at 'a.wav'")):
        data = bytearray(whole)
        struct.pack_into("<H", data, entry + at, value)
        struct.pack_into("<H", data, at - 2, value)
        archive.write_bytes(data)
        refused(archive, out, match)


def test_names_that_differ_in_case_are_named(tmp_path, out, monkeypatch):
    archive = zipped(tmp_path / "a.zip", {"A/x.wav": b"1", "a/X.wav": b"2", "b": b"3"})
    assert unpacked(archive, out).clashes == (("A/x.wav", "a/X.wav"),)
    assert len(below(out)) == 3
    monkeypatch.setattr(unpacking, "ignores_case", lambda folder: True)
    with pytest.raises(DatasetError, match=r"holds both 'A/x\.wav' and 'a/X.wav', which are one file on this disk"):
        unpacked(archive, tmp_path / "elsewhere")


def test_room_for_what_is_in_it_is_looked_for_first(tmp_path, out, monkeypatch):
    usage = partial.shutil.disk_usage(tmp_path)
    for archive in (zipped(tmp_path / "a.zip", FILES), tarred(tmp_path / "a.tar", *of_files(FILES))):
        with monkeypatch.context() as patch:
            patch.setattr(partial.shutil, "disk_usage", lambda path: usage._replace(free=partial.RESERVE))
            refused(archive, out, r"unpacking needs 16\.9 MB at .*, and 16\.8 MB are free")


@pytest.mark.parametrize("damage", ["none", "a part is missing", "a part is truncated"])
def test_a_zip_in_several_files(tmp_path, out, damage):
    """Cut as Info-ZIP does it: the directory says in which file, and where there, each member starts."""
    files = {f"{number}.wav": random.Random(number).randbytes(30_000) for number in range(10)}
    whole = zipped(tmp_path / "whole.zip", files).read_bytes()
    data, cuts = bytearray(whole), [0, 100_000, 200_000, len(whole)]
    at = whole.index(b"PK\x01\x02")
    directory = at
    while data[at : at + 4] == b"PK\x01\x02":
        (offset,) = struct.unpack_from("<L", data, at + 42)
        volume = sum(cut <= offset for cut in cuts[1:])
        struct.pack_into("<H", data, at + 34, volume)
        struct.pack_into("<L", data, at + 42, offset - cuts[volume])
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    struct.pack_into("<HH", data, at + 4, 2, 2)
    struct.pack_into("<L", data, at + 16, directory - cuts[2])
    parts = [tmp_path / name for name in ("a.z01", "a.z02", "a.zip")]
    for path, start, end in zip(parts, cuts, cuts[1:], strict=False):
        path.write_bytes(data[start:end])
    if damage == "a part is missing":
        refused(parts[-1], out, "truncated or damaged", earlier=parts[1:-1])
        refused(parts[-1], out, "truncated or damaged|expected a zip")
    elif damage == "a part is truncated":
        parts[1].write_bytes(data[cuts[1] : cuts[2] - 1000])
        refused(parts[-1], out, "truncated or damaged", earlier=parts[:-1])
    else:
        unpacked(parts[-1], out, earlier=parts[:-1])
        assert below(out) == files


@pytest.mark.skipif(shutil.which("zip") is None, reason="needs the program zip")
def test_a_zip_that_another_program_split(tmp_path, out):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "set" / "z.wav").write_bytes(random.Random(2).randbytes(100_000))
    subprocess.run(["zip", "-qr", "-s", "64k", "a.zip", "set"], cwd=tmp_path, check=True)
    earlier = sorted(tmp_path.glob("a.z[0-9][0-9]"))
    assert len(earlier) >= 2
    unpacked(tmp_path / "a.zip", out, earlier=earlier)
    assert below(out) == FILES | {"set/z.wav": random.Random(2).randbytes(100_000)}
