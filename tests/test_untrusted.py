"""The smallest inputs that fuzzing has found, each read by our reader of it, and hostile text that Hypothesis makes."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import audio, codecs, config
from bench.codecs import framing
from bench.codecs.entropy import Layout
from bench.codecs.entropy.adaptive import Adaptive
from bench.codecs.residual import codes_of
from bench.domain import Encoded
from bench.errors import (
    AudioError,
    CodecbenchError,
    CodecError,
    ConfigError,
    DatasetError,
    MissingRequirement,
    StoreError,
)
from bench.runs.results import load_results
from bench.untrusted import MAX_ROWS, parse_json, parse_yaml, read_arrays, read_parquet
from tests.report.build import make_run

DEEP = "[" * 100_000
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    ["a: 0x_", "a: 0b_", "a: 2026-99-99", "a: !!int x", "a: !!timestamp x", "a: !!float x", f"a: {'9' * 5_000}", DEEP,
     "{a: " * 5_000, BOMB, "a: &a [*a]", "a: 1\na: 2", "? [a]\n: 1", "a: !!python/object/apply:os.system [id]", "\0",
     "a: !!binary x", "a" * (1 << 21), "? {a: 1}\n: 1"],
    ids=range(18),
)  # fmt: skip
def test_yaml_that_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"x\.yaml: "):
        config.load(path)
    if text != "a" * (1 << 21):
        with pytest.raises(ValueError):  # noqa: PT011 - one of many messages
            parse_yaml(text)


def test_aliases_that_honest_people_use_are_read() -> None:
    assert parse_yaml("a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}") == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}


def test_many_keys_are_read() -> None:
    assert len(parse_yaml("".join(f"k{index}: 1\n" for index in range(2_000)))) == 2_000


@pytest.mark.parametrize("text", [DEEP, '{"a": ' * 100_000, '"\\ud800"', '{"\\udfff": 1}', "9" * 5_000, "", b"\xff"])
def test_json_that_is_none(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one of many messages
        parse_json(text)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_json('"\\ud83c\\udfa7"') == "🎧"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["name", "datasets", "codecs", "metrics", "set_measures", "seed", "sample_rate", "channels"])


@settings(max_examples=40)
@given(KEYS, VALUES)
def test_any_value_in_a_configuration_is_refused(key: str, value: object) -> None:
    whole = {"name": "x", "datasets": ["folder"], "codecs": ["pcm"], "metrics": ["snr"], "unknown": 1}
    with pytest.raises(ConfigError):
        config.parse({**whole, key: value})


def _flac(samples: int) -> bytes:
    """The header of a FLAC file that promises so many samples."""
    packed = (16_000 << 44 | 15 << 36 | samples).to_bytes(8, "big")
    return b"fLaC\x80\x00\x00\x22" + struct.pack(">HH", 4096, 4096) + bytes(6) + packed + bytes(16) + b"\xff\xf8"


def test_a_header_that_promises_more_than_memory_holds(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    path.write_bytes(_flac(2**36 - 1))
    with pytest.raises(AudioError, match=r"promises 274\.9 GB of samples in a file of 44 bytes"):
        audio.read(path)


def test_silence_may_be_small(tmp_path: Path) -> None:
    silence = audio.Audio(np.zeros((1, 48_000 * 60), np.float32), 48_000)
    audio.write(tmp_path / "x.flac", silence, "PCM_16")
    assert silence.samples.nbytes > 100 * (tmp_path / "x.flac").stat().st_size
    assert audio.read(tmp_path / "x.flac").length == silence.length


def _stream(
    rate: int = 16_000, channels: int = 1, length: int = 4, delay: int = 0, header: bytes = b"", packets: bytes = b""
) -> Encoded:
    return Encoded(struct.pack("<4sIBQiH", b"cbs1", rate, channels, length, delay, len(header)) + header + packets, 8)


@pytest.mark.parametrize(
    "changes", [{"rate": 0}, {"rate": 2**32 - 1}, {"channels": 0}, {"delay": -(2**31)}, {"delay": 2**31 - 1}]
)
def test_a_stream_header_that_cannot_be(changes: dict[str, int]) -> None:
    with pytest.raises(CodecError, match="it says that it holds"):
        framing.unpack(_stream(**changes))


def test_an_early_start_before_the_end_of_the_clip() -> None:
    stream = framing.unpack(_stream(delay=-10))
    with pytest.raises(CodecError, match="the decoder gave"):
        stream.cut(np.zeros((1, 100)))


def test_a_stream_of_more_channels_than_the_codec_has() -> None:
    with pytest.raises(CodecError, match="161 channels"):
        codecs.make("g722", {}).decode(_stream(channels=161, packets=b"\x01a"))


@pytest.mark.parametrize("header", [b"\0\x0a\0", b"\x01\0\0", b"\xff\xff\0", b"\x01\x01\0"])
def test_a_residual_quantiser_without_bits(header: bytes) -> None:
    with pytest.raises(CodecError, match="it says that it has"):
        codes_of(_stream(header=header, packets=b"\x01a"))


def test_a_packet_that_ends_within_its_scale() -> None:
    with pytest.raises(CodecError, match="ends within its scale"):
        codes_of(_stream(header=b"\x01\x0a\x01", packets=b"\x01a"))


def test_an_entropy_coded_stream_that_no_coder_made() -> None:
    with pytest.raises(CodecError, match="damaged"):
        Adaptive().expand(b"\xff" * 64, Layout(4, 10, (4_000,)))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_are_read_or_refused(data: bytes) -> None:
    for name in ("toy_rvq", "pcm"):
        with pytest.raises(CodecError):
            codecs.make(name, {}).decode(Encoded(b"cbs1" + data + b"\x7f", 8))


@pytest.mark.parametrize(
    "name", ["a:", ":a", "a.b:c", "bench.codecs:absent", "..:x", "a b:c", "é:x", "\0:x", "opus\0", "a:b(1)"]
)
def test_a_plug_in_that_is_none(name: str) -> None:
    with pytest.raises(CodecbenchError):
        codecs.registry.load(name)


@pytest.mark.parametrize("metadata", [b"{}", b"[", b"null", b'{"columns": 1}'])
def test_a_table_whose_metadata_is_damaged(metadata: bytes, tmp_path: Path) -> None:
    table = pa.table({"a": ["x"]}).replace_schema_metadata({b"pandas": metadata})
    pq.write_table(table, tmp_path / "x.parquet")
    with contextlib.suppress(ValueError):
        assert list(read_parquet(tmp_path / "x.parquet")["a"]) == ["x"]


def test_a_small_table_that_unpacks_to_too_many_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.zeros(MAX_ROWS + 1, np.int8)}), tmp_path / "x.parquet")
    with pytest.raises(ValueError, match=f"says that it has {MAX_ROWS + 1} rows"):
        read_parquet(tmp_path / "x.parquet")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("untrusted") / "run", clips=1, seconds=0.1).folder


@pytest.mark.parametrize(
    ("table", "column", "value", "expected"),
    [("clips", "reference", "/etc/hostname", "below the folder"),
     ("clips", "reference", "../../x.wav", "below the folder"),
     ("encodings", "decoded", "a/../../x.wav", "below the folder"),
     ("scores", "value", "high", "column value: expected"), ("scores", "status", pd.NA, "a row says nothing"),
     ("scores", "status", None, "no column status"), ("clips", "channels", None, "no column channels"),
     ("scores", "quantity", [1], "column quantity"), ("clips", "samples", 0.5, "column samples")],
)  # fmt: skip
def test_tables_of_a_run_that_are_none(
    run: Path, tmp_path: Path, table: str, column: str, value: Any, expected: str
) -> None:
    for path in run.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    frame = pd.read_parquet(tmp_path / f"{table}.parquet")
    frame = frame.drop(columns=column) if value is None else frame.assign(**{column: [value] * len(frame)})
    frame.to_parquet(tmp_path / f"{table}.parquet")
    with pytest.raises(StoreError, match=expected):
        load_results(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("run", None), ("run", 3), ("conditions", "opus"), ("quantities", []), ("quantities", {"snr": 1}),
     ("machine", "x"),
     ("quantities", {"snr": {"unit": 3}}), ("warnings", 1), ("sample_rate", "24000"), ("costs", {"opus": 1})],
)  # fmt: skip
def test_a_record_of_a_run_that_is_none(run: Path, tmp_path: Path, key: str, value: Any) -> None:
    for path in run.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (tmp_path / "run.json").write_text(json.dumps({**info, key: value}), encoding="utf-8")
    with pytest.raises(StoreError, match=key):
        load_results(tmp_path)


def test_ratings_of_strange_types(tmp_path: Path) -> None:
    from bench.ratings import COLUMNS, ratings_for_leaderboard

    for change in ({"role": None}, {"role": [["a"]]}, {"score": "high"}, {"training": "perhaps"}):
        row: dict[str, Any] = {name: {"string": "x", "boolean": False}.get(kind, 1) for name, kind in COLUMNS.items()}
        pd.DataFrame([row]).assign(**change).to_parquet(tmp_path / "ratings.parquet")
        if change != {"role": [["a"]]}:
            with pytest.raises(DatasetError):
                ratings_for_leaderboard(tmp_path)


def test_a_person_who_is_a_list(tmp_path: Path) -> None:
    from listening_test.analysis.importers import import_ratings

    row = {
        "responses_stimulus": "C1",
        "responses_score": 5,
        "questionaire_uuid": ["u"],
        "wm_id": 1,
        "wm_type": "mushra",
    }
    (tmp_path / "x.json").write_text(json.dumps([row]), encoding="utf-8")
    assert list(import_ratings("pymushra", tmp_path / "x.json").ratings["listener"]) == ["listener-001"]


def test_safetensors_that_are_none(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from bench.codecs.torch_module.loading import load_weights

    path = tmp_path / "x.safetensors"
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(MissingRequirement, match="expected the weights of a torch module"):
        load_weights(torch.nn.Linear(1, 1), path)


def test_nothing_in_the_harness_loads_what_may_run_code() -> None:
    """Pickle only between our own processes, YAML only by a safe loader, checkpoints only as tensors, no shell."""
    root = Path(codecs.__file__).parents[2]
    allowed = {"bench/building/workers.py", "bench/metrics/visqol/compiled.py"}
    for path in [*root.glob("bench/**/*.py"), *root.glob("listening_test/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        assert "shell=True" not in text, name
        assert "allow_pickle=True" not in text, name
        assert "os.system(" not in text, name
        assert "yaml.load(" not in text or name == "bench/untrusted.py", name
        assert "import pickle" not in text or name in allowed, name
        assert text.count("torch.load(") == text.count("weights_only=True"), name


def test_a_source_whose_authors_are_no_names(tmp_path: Path) -> None:
    from bench.records.published import read_published

    published = Path(codecs.__file__).parents[2] / "results" / "published"
    for path in published.glob("encodec_*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    about = next(tmp_path.glob("*.json"))
    told = json.loads(about.read_text(encoding="utf-8"))
    for authors in ([["a"]], [1], [None, "a"]):
        about.write_text(json.dumps({**told, "authors": authors}), encoding="utf-8")
        with pytest.raises(DatasetError, match="authors: no value of the right type"):
            read_published(tmp_path)


def test_a_list_of_names_with_a_cell_that_never_ends(tmp_path: Path) -> None:
    from bench.agreement.names import read_names

    (tmp_path / "names.csv").write_text('kind,ratings,run\nclip,a,"' + "x" * 200_000, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read as text"):
        read_names(tmp_path / "names.csv")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"\x93NUMPY\x01\x00", b"PK\x03\x04" + bytes(60)])
def test_arrays_that_are_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - one of many messages
        read_arrays(tmp_path / "x.npz")


def test_arrays_whose_bytes_are_flipped_or_that_hold_a_program(tmp_path: Path) -> None:
    path, ran = tmp_path / "x.npz", tmp_path / "ran"
    np.savez_compressed(path, vectors=np.arange(64.0))
    assert list(read_arrays(path)["vectors"]) == list(np.arange(64.0))
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with contextlib.suppress(ValueError):
            read_arrays(path)
    np.savez(path, vectors=np.array([Evil(ran)], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(path)["vectors"]
    assert not ran.exists()


class Evil:
    """What writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return os.mkdir, (str(self.path),)


def _loads_network(path: Path) -> None:
    import torch

    from bench.codecs.torch_module.loading import load_weights

    load_weights(torch.nn.Linear(1, 1), path)


def _loads_tensors(path: Path) -> None:
    from bench.models.weights import read_tensors

    read_tensors(path, "tensors")


def _loads_encodec(path: Path) -> None:
    from bench.codecs.encodec_checkpoint import read_checkpoint

    read_checkpoint(path)


LOADERS = (_loads_network, _loads_tensors, _loads_encodec)


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize("kind", ["zip", "old", "pickle", "nested"])
def test_no_checkpoint_runs_a_program(load: Callable[[Path], None], kind: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    ran = tmp_path / "ran"
    path = tmp_path / "weights.th"
    content = {"state_dict": {"weight": Evil(ran)}} if kind == "nested" else {"weight": Evil(ran)}
    if kind == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind != "old")
    with pytest.raises(MissingRequirement):
        load(path)
    assert not ran.exists()
    pickle.loads(pickle.dumps(Evil(ran)))  # it would have run
    assert ran.is_dir()


def test_a_name_in_results_of_others_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.comparing import compare
    from bench.leaderboard import build
    from bench.leaderboard.outputs import write
    from bench.records.validating import record_problems
    from bench.report import write_report

    (tmp_path / "hostile_plugin.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    name = "hostile_plugin:Codec"
    results = make_run(
        tmp_path / "run", clips=2, seconds=0.1, with_audio=False, codecs={name: (6000,), "opus": (6000,)},
        config_text=f"name: x\ncodecs: [{{name: '{name}'}}]\ndatasets: [{{loader: '{name}'}}]\nmetrics: ['{name}']\n",
        datasets=[name],
    )  # fmt: skip
    write_report(results, tmp_path / "report")
    write(build([results]), tmp_path / "board")
    compare(results, results)
    record_problems(tmp_path / "run")
    assert "hostile_plugin" not in sys.modules
    with pytest.raises(SystemExit, match="imported"):  # what a configuration does, which is a program
        codecs.registry.load(name)
