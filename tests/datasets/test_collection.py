from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import pty
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from bench import audio, config
from bench.align import probe
from bench.datasets import accepted_licences, collection, fetching, partial, records
from bench.datasets.download import Patience
from bench.datasets.fetching import fetch
from bench.datasets.known import find, known_sets
from bench.datasets.known.base import Archive, KnownSet, Recording
from bench.datasets.known.places import remedy
from bench.datasets.manifest import write_manifest
from bench.datasets.materials import Material, sources_of
from bench.datasets.verifying import verify_folder, verify_manifest
from bench.domain import Clip
from bench.errors import ConfigError, DatasetError, UnknownName
from bench.loading import clips_of, clips_of_config
from bench.terminal.transfers import Transfers
from tests.commands import codecbench
from tests.datasets.known_trees import TREES
from tests.datasets.serving import Server, running

ROOT = Path(__file__).parents[2]
QUICK = Patience(timeout_s=0.5, tries=2, pause_s=0.01)


def recordings(folder: Path) -> list[Recording]:
    return [Recording(path.stem, path) for path in sorted(folder.glob("tiny/*/*.wav"))]


TINY = KnownSet(
    name="tiny", title="A tiny set", role="speech", homepage="https://example.org", licence="CC BY 4.0",
    licence_url="https://example.org/licence", citation="Nobody, 2020", attribution="Nobody",
    recognised_by=("tiny/*/*.wav",), recordings=recordings,
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], bytes]:
    def content(seed: int) -> bytes:
        path = tmp_path_factory.mktemp("wav") / f"{seed}.wav"
        audio.write(path, probe(16_000, 1, seed).part(0, 8_000), "PCM_16")
        return path.read_bytes()

    return content


@pytest.fixture(scope="module")
def files(wav: Callable[[int], bytes]) -> dict[str, dict[str, bytes]]:
    """What is in each archive."""
    return {
        "one.tar.gz": {"tiny/a/1.wav": wav(1), "tiny/a/2.wav": wav(2), "tiny/README": b"of one"},
        "two.zip": {"tiny/b/3.wav": wav(3), "tiny/README": b"of the second"},
        "three.zip": {"c/4.wav": wav(4)},
        "table.tsv": {"tiny/table.tsv": b"1\t2\n"},
    }


@pytest.fixture
def contents(files: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    return {name: files[name]["tiny/table.tsv"] if name == "table.tsv" else packed(name, files[name]) for name in files}


@pytest.fixture
def known(server: Server, contents: dict[str, bytes]) -> KnownSet:
    """A set of three archives and a table, served."""
    urls = {name: server.add(name, content) for name, content in contents.items()}
    return replace(
        TINY,
        archives=(
            Archive(urls["one.tar.gz"], len(contents["one.tar.gz"]), of("md5", contents["one.tar.gz"]), "train"),
            Archive(urls["two.zip"], None, of("sha256", contents["two.zip"]), "test"),
            Archive(urls["three.zip"], None, "", "test", unpack_to="tiny"),
            Archive(urls["table.tsv"], unpack_to="tiny"),
        ),
    )


def packed(name: str, members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
            for path, content in members.items():
                out.writestr(path, content)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for path, content in members.items():
                info = tarfile.TarInfo(path)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def of(algorithm: str, content: bytes) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


def below(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in sorted(records.files_below(folder))}


def whole(files: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    third = {f"tiny/{name}": content for name, content in files["three.zip"].items()}
    return files["one.tar.gz"] | files["two.zip"] | third | files["table.tsv"]


def get(known: KnownSet, context: Any, *subsets: str, **how: Any) -> fetching.Fetched:
    return fetch(known, context, subsets, accept_licence=True, patience=QUICK, **how)


def test_a_set_is_fetched_unpacked_and_verified(known, context, files, server):
    assert collection.state(known, context).status == "absent"
    seen = []
    done = get(known, context, watch=lambda *now: seen.append(now))
    assert done.folder == context.data_dir / "tiny"
    assert done.unpacked == ("one.tar.gz", "two.zip", "three.zip", "table.tsv")
    assert below(done.folder) == whole(files)
    assert [path.name for path in context.data_dir.iterdir()] == ["tiny"]
    assert not (done.folder / ".codecbench" / "unpacking").exists()
    assert {(name, doing) for name, doing, *_ in seen} >= {("two.zip", "downloading"), ("two.zip", "unpacking")}
    found = verify_folder(done.folder, known)
    assert (found.problems, found.files, found.recordings, found.notes) == ([], 6, 4, ())
    assert collection.state(known, context).status == "there"
    server.requests.clear()
    assert get(known, context).unpacked == ()
    assert server.requests == []


def test_without_a_data_folder_it_goes_to_the_cache(known, context):
    nowhere = replace(context, data_dir=None)
    assert get(known, nowhere).folder == context.cache_dir / "sets" / "tiny"


def test_subsets(known, context, server):
    get(known, context, "test")
    folder = context.data_dir / "tiny"
    assert sorted(below(folder)) == ["tiny/README", "tiny/b/3.wav", "tiny/c/4.wav", "tiny/table.tsv"]
    assert get(known, context, "train", "test").unpacked == ("one.tar.gz",)
    assert verify_folder(folder, known).problems == []
    assert [unit.archive.name for unit in collection.units(replace(known, split="train"))] == [
        "one.tar.gz",
        "table.tsv",
    ]
    assert len(collection.units(replace(known, split="train"), ["all"])) == 4
    assert len(collection.units(replace(known, split="a speaker"))) == 4
    with pytest.raises(ConfigError, match=r"tiny has no subset 'tset' to fetch. Did you mean 'test'\? It has train"):
        get(known, context, "tset")
    with pytest.raises(ConfigError, match="It comes as a whole"):
        get(replace(known, archives=(Archive("http://127.0.0.1/a.zip"),)), context, "test")


def test_the_licence_is_accepted_once_for_each_wording(known, context, server):
    with pytest.raises(
        ConfigError, match=r"licence: CC BY 4\.0\nhttps://example\.org/licence\n(.|\n)*--accept-licence"
    ):
        fetch(known, context)
    assert server.requests == []
    get(known, context, "train")
    fetch(known, context, patience=QUICK)
    assert accepted_licences.accepted(known, context.cache_dir)
    kept = (context.cache_dir / "licences" / "tiny.json").read_bytes()
    (context.cache_dir / "licences" / "tiny.json").write_bytes(kept.replace(b'"accepted": "2', b'"accepted": "1'))
    accepted_licences.require(known, context.cache_dir, accept_it=True)
    assert b'"accepted": "1' in (context.cache_dir / "licences" / "tiny.json").read_bytes()
    assert not accepted_licences.accepted(replace(known, licence="CC BY-NC 4.0"), context.cache_dir)


def test_archives_brought_by_hand_are_used_and_kept(known, context, contents, files, server):
    server.files.clear()
    place = collection.archives_of(context.data_dir / "tiny")
    place.mkdir()
    for name, content in contents.items():
        (place / name).write_bytes(content)
    assert below(get(known, context).folder) == whole(files)
    assert {path.name for path in place.iterdir()} - {".lock"} == set(contents)
    assert [method for method, *_ in server.requests if method == "GET"] == []


def test_archives_can_be_kept(known, context, contents):
    get(known, context, keep_archives=True)
    assert {path.name for path in collection.archives_of(context.data_dir / "tiny").iterdir()} >= set(contents)


def test_an_archive_brought_by_hand_that_is_wrong_stays(known, context, contents):
    place = collection.archives_of(context.data_dir / "tiny")
    place.mkdir()
    (place / "two.zip").write_bytes(b"another file")
    (place / "three.zip").write_bytes(b"<html>log in</html>")
    with pytest.raises(DatasetError) as error:
        get(known, context)
    assert "expected sha256" in str(error.value)
    assert "this is not the published file. Delete it" in str(error.value)
    assert "expected an archive, got a web page" in str(error.value)
    assert "Put the right file there, or delete it" in str(error.value)
    assert (place / "two.zip").read_bytes() == b"another file"
    assert (place / "three.zip").exists()


def test_what_fails_is_named_and_the_rest_is_kept(known, context, contents, files, server):
    server.files["/one.tar.gz"].content = contents["one.tar.gz"][:-1] + b"x"
    server.files["/two.zip"].statuses = [404]
    server.files["/three.zip"].content = contents["three.zip"][:300]
    with pytest.raises(DatasetError) as error:
        get(known, context)
    text = str(error.value)
    for expected in (
        "one.tar.gz: the content is not what it should be: expected md5",
        "two.zip: cannot be fetched: the server says 404",
        "three.zip: the archive is truncated or damaged", "It was deleted; the same command fetches it again",
        f"put these files into {context.data_dir / 'tiny-archives'}", f"  {known.archives[0].url}  (",
        "recognised by tiny/*/*.wav below",
    ):  # fmt: skip
        assert expected in text
    assert known.archives[3].url not in text
    assert list(below(context.data_dir / "tiny")) == ["tiny/table.tsv"]
    for name, content in contents.items():
        server.add(name, content)
    assert get(known, context).unpacked == ("one.tar.gz", "two.zip", "three.zip")
    assert below(context.data_dir / "tiny") == whole(files)


def test_no_network_leaves_nothing_and_says_what_to_do(known, context, files):
    with running() as gone:
        archives = tuple(replace(one, url=f"{gone.address}/{one.name}") for one in known.archives)
    known = replace(known, archives=archives)
    with pytest.raises(DatasetError, match=r"refused(.|\n)*To bring A tiny set here by hand, put these files into"):
        get(known, context)
    assert list(context.data_dir.iterdir()) == []
    for name, content in whole(files).items():
        path = context.data_dir / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert get(known, context).notes == ("was brought here by hand; nothing was fetched.",)


def test_a_file_that_is_lost_is_fetched_again(known, context, files, server):
    folder = get(known, context).folder
    (folder / "tiny/b/3.wav").unlink()
    server.requests.clear()
    assert get(known, context).unpacked == ("two.zip",)
    assert below(folder) == whole(files)
    assert {path for method, path, _ in server.requests if method == "GET"} == {"/two.zip"}


def test_a_hostile_archive_changes_nothing(known, context, server):
    server.add("three.zip", packed("three.zip", {"c/4.wav": b"", "../../evil": b"x"}))
    with pytest.raises(DatasetError, match=r"'../../evil' is a path out of the folder"):
        get(known, context)
    assert not list(context.data_dir.rglob("evil"))
    assert "tiny/c/4.wav" not in below(context.data_dir / "tiny")


@pytest.mark.parametrize(("unpack_to", "inside"), [("./.hidden//a/", ".hidden/a"), (".", ""), ("", ""), ("./", "")])
def test_where_an_archive_goes(unpack_to, inside):
    assert Archive("http://127.0.0.1/a.zip", unpack_to=unpack_to).inside == inside


def test_a_table_does_not_go_through_a_link(known, context, tmp_path):
    (tmp_path / "outside").mkdir()
    (context.data_dir / "tiny").mkdir()
    (context.data_dir / "tiny" / "tiny").symlink_to("../../outside")
    with pytest.raises(DatasetError, match=r"'tiny/table\.tsv' is below 'tiny', which is a link"):
        get(known, context)
    assert not list((tmp_path / "outside").iterdir())
    assert not (collection.archives_of(context.data_dir / "tiny") / "table.tsv").exists()


def test_a_zip_in_several_files_is_one_unit(known, context):
    parts = [Archive(f"http://127.0.0.1/a.{end}", subset="test") for end in ("z01", "z02", "zip")]
    [unit] = collection.units(replace(known, archives=tuple(parts)))
    assert (unit.archive.name, [one.name for one in unit.earlier]) == ("a.zip", ["a.z01", "a.z02"])
    [orphan] = collection.units(replace(known, archives=(parts[0],)))
    assert orphan.archive.name == "a.z01"


def test_names_that_differ_in_case_only_are_noted(known, context, server, wav):
    server.add("three.zip", packed("three.zip", {"c/4.wav": wav(4), "c/4.WAV": wav(5)}))
    assert get(known, context).notes == ("three.zip: 'c/4.wav' and 'c/4.WAV' differ in case only.",)


def test_what_is_not_the_set_is_said(known, context):
    with pytest.raises(DatasetError, match=r"everything was unpacked, but it is not recognised .* matches other/\*"):
        get(replace(known, recognised_by=("tiny/*/*.wav", "other/*")), context)


def test_a_set_that_cannot_be_fetched_says_how_to_get_it(context):
    known = replace(TINY, obtain="ask Nobody for tiny.zip.")
    with pytest.raises(
        DatasetError, match=r"cannot be fetched: ask Nobody for tiny\.zip\. The place is .*tiny; the set"
    ):
        get(known, context)


def parted(known: KnownSet, table: bool = True) -> KnownSet:
    """``known`` with recordings that say which subset they are of, and of which a list may name more than there is."""

    def found(folder: Path) -> list[Recording]:
        names = (
            ["tiny/a/1.wav", "tiny/a/2.wav"] if table else [one for one in below(folder) if one.startswith("tiny/a")]
        )
        names += [one for one in below(folder) if one[:7] in ("tiny/b/", "tiny/c/")]
        return [Recording(one, folder / one, subset="train" if one[5] == "a" else "test") for one in names]

    return replace(known, recordings=found, subsets=("train", "test"), split="train")


@pytest.mark.parametrize("table", [True, False])
def test_a_subset_that_is_not_here_is_fetched_though_another_was_brought(known, context, files, server, table):
    known = parted(known, table)
    path = context.data_dir / "tiny" / "tiny/b/3.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(files["two.zip"]["tiny/b/3.wav"])
    assert collection.state(known, context).status == "there"
    assert get(known, context, "test").notes == ("was brought here by hand; nothing was fetched.",)
    assert get(known, context).unpacked == ("one.tar.gz", "table.tsv")
    server.requests.clear()
    assert get(known, context).unpacked == ()
    assert get(known, context, "all").unpacked == ("two.zip", "three.zip")


def test_a_set_that_is_not_recognised_stays_an_error(known, context, server):
    odd = replace(known, recognised_by=("tiny/*/*.wav", "other/*"))
    for _ in range(2):
        with pytest.raises(
            DatasetError, match=r"everything was unpacked, but it is not recognised .* matches other/\*"
        ):
            get(odd, context)
    server.add("two.zip", packed("two.zip", {"tiny/README": b""}))
    bad = replace(known, archives=(replace(known.archives[1], checksum=""),), recognised_by=("tiny/*",))
    elsewhere = replace(context, data_dir=context.data_dir / "more")
    for _ in range(2):
        with pytest.raises(DatasetError, match=r"everything was unpacked, but .* there is no recording"):
            get(bad, elsewhere)


def test_a_set_to_be_brought_asks_for_its_licence_and_is_whole_or_not(context, files):
    known = parted(replace(TINY, obtain="ask Nobody", licence="EBU terms"))
    with pytest.raises(ConfigError, match=r"ask Nobody(.|\n)*licence: EBU terms(.|\n)*add --accept-licence"):
        fetch(known, context)
    get_it = r"ask Nobody(.|\n)*What is not there yet: "
    with pytest.raises(DatasetError, match=f"{get_it}nothing matches tiny"):
        get(known, context)
    folder = context.data_dir / "tiny" / "tiny" / "a"
    folder.mkdir(parents=True)
    (folder / "1.wav").write_bytes(files["one.tar.gz"]["tiny/a/1.wav"])
    with pytest.raises(DatasetError, match=f"{get_it}1 of 2 recordings of train .*: tiny/a/2.wav"):
        fetch(known, context)
    (folder / "2.wav").write_bytes(files["one.tar.gz"]["tiny/a/2.wav"])
    assert fetch(known, context).unpacked == ()


def test_a_silent_host_is_asked_once(known, context, monkeypatch):
    seen: list[tuple[object, ...]] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        many = tuple(Archive(f"{address}/{number}.zip") for number in range(40))
        started = time.monotonic()
        with pytest.raises(DatasetError, match=r"timed out(.|\n)*did not answer: 3\d more of its files were not asked"):
            get(replace(known, archives=many), context, watch=lambda *now: seen.append(now))
        assert time.monotonic() - started < 5
    host = address.removeprefix("http://")
    assert ("0.zip", f"waiting for {host} to send", 0, None) in seen
    assert 1 <= sum(doing == f"asking {host} for the size of" and not done for _, doing, done, _ in seen) <= 8


def test_what_is_waited_for_is_said_though_nothing_moves(capsys):
    with Transfers(interval_s=0.1) as watch:
        watch("a.zip", "waiting for example.org to send", 0, None)
        time.sleep(1.5)
    assert "waiting for example.org to send a.zip\n" in capsys.readouterr().err


def test_an_archive_that_is_refused_is_not_kept(known, context, server, contents, files):
    server.add("three.zip", packed("three.zip", {"c/4.wav": b"", "../../evil": b"x"}))
    with pytest.raises(DatasetError, match=r"do not trust this archive\. It was deleted") as error:
        get(known, context)
    assert "by hand" not in str(error.value)
    assert not collection.archives_of(context.data_dir / "tiny").exists()
    server.add("three.zip", contents["three.zip"])
    assert get(known, context).unpacked == ("three.zip",)
    assert below(context.data_dir / "tiny") == whole(files)


def test_the_remedy_names_the_subset_that_can_be_fetched_alone(known):
    assert "codecbench data fetch tiny --subset test. Or" in remedy(known, "test")
    assert "codecbench data fetch tiny --subset all. Or" in remedy(known, "all")
    assert "codecbench data fetch tiny. Or" in remedy(known, "mic2")
    assert "codecbench data fetch tiny. Or" in remedy(known)


def test_room_is_looked_for_before_anything_is_fetched(known, context, server, monkeypatch):
    usage = shutil.disk_usage(context.data_dir)
    monkeypatch.setattr(partial.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(DatasetError, match=r"A tiny set: about what fetching and unpacking needs 16\.\d MB at .*/tiny"):
        get(known, context)
    assert {method for method, *_ in server.requests} == {"HEAD"}


def test_what_a_watch_raises_stops_the_other_downloads(known, context, server):
    server.add("two.zip", random.Random(0).randbytes(3_000_000), pause_s=0.02)
    place = collection.archives_of(context.data_dir / "tiny") / "two.zip"

    def watch(name: str, doing: str, done: int, total: int | None) -> None:
        while doing == "unpacking":
            if partial.bytes_there(place):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(known, context, watch=watch)
    there = partial.bytes_there(place)
    assert 0 < there < 3_000_000
    time.sleep(0.2)
    assert partial.bytes_there(place) == there


def test_two_processes_do_not_fetch_one_set_at_a_time(known, context):
    place = collection.archives_of(context.data_dir / "tiny")
    place.mkdir()
    with FileLock(place / ".lock"), pytest.raises(DatasetError, match="another process is fetching this set"):
        get(known, context)


def test_files_that_changed_are_named_with_both_hashes(known, context, wav):
    folder = get(known, context).folder
    before = (folder / "tiny/a/1.wav").read_bytes()
    (folder / "tiny/a/1.wav").write_bytes(wav(9))
    (folder / "tiny/a/2.wav").unlink()
    (folder / "tiny/b/5.wav").write_bytes(wav(5)[:-100])
    found = verify_folder(folder, known, decode=True)
    assert found.changed == (
        ("tiny/a/1.wav", (f"sha256 {of('sha256', before)[7:]}",), f"sha256 {of('sha256', wav(9))[7:]}"),
    )
    assert found.missing == ("tiny/a/2.wav",)
    assert found.extra == ("tiny/b/5.wav",)
    assert len(found.unreadable) == 1
    assert "5.wav: the file is truncated" in found.unreadable[0]
    assert [line.split(":")[0] for line in found.problems] == ["changed", "missing", "extra", "unreadable"]
    assert "1 files were recorded now" in verify_folder(folder, known, record=True).notes[0]
    assert verify_folder(folder, known).extra == ()
    assert verify_folder(folder, known).missing == ("tiny/a/2.wav",)


def test_a_folder_brought_by_hand_is_recorded_and_then_compared(context, put):
    for name in ("a.wav", "deep/b.wav"):
        put(name)
    (context.data_dir / "cut.wav").write_bytes((context.data_dir / "a.wav").read_bytes()[:-10])
    (context.data_dir / "link.wav").symlink_to("a.wav")
    first = verify_folder(context.data_dir)
    assert first.notes == ("the hashes of 3 files were recorded now; the next time they are compared.",)
    assert (first.files, first.recordings, len(first.unreadable)) == (3, 3, 1)
    assert "cut.wav: the file is truncated" in first.unreadable[0]
    (context.data_dir / "deep/b.wav").unlink()
    (context.data_dir / "link.wav").unlink()
    (context.data_dir / "link.wav").symlink_to("cut.wav")
    again = verify_folder(context.data_dir)
    assert again.notes == ()
    assert again.missing == ("deep/b.wav",)
    assert again.changed == (("link.wav", ("a link to a.wav",), "a link to cut.wav"),)


def test_a_broken_file_is_never_taken_as_right(context, put):
    put("a.wav")
    (context.data_dir / "b.wav").write_bytes(b"no audio")
    first = verify_folder(context.data_dir)
    assert (first.files, first.recordings, len(first.unreadable)) == (1, 1, 1)
    again = verify_folder(context.data_dir)
    assert (again.extra, len(again.unreadable)) == (("b.wav",), 1)
    assert verify_folder(context.data_dir, record=True).files == 1


def test_a_set_without_its_table_or_its_recordings_is_not_well(context):
    TREES["esc50"].build(context.data_dir)
    known = known_sets()["esc50"]
    table = context.data_dir / "ESC-50-master/meta/esc50.csv"
    content = table.read_text()
    table.write_text("<!DOCTYPE html><title>Gone</title>")
    assert f"{table}: cannot be understood: expected the columns" in verify_folder(context.data_dir, known).problems[0]
    table.write_text(content.splitlines()[0])
    (problem,) = verify_folder(context.data_dir, known, record=True).problems
    assert problem == f"unreadable: {context.data_dir}: no recording of ESC-50 is here."


AS_NOBODY = """
import os, sys
from pathlib import Path
from bench import audio
from bench.datasets.verifying import verify_folder, verify_manifest
root = Path(sys.argv[1])
audio.info(root / "a.wav")  # what is imported late can be so only by who may read it
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print(verify_folder(root).problems)
print(verify_manifest(root / "m.jsonl", root).problems)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs a user who may become another one")
def test_what_cannot_be_read_is_named_and_the_rest_looked_at():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        clips = []
        for number, place in enumerate(("a.wav", "b.wav", "closed/c.wav", "d.wav", "text.txt")):
            audio.write(root / f"{number}.wav", probe(16_000, 1, number).part(0, 4_000), "PCM_16")
            (root / place).parent.mkdir(exist_ok=True)
            (root / f"{number}.wav").rename(root / place)
            sha256 = hashlib.sha256((root / place).read_bytes()).hexdigest()
            clips.append(Clip(str(number), "", "speech", str(root / place), sha256, 16_000, 1, 4_000))
        write_manifest(root / "m.jsonl", clips[:4])
        verify_folder(root)
        (root / "d.wav").write_bytes(b"changed")
        for closed in ("b.wav", "text.txt", "closed"):
            (root / closed).chmod(0o700)
        command = [sys.executable, "-c", AS_NOBODY, name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        of_folder, of_manifest = (ast.literal_eval(line) for line in said.splitlines())
        assert [line.split(":")[0] for line in of_folder] == ["changed", *["unreadable"] * 4]
        assert [
            root / name in map(Path, re.findall(r"unreadable: ([^:]*)", "\n".join(of_folder)))
            for name in ("b.wav", "text.txt", "closed", "d.wav")
        ] == [True] * 4
        assert [line.split(":")[0] for line in of_manifest] == ["changed", "unreadable", "unreadable"]
        assert f"unreadable: {root}/closed/c.wav: cannot be read (Permission denied)." in of_manifest


A = "http://127.0.0.1/a.zip"
WRONG = [
    ({"url": "example.org/a.zip"}, "url: expected an address such as"),
    ({"url": "http://127.0.0.1/a/"}, "url: expected an address that ends with a file name"),
    ({"url": A, "checksum": "crc32:00"}, "checksum: expected md5:HEX, sha1:HEX"),
    ({"url": A, "checksum": "d41d8cd98f00b204e9800998ecf8427e"}, "checksum: expected md5:HEX"),
    ({"url": A, "checksum": "md5:00"}, "checksum: expected md5:HEX"),
    ({"url": A, "size_bytes": 0}, "size_bytes: expected a number above 0"),
    ({"url": A, "unpack_to": "../x"}, "unpack_to: expected a path below"),
    ({"url": A, "unpack_to": "/x"}, "unpack_to: expected a path below"),
]


@pytest.mark.parametrize(("fields", "problem"), WRONG)
def test_an_archive_that_cannot_be(fields, problem):
    with pytest.raises(ConfigError, match=re.escape(problem)):
        Archive(**fields)


def test_a_set_that_cannot_be():
    with pytest.raises(ConfigError, match=r"got twice: a\.zip") as error:
        replace(TINY, name="a/b", recognised_by=(), archives=(Archive(A), Archive("http://127.0.0.1/b/A.zip")))
    assert len(error.value.problems) == 4


OWN_SET = """
from bench.datasets.known.base import Archive
from tests.datasets.test_collection import TINY
SET = TINY
BAD = lambda: Archive("http://127.0.0.1/a.zip", checksum="crc32:00")
NUMBER = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_sets.py").write_text(OWN_SET)
    (tmp_path / "bad_sets.py").write_text(f"{OWN_SET}BAD()")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("own_sets", "bad_sets"):
        sys.modules.pop(name, None)


def test_a_set_of_ones_own_is_a_loader_and_a_material(own, context, put):
    for name in ("1", "2"):
        put(f"tiny/tiny/a/{name}.wav")
    assert [clip.id for clip in clips_of("own_sets:SET", context)] == ["own_sets:SET/1", "own_sets:SET/2"]
    item = {"loader": "own_sets:SET", "name": "mine", "limit": 1}
    run = config.parse({"name": "x", "datasets": [item], "codecs": [{"name": "passthrough"}], "metrics": ["si_sdr"]})
    [clip] = clips_of_config(run, context)
    assert (clip.dataset, clip.attributes["set"]) == ("mine", "tiny")
    material = Material(dataset="own_sets:SET")
    assert [one.name for one in sources_of(material, "speech", context, "here", [])] == ["1", "2"]
    with pytest.raises(ConfigError, match="expected a loader or a KnownSet, got a int"):
        clips_of("own_sets:NUMBER", context)
    for look in (lambda: clips_of("bad_sets:SET", context), lambda: find("bad_sets:SET")):
        with pytest.raises(ConfigError, match="checksum: expected md5:HEX"):
            look()


def test_a_list_of_hashes_that_is_damaged_is_said(context, put):
    put("a.wav")
    verify_folder(context.data_dir)
    (context.data_dir / ".codecbench" / "files.jsonl").write_text('{"archive"')
    with pytest.raises(DatasetError, match=r"files\.jsonl: cannot be read as a list of hashes"):
        verify_folder(context.data_dir)


def test_a_manifest_is_verified(context, put):
    paths = [put(f"{name}.wav") for name in "abcd"]
    shas = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    clips = [
        Clip(path.stem, "", "speech", str(path), sha, 16_000, 1, 16_000) for path, sha in zip(paths, shas, strict=True)
    ]
    url = Clip("e", "", "speech", "http://127.0.0.1/e.wav", shas[0], 16_000, 1, 16_000)
    write_manifest(context.data_dir / "m.jsonl", [*clips, url])
    paths[1].unlink()
    paths[2].write_bytes(b"no audio")
    found = verify_manifest(context.data_dir / "m.jsonl", context.cache_dir)
    assert (found.files, found.recordings) == (4, 2)
    assert found.missing == (str(paths[1]),)
    assert [path for path, *_ in found.changed] == [str(paths[2])]
    assert found.notes == ("1 clips have a URL and have not been fetched.",)


def test_a_set_is_found_by_name_or_import_path():
    assert find("vctk").name == "vctk"
    assert find("tests.datasets.test_collection:TINY") is TINY
    with pytest.raises(UnknownName, match=r"no known set is named 'vctkk'\. Did you mean 'vctk'"):
        find("vctkk")
    with pytest.raises(ConfigError, match=r"cannot be imported \(ModuleNotFoundError"):
        find("no_such_module:SET")
    with pytest.raises(ConfigError, match="expected a KnownSet, got a"):
        find("tests.datasets.test_collection:ROOT")


SETS = """
from pathlib import Path
from bench.datasets.known.base import Archive, KnownSet, Recording
SET = KnownSet(
    name="tiny", title="A tiny set", role="speech", homepage="", licence="CC0 1.0", licence_url="", citation="",
    attribution="", recognised_by=("*/*.wav",), archives=(ARCHIVES),
    recordings=lambda folder: [Recording(path.stem, path) for path in sorted(Path(folder).glob("*/*.wav"))],
)
"""


def command(folder: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "bench.cli", "data", *map(str, arguments)]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "CODECBENCH_CACHE": str(folder / "cache"), "COLUMNS": "200"}


def data(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return codecbench("data", *arguments, folder=folder, CODECBENCH_CACHE=str(folder / "cache"))


@pytest.fixture
def big(tmp_path: Path, server: Server, wav: Callable[[int], bytes]) -> tuple[Path, dict[str, bytes]]:
    """A folder with a module that describes a set of two served archives, and the files in them."""
    noise = random.Random(0).randbytes(800_000)
    members = {"a.zip": {"a/1.wav": wav(1), "a/noise": noise}, "b.tar.gz": {"b/2.wav": wav(2), "b/noise": noise[::-1]}}
    archives = ""
    for name, inside in members.items():
        content = packed(name, inside)
        url = server.add(name, content, pause_s=0.02)
        archives += f"Archive({url!r}, {len(content)}, {of('md5', content)!r}),"
    (tmp_path / "my_sets.py").write_text(SETS.replace("ARCHIVES", archives))
    return tmp_path, members["a.zip"] | members["b.tar.gz"]


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_command_that_is_stopped_continues(big, server, by):
    folder, expected = big
    place = folder / "data" / "tiny-archives"
    arguments = ("fetch", "my_sets:SET", "--data", "data", "--accept-licence")
    with subprocess.Popen(
        command(folder, *arguments), cwd=folder, env=environment(folder), stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 30
        while min(partial.bytes_there(place / "a.zip"), partial.bytes_there(place / "b.tar.gz")) < 100_000:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(by)
        said = process.communicate(timeout=10)[1]
    assert process.returncode == (-9 if by == signal.SIGKILL else 130)
    if by != signal.SIGKILL:
        assert said.splitlines()[-1] == "stopped. What has come is kept; the same command continues."
        assert "Traceback" not in said
    for one in server.files.values():
        one.pause_s = 0.0
    server.requests.clear()
    done = data(folder, *arguments)
    assert done.returncode == 0, done.stderr
    assert below(folder / "data" / "tiny") == expected
    assert all((server.ranges(name)[0] or "").startswith("bytes=") for name in ("a.zip", "b.tar.gz"))
    assert not place.exists()


def test_the_commands(big, server):
    folder, _ = big
    for one in server.files.values():
        one.pause_s = 0.0
    refused = data(folder, "fetch", "my_sets:SET")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: A tiny set\nlicence: CC0 1.0")
    assert "add --accept-licence" in refused.stderr
    absent = data(folder, "path", "my_sets:SET")
    assert absent.returncode == 1
    assert absent.stdout == f"{folder / 'cache' / 'datasets' / 'sets' / 'tiny'}\n"
    fetched = data(folder, "fetch", "my_sets:SET", "--accept-licence", "--json")
    assert json.loads(fetched.stdout)["unpacked"] == ["a.zip", "b.tar.gz"]
    assert "download: 1.6 MB, archives: 2" in fetched.stderr
    assert data(folder, "fetch", "my_sets:SET").returncode == 0
    info = json.loads(data(folder, "info", "my_sets:SET", "--json").stdout)
    assert (info["state"], info["licence_accepted"]) == ("there", True)
    assert [one["fetched"] for one in info["archives"]] == [True, True]
    good = data(folder, "verify", "my_sets:SET")
    assert (good.returncode, good.stdout) == (0, f"{info['folder']}: 4 files, 2 recordings opened: all is well.\n")
    (Path(info["folder"]) / "a" / "noise").write_bytes(b"changed")
    bad = data(folder, "verify", "my_sets:SET", "--json")
    assert bad.returncode == 1
    assert [path for path, *_ in json.loads(bad.stdout)["changed"]] == ["a/noise"]


@pytest.mark.parametrize(("answer", "code"), [("n", 2), ("y", 0)])
def test_on_a_terminal_the_licence_is_asked_for(big, server, answer, code):
    folder, expected = big
    ours, theirs = pty.openpty()
    said = b""
    with subprocess.Popen(
        command(folder, "fetch", "my_sets:SET"), cwd=folder, env=environment(folder) | {"TERM": "xterm"}, stdin=theirs,
        stdout=subprocess.PIPE, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        while b"accept the licence? [y/N]" not in said:
            said += os.read(ours, 1000)
        os.write(ours, f"{answer}\n".encode())
        with suppress(OSError):  # the other side is closed
            while piece := os.read(ours, 1000):
                said += piece
    os.close(ours)
    assert process.returncode == code
    assert b"A tiny set\r\nlicence: CC0 1.0" in said
    if answer == "y":
        assert b"downloading a.zip" in said
        assert below(folder / "cache" / "datasets" / "sets" / "tiny") == expected
    else:
        assert not server.requests


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys):
    with Transfers(interval_s=0.0) as watch:
        watch("a.zip", "downloading", 1_000_000, 3_000_000)
        time.sleep(0.01)
        watch("b.zip", "unpacking", 5, None)
        watch("a.zip", "downloading", 2_000_000, 3_000_000)
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "downloading a.zip: 1.0 MB of 3.0 MB"
    assert second == "downloading a.zip: 1.0 MB of 3.0 MB; unpacking b.zip: 5 B"
    assert third.startswith("downloading a.zip: 2.0 MB of 3.0 MB; unpacking b.zip: 5 B (")
    assert third.endswith(" s left)")


def test_the_command_without_a_network(big, server):
    folder, _ = big
    text = (folder / "my_sets.py").read_text().replace(server.address, "http://no-such-host.invalid")
    (folder / "my_sets.py").write_text(text)
    done = data(folder, "fetch", "my_sets:SET", "--accept-licence")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "  http://no-such-host.invalid/a.zip  (" in done.stderr
    assert f"put these files into {folder}/cache/datasets/sets/tiny-archives:" in done.stderr


def test_the_list_fits_a_terminal_and_its_names_can_be_copied(tmp_path):
    narrow = environment(tmp_path) | {"COLUMNS": "80"}
    listing = command(tmp_path, "list")
    done = subprocess.run(listing, cwd=tmp_path, env=narrow, capture_output=True, text=True, check=True).stdout
    for name in known_sets():
        assert re.search(rf"^ {name} +\w+ .*absent *$", done, re.MULTILINE), name
    assert max(map(len, done.splitlines())) <= 80


def test_a_data_folder_that_is_a_file_or_not_there(tmp_path):
    (tmp_path / "file").touch()
    wrong = data(tmp_path, "fetch", "esc50", "--data", "file", "--accept-licence")
    assert (wrong.returncode, wrong.stderr) == (2, "error: file: expected a folder for the data, but that is a file.\n")
    done = data(tmp_path, "fetch", "itu_p501", "--data", "typo/dir", "--accept-licence")
    assert done.returncode == 1
    assert "licence: terms of use of the ITU" in done.stderr
    assert "the data folder typo/dir will be created" in done.stderr


def test_a_sample_without_keys_has_no_empty_table(tmp_path, put, context):
    put("a.wav")
    done = data(tmp_path, "sample", "data", "--limit", "1")
    assert done.stdout == "1 of 1 clips of data, seed 0\n"
    wrong = data(tmp_path, "sample", "data", "--limit", "1", "--output", ".")
    assert wrong.stderr == "error: --output: expected the name of a file, but . is a folder.\n"


def test_list_info_and_unknown_names(tmp_path):
    rows = json.loads(data(tmp_path, "list", "--json").stdout)
    assert {"name", "role", "title", "licence", "hours", "size", "size_bytes", "state", "folder"} == set(rows[0])
    sizes = {row["name"]: row["size_bytes"] for row in rows}
    assert sizes.keys() >= {"vctk", "librispeech_test_clean", "musan_noise"}
    assert (sizes["fsd50k"], sizes["esc50"]) == (24_678_727_465, None)
    shown = data(tmp_path, "info", "vctk").stdout
    for expected in ("CC BY 4.0", "VCTK-Corpus-0.92.zip", "11.7 GB", "speaker-info.txt", "absent"):
        assert expected in shown
    wrong = data(tmp_path, "fetch", "esc5")
    assert (wrong.returncode, wrong.stderr.splitlines()[0][:65]) == (
        2, "error: no known set is named 'esc5'. Did you mean 'esc50'? `codec",
    )  # fmt: skip
