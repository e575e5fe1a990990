"""What is fuzzed: every reader of files that may come from strangers, with honest files of its kind to start from."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from bench import audio, codecs
from bench.domain import Encoded
from tests.fuzz.more_readers import MORE
from tests.fuzz.reader import Reader, sound

ROOT = Path(__file__).parents[2]


def _audio_files(folder: Path) -> list[Path]:
    made = {
        "a.wav": "PCM_16", "b.wav": "PCM_24", "c.wav": "FLOAT", "d.wav": "ULAW", "e.wav": "IMA_ADPCM",
        "f.flac": "PCM_16",         "g.ogg": "VORBIS", "h.ogg": "OPUS", "i.mp3": "MPEG_LAYER_III", "j.aiff": "PCM_16",
        "k.caf": "ALAC_16", "l.au": "PCM_16", "m.w64": "PCM_16", "n.rf64": "PCM_16",
    }  # fmt: skip
    for index, (name, subtype) in enumerate(made.items()):
        audio.write(folder / name, sound(16_000, 1 + index % 2), subtype)
    return [folder / name for name in made]


def _read_audio(path: Path) -> None:
    from bench.headers import plain_header

    plain_header(path.read_bytes()[:4096], path.stat().st_size)
    audio.read(path)
    audio.info(path)


def _read_part_of_audio(path: Path) -> None:
    audio.read(path, 0.05, 0.1)


AUDIO = (
    Reader("audio", _audio_files, _read_audio, 5000),
    Reader("audio_part", _audio_files, _read_part_of_audio, 1500),
)


def _bitstreams(name: str, options: dict[str, object], rate: int) -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        codec = codecs.make(name, options)
        bitrates = [*codec.bitrates_bps[:1], *codec.bitrates_bps[-1:]] or [None]
        found = []
        for index, encoded in enumerate(codec.encode(sound(rate), bitrates).values()):
            found.append(folder / f"{index}.cbs")
            found[-1].write_bytes(encoded.stream)
        return found

    return write


def _decode(name: str, options: dict[str, object]) -> Callable[[Path], None]:
    codec = cache(lambda: codecs.make(name, options))

    def read(path: Path) -> None:
        encoded = Encoded(path.read_bytes(), 8)
        codec().decode(encoded)

    return read


CODECS: tuple[tuple[str, dict[str, object], int], ...] = (
    ("pcm", {"bits": 6}, 16_000), ("passthrough", {}, 16_000), ("toy_rvq", {}, 24_000), ("opus", {}, 48_000),
    ("mp3", {}, 44_100), ("aac", {}, 44_100), ("mp2", {}, 48_000), ("ac3", {}, 48_000), ("eac3", {}, 48_000),
    ("sbc", {}, 48_000), ("g711", {}, 8_000), ("g722", {}, 16_000), ("g723_1", {}, 8_000), ("lc3", {}, 16_000),
)  # fmt: skip
BITSTREAMS = tuple(
    Reader(f"decode_{name}", _bitstreams(name, options, rate), _decode(name, options), 350)
    for name, options, rate in CODECS
)


def _counted_files(folder: Path) -> list[Path]:
    ogg = audio.write(folder / "a.ogg", sound(), "VORBIS")
    assert ogg is None
    mp4 = b"".join(
        len(body).to_bytes(4, "big") + kind + body[8:]
        for kind, body in [
            (b"ftyp", bytes(16)),
            (b"moov", bytes(8) + (28).to_bytes(4, "big") + b"stsz" + bytes(12) + bytes(8)),
        ]
    )
    made = {
        "b.g192": b"\x21\x6b\x02\x00\x81\x00\x7f\x00" * 4, "c.amr": b"#!AMR\n" + (b"\x04" + bytes(12)) * 3,
        "d.evs": b"#!EVS_MC1.0\n\0\0\0\1" + (b"\x04" + bytes(33)) * 3, "e.c2": b"\xc0\xde\xc2\1\2\0\0" + bytes(32),
        "f.gsm": (b"\xd0" + bytes(32)) * 4, "g.mpc": b"MPCKAP\x06\1\2\3SE\x03", "h.mp4": mp4,
        "i.lc3": b"\x1c\xcc\x12\x00" + bytes(14) + b"\x04\x00abcd" * 3,
    }  # fmt: skip
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / "a.ogg", *(folder / name for name in made)]


def _count(path: Path) -> None:
    from bench.codecs.bits import COUNTERS, count_bits
    from bench.errors import CodecError

    data = path.read_bytes()
    for counter in COUNTERS:
        try:
            count_bits(counter, data)
        except CodecError:
            continue


def _codes(folder: Path) -> list[Path]:
    from bench.codecs.codes import Codes
    from bench.codecs.entropy.adaptive import Adaptive
    from bench.codecs.entropy.integers import compress

    random = np.random.default_rng(0)
    codes = Codes((random.integers(0, 1024, (4, 30)).astype(np.int32),), 10)
    (folder / "a.bin").write_bytes(Adaptive().compress(codes))
    (folder / "b.bin").write_bytes(compress(random.integers(-1000, 1000, (4, 30))))
    return [folder / "a.bin", folder / "b.bin"]


def _expand(path: Path) -> None:
    from bench.codecs.entropy import Layout
    from bench.codecs.entropy.adaptive import Adaptive
    from bench.codecs.entropy.integers import expand
    from bench.errors import CodecError

    with contextlib.suppress(CodecError):
        Adaptive().expand(path.read_bytes(), Layout(4, 10, (30,)))
    expand(path.read_bytes(), 4, 30)


def _residual(path: Path) -> None:
    from bench.codecs.residual import codes_of

    codes_of(Encoded(path.read_bytes(), 8))


ENTROPY = (
    Reader("bit_counters", _counted_files, _count, 1500),
    Reader("entropy_coders", _codes, _expand, 1200),
    Reader("residual_codes", _bitstreams("toy_rvq", {}, 24_000), _residual, 1200),
)


def _shipped(*names: str) -> Callable[[Path], list[Path]]:
    return lambda folder: [Path(shutil.copy(ROOT / "configs" / f"{name}.yaml", folder)) for name in names]


def _run_configs(folder: Path) -> list[Path]:
    own = {
        "name": "x", "description": "d",
        "datasets": [{"loader": "folder", "name": "s", "path": "s", "category": "speech"}],
        "codecs": ["passthrough", {"name": "opus", "bitrates_bps": [6000]}, {"name": "pcm", "options": {"bits": 6}},
                   {"name": "command", "label": "c", "bitrates_bps": [8000], "options": {
                       "name": "c", "encode": ["cp", "{input}", "{bitstream}", "{kbps}"],
                       "decode": ["cp", "{bitstream}", "{output}"], "bits": "file"}}],
        "metrics": ["core", "pesq_wb"], "sample_rate": 24000, "channels": 1, "seed": 3, "cell_timeout_s": 60.0,
    }  # fmt: skip
    (folder / "own.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    return [folder / "own.yaml", *_shipped("demo")(folder)]


def _load_run_config(path: Path) -> None:
    from bench.config import load

    load(path)


def _load_test_config(path: Path) -> None:
    from listening_test.building.config import load

    load(path)


def _load_recipe(path: Path) -> None:
    from bench.building.plans import parse
    from bench.config import mapping_of

    parse(mapping_of(path)[0], str(path))


CONFIGURATIONS = (
    Reader("run_config", _run_configs, _load_run_config, 200),
    Reader("test_config", _shipped("mushra_demo", "mushra_bs1534"), _load_test_config, 300),
    Reader("recipe", _shipped("noisy_reverberant"), _load_recipe, 150),
)


def _run(folder: Path) -> list[Path]:
    from tests.report.build import make_run

    codecs_ = {"opus": (6000,), "mp3": (24_000,)}
    return [make_run(folder / "run", clips=2, seconds=0.1, controls=("lowpass_3500",), codecs=codecs_).folder]


def _report(path: Path) -> None:
    from bench.report.outputs import to_json, write_report
    from bench.runs.results import load_results

    results = load_results(path)
    write_report(results, path.parent / "report")
    to_json(results)


def _load(path: Path) -> None:
    from bench.runs.results import load_results

    load_results(path)


def _board(path: Path) -> None:
    from bench.leaderboard import build
    from bench.leaderboard.outputs import write
    from bench.runs.results import load_results

    write(build([load_results(path)]), path.parent / "board")


def _rated_run(folder: Path) -> list[Path]:
    from tests.leaderboard.made import make_run

    return [make_run(folder / "run", clips=("s0", "s1"), quantities=("visqol_audio",)).folder]


def _compare(path: Path) -> None:
    from bench.comparing import compare
    from bench.runs.results import load_results

    compare([load_results(path)], [load_results(path)])


RUNS = (
    Reader("run_tables", _run, _load, 250),
    Reader("report", _run, _report, 60),
    Reader("leaderboard", _rated_run, _board, 60),
)


def _journal(folder: Path) -> list[Path]:
    from bench.journal import Journal

    journal = Journal(folder, {"started": "2026-01-02", "versions": {}})
    journal.claim("é")
    journal.append(
        {f"{index:064x}": {"kind": "score", "clip": "é", "value": 1.5, "status": "ok"} for index in range(5)}
    )
    journal.end({"ended": "2026-01-03"})
    journal.close()
    return list(folder.iterdir())


def _read_journal(path: Path) -> None:
    from bench.journal import Journal

    folder = path.parent / "journal"
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder / "000001.jsonl")
    journal = Journal(folder)
    dict(journal)
    journal.close()
    shutil.rmtree(folder)


def _cached(folder: Path) -> list[Path]:
    from bench.cache import Cache

    cache_ = Cache(folder)
    cache_.put("key", Encoded(b"stream", 8), {"encode_s": 1.0})
    return [cache_.path("key")]


def _from_cache(path: Path) -> None:
    from bench.cache import Cache

    cache_ = Cache(path.parent / "cache")
    cache_.path("key").parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, cache_.path("key"))
    cache_.get("key")


def _manifest(folder: Path) -> list[Path]:
    lines = [
        {"id": f"speech/{index}", "category": "speech", "sha256": "a" * 64, "sample_rate": 16000, "channels": 1,
         "samples": 16000, "path": f"s{index}.wav", "licence": "CC0-1.0", "start_s": 0.5, "speaker": "f"}
        for index in range(4)
    ]  # fmt: skip
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return [folder / "manifest.jsonl"]


def _read_manifest(path: Path) -> None:
    from bench.datasets.manifest import read_manifest
    from bench.loading import name_of

    read_manifest(path)
    name_of(str(path))


def _lhotse(folder: Path) -> list[Path]:
    lines = [
        {"id": "a", "sources": [{"type": "file", "channels": [0], "source": "a.wav"}], "sampling_rate": 16000,
         "num_samples": 16000, "duration": 1.0, "channel_ids": [0]},
        {"id": "b-1", "start": 0.0, "duration": 1.0, "channel": 0, "type": "MonoCut",
         "recording": {"id": "a",
         "sources": [{"type": "file", "channels": [0], "source": "a.wav"}], "sampling_rate": 16000,
         "num_samples": 16000, "duration": 1.0},
         "supervisions": [{"id": "s", "recording_id": "a", "start": 0, "duration": 1, "text": "x"}]},
    ]  # fmt: skip
    (folder / "cuts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return [folder / "cuts.jsonl"]


def _read_lhotse(path: Path) -> None:
    from bench.datasets.lhotse_lines import read_lines

    read_lines(path)


LISTS = (
    Reader("journal", _journal, _read_journal, 800),
    Reader("cache_entry", _cached, _from_cache, 400),
    Reader("manifest", _manifest, _read_manifest, 1000),
    Reader("lhotse", _lhotse, _read_lhotse, 400),
)


def _ratings(folder: Path) -> list[Path]:
    from tests.leaderboard.made import make_ratings, make_run

    run = make_run(folder / "run", clips=("s0", "s1"), quantities=("visqol_audio",))
    make_ratings(folder / "ratings.parquet", run, {"opus@6000": 40.0}, listeners=2)
    shutil.rmtree(folder / "run")
    return [folder / "ratings.parquet"]


def _ratings_of_a_board(path: Path) -> None:
    from bench.ratings import ratings_for_leaderboard

    ratings_for_leaderboard(path, with_simulated=True)


def _read_ratings(path: Path) -> None:
    from listening_test.analysis.frames import read_ratings

    read_ratings(path)


def _published_table(folder: Path) -> list[Path]:
    place = folder / "published"
    place.mkdir()
    for path in (ROOT / "results" / "published").glob("*.*"):
        shutil.copy(path, place)
    return [place]


def _read_published(path: Path) -> None:
    from bench.records.published import read_published

    read_published(path)


def _record(folder: Path) -> list[Path]:
    from bench import run as measure
    from bench.records.publishing import publish

    audio.write(folder / "data" / "s.wav", sound(16_000, 1, 0.5), "PCM_16")
    config = {
        "name": "mine", "codecs": ["passthrough"], "metrics": ["snr"],
        "datasets": [{"loader": "folder", "name": "s", "category": "speech", "path": str(folder / "data")}],
    }  # fmt: skip
    made = measure(config, output=folder / "run", cache=folder / "cache", workers=1).folder
    return [publish(made, folder / "records").folder]


def _validate(path: Path) -> None:
    from bench.records.validating import record_problems

    record_problems(path)


def _imported(format_: str) -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        from tests.listening.analysis import test_importers as made

        texts = {
            "webmushra": made.WEBMUSHRA, "go_listen": made.GO_LISTEN,
            "bernoulli": "signal,condition,ratings,participant_ids\n"
                         's1,Reference,"[100.0, 90.0]","[1, 2]"\ns1,A,"[10, 9]","[1, 2]"\n',
            "listener_wise": "listener,sample_id,score\na,s1,3\nb,s1,4\na,s2,5\n",
        }  # fmt: skip
        if format_ == "pymushra":
            for name, data in (("a.json", made.DOWNLOAD), ("b.json", made.TINYDB)):
                (folder / name).write_text(json.dumps(data), encoding="utf-8")
            return [folder / "a.json", folder / "b.json"]
        (folder / "a.csv").write_text(texts[format_], encoding="utf-8")
        return [folder / "a.csv"]

    return write


def _import(format_: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        from listening_test.analysis.importers import import_ratings

        import_ratings(format_, path)

    return read


FORMATS = ("webmushra", "pymushra", "go_listen", "bernoulli", "listener_wise")
OTHERS = (
    Reader("ratings_of_a_board", _ratings, _ratings_of_a_board, 200),
    Reader("ratings", _ratings, _read_ratings, 200),
    Reader("published", _published_table, _read_published, 400),
    Reader("record", _record, _validate, 60),
    *(Reader(f"import_{name}", _imported(name), _import(name), 400) for name in FORMATS),
)


def _versa(folder: Path) -> list[Path]:
    lines = [{"key": f"opus@6000/clip-speech-{index:03d}", "pesq": 2.5, "utmos": float("nan")} for index in range(2)]
    text = (
        "".join(json.dumps(line) + "\n" for line in lines)
        + repr({**lines[0], "key": "mp3@24000/clip-speech-000"})
        + "\n"
    )
    (folder / "versa.jsonl").write_text(text, encoding="utf-8")
    return [folder / "versa.jsonl"]


def _join_versa(path: Path) -> None:
    from bench.versa.joined import joined
    from bench.versa.lines import read

    read(path)
    joined(_of_versa(), [str(path)])


@cache
def _of_versa():
    import tempfile

    from bench.runs.results import load_results

    with tempfile.TemporaryDirectory() as folder:
        return load_results(_run(Path(folder))[0])


def _test(folder: Path) -> list[Path]:
    from listening_test.model import write_test
    from tests.listening.conftest import tiny_test

    test = tiny_test(folder / "made")
    (folder / "test").mkdir()
    write_test(test, folder / "test")
    shutil.rmtree(folder / "made")
    return [folder / "test"]


def _load_test(path: Path) -> None:
    from listening_test.model import load_test

    load_test(path)


def _names(folder: Path) -> list[Path]:
    for index, text in enumerate((
        "my_codec.networks:Encoder(64, layers=[2, 2])", "bench.codecs.controls:Pcm", "opus", "codecbench",
        "bench.audio:Audio",
    )):  # fmt: skip
        (folder / f"{index}.txt").write_text(text, encoding="utf-8")
    return sorted(folder.glob("*.txt"))


def _look_up(path: Path) -> None:
    from bench.codecs.torch_module.loading import find_source
    from bench.errors import CodecbenchError

    name = path.read_bytes().decode("utf-8", "replace")
    for module in ("os", "sys", "subprocess"):
        name = name.replace(f"{module}:", "bench.absent:")
    for look in (lambda: codecs.registry.load(name), lambda: find_source("encoder", name, "")):
        try:
            look()
        except CodecbenchError:
            continue


def _archives(folder: Path) -> list[Path]:
    files = {"set/a.wav": b"a" * 2_000, "set/b/c.txt": b"text", "readme": b""}
    for name, content in files.items():
        (folder / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "from" / name).write_bytes(content)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in files:
            packed.write(folder / "from" / name, name)
    made = [folder / "a.zip"]
    for kind in ("", "gz", "bz2", "xz"):
        made.append(folder / f"a.tar{'.' if kind else ''}{kind}")
        with tarfile.open(made[-1], f"w:{kind}") as tar:
            for name in files:
                tar.add(folder / "from" / name, name)
    return made


def _unpack(path: Path) -> None:
    """Nothing but the folder of the set may change."""
    from bench.datasets.archives import unpack
    from bench.datasets.unpacking import Limits
    from bench.errors import CodecbenchError

    root = path.parent / "unpacked"
    shutil.rmtree(root, ignore_errors=True)
    (root / "set").mkdir(parents=True)
    try:
        unpack(path, root / "set", root / "temporary", limits=Limits(floor_bytes=1 << 20))
    except CodecbenchError:
        assert not any((root / "set").iterdir()), "a refused archive left something behind"
    assert [one.name for one in root.iterdir()] == ["set"], "something was written beside the folder"
    assert all(one.resolve().is_relative_to(root / "set") for one in (root / "set").rglob("*"))


def _shards(folder: Path) -> list[Path]:
    audio.write(folder / "a.flac", sound(), "PCM_16")
    for kind in ("", "gz"):
        with tarfile.open(folder / f"s.tar{'.' if kind else ''}{kind}", f"w:{kind}") as tar:
            (folder / "a.json").write_text('{"text": "x"}', encoding="utf-8")
            (folder / "a.cls").write_text("3", encoding="utf-8")
            for name in ("a.flac", "a.json", "a.cls"):
                tar.add(folder / name, name)
    return [folder / "s.tar", folder / "s.tar.gz"]


def _read_shard(path: Path) -> None:
    from bench.datasets import load
    from bench.datasets.base import DatasetContext

    shutil.rmtree(path.parent / "cache", ignore_errors=True)
    context = DatasetContext(path.parent, path.parent / "cache")
    load("webdataset")("s", context, "speech", str(path))


def _checkpoints(folder: Path) -> list[Path]:
    import torch
    from safetensors.torch import save_file

    tensors = {"weight": torch.zeros(4, 4), "bias": torch.zeros(4)}
    torch.save(tensors, folder / "a.th")
    torch.save(tensors, folder / "b.th", _use_new_zipfile_serialization=False)
    save_file(tensors, folder / "c.safetensors")
    return [folder / "a.th", folder / "b.th", folder / "c.safetensors"]


def _read_checkpoint(path: Path) -> None:
    import torch

    from bench.codecs.torch_module.loading import load_weights

    load_weights(torch.nn.Linear(4, 4), path)


LAST = (
    Reader("versa", _versa, _join_versa, 500),
    Reader("test_json", _test, _load_test, 1000),
    Reader("plug_in_names", _names, _look_up, 800),
    Reader("archives", _archives, _unpack, 800),
    Reader("webdataset", _shards, _read_shard, 150),
    Reader("checkpoints", _checkpoints, _read_checkpoint, 500),
)
READERS = {
    reader.name: reader
    for reader in (*AUDIO, *BITSTREAMS, *ENTROPY, *CONFIGURATIONS, *RUNS, *LISTS, *OTHERS, *LAST, *MORE)
}


def _die(path: Path) -> None:
    """What a crash in C looks like; but not for the honest file."""
    if path.read_bytes() != b"honest":
        os.kill(os.getpid(), signal.SIGSEGV)


def _honest(folder: Path) -> list[Path]:
    (folder / "a").write_bytes(b"honest")
    return [folder / "a"]


KILLER = Reader("dies", _honest, _die, 0)
"""Not one of ours: with it the hunt itself is tested."""
