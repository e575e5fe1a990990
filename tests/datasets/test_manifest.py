from __future__ import annotations

import functools
import hashlib
import http.server
import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cli.app import app
from bench.datasets.base import verify
from bench.datasets.by_hash import fetch
from bench.datasets.folder import folder
from bench.datasets.folder_manifest import write_folder_manifest
from bench.datasets.manifest import Line, manifest, read_manifest, write_manifest
from bench.domain import CATEGORIES, Clip
from bench.errors import ConfigError, DatasetError

SHA = "0" * 64
GOOD = {
    "id": "a",
    "path": "a.wav",
    "sha256": SHA,
    "category": "speech",
    "sample_rate": 48_000,
    "channels": 1,
    "samples": 48_000,
}


def write(context, *lines) -> Path:
    path = Path(context.data_dir) / "manifest.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def test_fields_and_attributes(context):
    (context.data_dir / "a.wav").touch()
    extra = {"speaker": "p228", "snr_db": 3.5, "seed": 1, "rt60_s": None}
    write(context, GOOD | extra | {"start_s": 1, "duration_s": 2.5, "lead_in_s": 0.5, "licence": "CC0", "source": "s"})
    [clip] = manifest("speech", context, "manifest.jsonl")
    assert clip == Clip(
        "speech/a", "speech", "speech", str(context.data_dir / "a.wav"), SHA, 48_000, 1, 48_000, "CC0", 1.0, 2.5, 0.5,
        "s", extra,
    )  # fmt: skip


def test_category_and_limit(context):
    (context.data_dir / "a.wav").touch()
    write(context, *(GOOD | {"id": f"{c}{n}", "category": c} for c in CATEGORIES for n in range(4)))
    assert len(manifest("x", context, "manifest.jsonl")) == 12
    clips = manifest("x", context, "manifest.jsonl", category="music", limit=2, seed=1)
    assert [clip.category for clip in clips] == ["music", "music"]
    write(context, GOOD)
    with pytest.raises(DatasetError, match="expected clips of category music, got none; correct"):
        manifest("x", context, "manifest.jsonl", category="music")


def test_a_name_is_put_before_ids_once(context):
    (context.data_dir / "a.wav").touch()
    write(context, GOOD | {"id": "x/a"}, GOOD | {"id": "b"})
    assert [clip.id for clip in manifest("x", context, "manifest.jsonl")] == ["x/a", "x/b"]


def test_every_bad_line_is_reported_with_its_number(context):
    without = {key: value for key, value in GOOD.items() if key != "sha256"}
    path = write(
        context,
        GOOD,
        GOOD | {"id": "b", "sample_rate": "48000", "category": "talk"},
        "",
        "{not json",
        "[1]",
        without | {"id": "c"},
        GOOD | {"id": "d", "url": "http://localhost/a.wav"},
        GOOD | {"id": "e", "path": None, "url": "ftp://localhost/a.wav"},
        '{"id": "f", "snr_db": NaN}',
        GOOD | {"id": "g", "sha256": "abc", "start_s": -1},
        GOOD,
    )
    with pytest.raises(DatasetError) as error:
        read_manifest(path)
    text = str(error.value)
    for part in (
        "line 2: sample_rate", "line 2: category", "got 'talk'", "line 4: expected a JSON object",
        "line 5: expected a JSON object (got a list)", "line 6: sha256: Field required",
        "line 7: expected either path or url", "line 8", "http://, https:// or file://",
        "line 9: expected a JSON object (NaN is no JSON number)", "line 10: sha256", "line 10: start_s",
        "lines 1, 11: expected every id once, got 'a' 2 times",
    ):  # fmt: skip
        assert part in text
    assert len(text.splitlines()) == 11


def test_missing_files_are_one_error(context):
    write(context, *(GOOD | {"id": str(n), "path": f"{n}.wav"} for n in range(9)))
    with pytest.raises(DatasetError, match=r"9 of the 9 files .* are missing: .*0\.wav, .*4\.wav and 4 more") as error:
        manifest("x", context, "manifest.jsonl")
    assert "5.wav" not in str(error.value)


def test_no_manifest_says_how_to_point_to_it(context):
    with pytest.raises(DatasetError, match=r"no such file.*CODECBENCH_DATA"):
        manifest("x", context, "nothing.jsonl")
    (context.data_dir / "latin.jsonl").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(DatasetError, match="UTF-8"):
        manifest("x", context, "latin.jsonl")
    with pytest.raises(ConfigError, match="category"):
        manifest("x", context, "nothing.jsonl", category="talk")  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
seconds = st.floats(0, 1e6)
names = st.text("abÄ 漢'\"\\#%&\u2028", min_size=1)
clips = st.builds(
    Clip,
    id=st.text(min_size=1),
    dataset=st.text(),
    category=st.sampled_from(CATEGORIES),
    path=st.one_of(
        names.map(lambda name: f"/data/set/{name}.wav"),
        names.map(lambda name: f"/elsewhere/{name}.wav"),
        st.just("https://localhost/a b.flac"),
    ),
    sha256=st.binary(max_size=9).map(lambda data: hashlib.sha256(data).hexdigest()),
    sample_rate=st.integers(0, 192_000),
    channels=st.integers(0, 8),
    samples=st.integers(0),
    licence=st.text(),
    start_s=seconds,
    duration_s=st.none() | st.floats(1e-6, 1e6),
    lead_in_s=seconds,
    source=st.text(),
    attributes=st.dictionaries(st.text().filter(lambda key: key not in Line.model_fields), json_values, max_size=4),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(clips, max_size=4, unique_by=lambda clip: clip.id))
def test_round_trip(tmp_path, listed):
    path = tmp_path / "set" / "manifest.jsonl"
    here = [replace(clip, path=clip.path.replace("/data/set", str(path.parent))) for clip in listed]
    write_manifest(path, here)
    assert read_manifest(path) == here
    before = path.read_bytes()
    write_manifest(path, read_manifest(path))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["manifest.jsonl"]


def test_what_cannot_be_written_leaves_the_old_manifest(tmp_path):
    path, clip = tmp_path / "m.jsonl", Clip("a", "", "speech", str(tmp_path / "a.wav"), SHA, 1, 1, 1)
    write_manifest(path, [clip])
    before = path.read_bytes()
    assert b'"path": "a.wav"' in before
    for bad in ([clip, clip], [replace(clip, attributes={"path": 1})], [replace(clip, attributes={"x": float("nan")})]):
        with pytest.raises(ValueError, match=r"more than once|cannot be called path|not JSON compliant"):
            write_manifest(path, bad)
    assert path.read_bytes() == before


@pytest.fixture
def server(tmp_path):
    """A web server on the loopback interface that counts its requests."""
    root, requests = tmp_path / "www", []
    root.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            if self.path == "/short.flac":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"too little")
                return
            super().do_GET()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=root)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield root, f"http://127.0.0.1:{running.server_port}", requests
        running.shutdown()
        thread.join()


def test_a_url_is_fetched_once(context, server):
    root, address, requests = server
    content = b"pretend this is audio"
    (root / "a b.flac").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    write(context, GOOD | {"path": None, "url": f"{address}/a%20b.flac", "sha256": sha256})
    for _ in range(2):
        [clip] = manifest("x", context, "manifest.jsonl")
        assert Path(clip.path).read_bytes() == content
    assert clip.path.endswith(".flac")
    assert Path(clip.path).is_relative_to(context.cache_dir)
    assert len(requests) == 1
    Path(clip.path).write_bytes(b"damaged")
    [clip] = manifest("x", context, "manifest.jsonl")
    assert Path(clip.path).read_bytes() == content


def test_a_file_url(context, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    assert fetch((tmp_path / "a.wav").as_uri(), sha256, context.cache_dir).read_bytes() == b"content"


def test_all_failed_fetches_are_reported_and_nothing_is_kept(context, server):
    root, address, _ = server
    (root / "other.flac").write_bytes(b"other")
    urls = [f"{address}/{name}.flac" for name in ("other", "nothing", "short")] + ["http://127.0.0.1:9/x.flac"]
    write(context, *(GOOD | {"id": url, "path": None, "url": url} for url in urls))
    with pytest.raises(DatasetError) as error:
        manifest("x", context, "manifest.jsonl")
    other, nothing, short, refused = str(error.value).splitlines()
    assert f"expected sha256 {SHA}, got {hashlib.sha256(b'other').hexdigest()} (5 bytes)" in other
    assert "404" in nothing
    assert "ended 990 bytes too early" in short or "IncompleteRead" in short
    assert "refused" in refused
    assert list((context.cache_dir / "fetched").iterdir()) == []


def test_a_server_that_says_nothing_is_given_up(context):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DatasetError, match="timed out"):
        fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/a.wav", SHA, context.cache_dir, timeout_s=0.2)


def test_ids_and_files_that_differ_only_by_case_are_said(context, put, caplog):
    for name in ("a.wav", "A.wav"):
        put(name)
    write(context, GOOD | {"id": "a"}, GOOD | {"id": "A", "path": "A.wav"}, GOOD | {"id": "b"})
    assert len(manifest("x", context, "manifest.jsonl")) == 3
    assert "ids of" in caplog.text
    assert "files of" in caplog.text
    assert "'x/a' and 'x/A'" in caplog.text
    caplog.clear()
    write(context, GOOD | {"id": "a"}, GOOD | {"id": "b"})  # two clips of one file
    manifest("x", context, "manifest.jsonl")
    assert caplog.text == ""


def test_a_file_that_changed_since_the_manifest_was_written(context, put):
    path = put("a.wav")
    written = write_folder_manifest(context, ".", "speech")
    [clip] = manifest("x", context, str(written.output))
    verify(clip)
    before = clip.sha256
    path.write_bytes(b"<html>moved</html>")
    [clip] = manifest("x", context, str(written.output))
    found = hashlib.sha256(b"<html>moved</html>").hexdigest()
    with pytest.raises(DatasetError, match=rf"a\.wav: the file changed.*expected sha256 {before}, got {found}"):
        verify(clip)


def test_the_manifest_of_a_folder(context, put):
    put("p1_a.wav", 0.5, 16_000, 2)
    put("sub/p2_b.flac", 0.25, 48_000)
    put("other.wav")
    (context.data_dir / "page.wav").write_text("<html>not found</html>")
    written = write_folder_manifest(
        context, ".", "speech", exclude=["other*"], licence="CC0-1.0", attributes=r"(?P<speaker>p\d)_(?P<take>\w)"
    )
    assert (written.files, written.seconds) == (3, 0.75)
    assert written.output == context.data_dir / "manifest.jsonl"
    assert written.unmatched == ["page.wav"]
    [reason] = written.unreadable
    assert "page.wav: cannot be read" in reason
    assert "HTML page" in reason
    one, page, two = manifest("x", context, "manifest.jsonl")
    assert (one.id, one.sample_rate, one.channels, one.samples) == ("x/p1_a", 16_000, 2, 8_000)
    assert (one.licence, one.attributes) == ("CC0-1.0", {"speaker": "p1", "take": "a"})
    assert (two.id, two.attributes["speaker"]) == ("x/sub/p2_b", "p2")
    assert (page.sample_rate, page.attributes) == (0, {})
    for clip in (one, two, page):
        verify(clip)
    assert [
        replace(clip, source="", dataset="") for clip in folder("x", context, "speech", ".", exclude=["other*"])
    ] == [replace(clip, licence="", dataset="", attributes={}) for clip in (one, page, two)]


def test_what_keeps_a_manifest_from_being_written(context, put):
    put("a.wav")
    (context.data_dir / "gone.wav").symlink_to(context.data_dir / "nowhere")
    with pytest.raises(
        DatasetError,
        match=r"(?s)1 of the 2 files cannot be opened.*gone\.wav: expected an audio file, but there is no such file",
    ):
        write_folder_manifest(context, ".", "speech")
    for wrong, why in (("(", "regular expression"), ("p.", "named groups"), ("(?P<path>.)", "every clip has these")):
        with pytest.raises(ConfigError, match=why):
            write_folder_manifest(context, ".", "speech", attributes=wrong)
    assert not (context.data_dir / "manifest.jsonl").exists()


def test_the_command_writes_a_manifest(context, put, capsys):
    put("p1_a.wav", 1.0)
    put("b.wav", 1.0)
    command = ["data", "manifest", str(context.data_dir), "--category", "speech", "--attributes", "(?P<speaker>p1)"]
    assert run_command(*command) == 0
    shown = capsys.readouterr()
    assert "2 files, 0.00 h; 1 without attributes" in shown.out
    assert "no attributes: b.wav" in shown.err
    assert run_command(*command, "--json", "--output", str(context.data_dir / "o.jsonl"), "--include", "p1*") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["files"], facts["seconds"], facts["without_attributes"]) == (1, 1.0, [])
    assert [clip.id for clip in read_manifest(facts["output"])] == ["p1_a"]
    with pytest.raises(typer.BadParameter, match="'talk' is not one of 'speech'"):
        run_command(*command[:4], "talk")


def run_command(*arguments: str) -> int:
    result = app(list(arguments), standalone_mode=False)
    return 0 if result is None else int(result)


@pytest.mark.slow
def test_a_hundred_thousand_lines(tmp_path):
    lines = [
        Clip(f"{n:06}", "", "speech", str(tmp_path / f"{n:06}.wav"), SHA, 48_000, 1, 48_000) for n in range(100_000)
    ]
    started = time.monotonic()
    write_manifest(tmp_path / "m.jsonl", lines)
    assert read_manifest(tmp_path / "m.jsonl") == lines
    assert time.monotonic() - started < 15
    with (tmp_path / "m.jsonl").open("a") as file:
        file.write("{}\n" * 3)
    with pytest.raises(DatasetError, match="line 100003: id"):
        read_manifest(tmp_path / "m.jsonl")


def test_a_relative_path_is_one_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clip = Clip("a", "x", "speech", "sets/audio/a.wav", "0" * 64, 16_000, 1, 16_000)
    write_manifest("sets/m.jsonl", [clip, replace(clip, id="b", path="b.wav")])
    records = [json.loads(line) for line in (tmp_path / "sets/m.jsonl").read_text().splitlines()]
    assert [record["path"] for record in records] == ["audio/a.wav", str(tmp_path / "b.wav")]
