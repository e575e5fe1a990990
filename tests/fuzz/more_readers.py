"""More readers that are fuzzed: tables of known sets, backups, weights, lists for matching, and real files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from tests.fuzz.reader import Reader

DATA = Path(os.environ.get("CODECBENCH_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
"""Real files; the readers of them are left out where they are not there."""

REAL_AUDIO = (
    "speech/lyra_sample2_16kHz.wav", "speech/nathalie_nl_rhasspy_1072.flac", "speech/vctk_p360_001_mic1_44k.flac",
    "noise/esc10/Dog_bark_1-100032-A.ogg", "noise/esc10/Rooster_1-27724-A.ogg", "music/librosa_trumpet.hq.ogg",
    "rir/spatialaudio_rir_clap.wav", "expected/loudness/sine_1000.wav", "expected/mir_eval/ref01_0.wav",
)  # fmt: skip
REAL_RATINGS = {
    "bernoulli": "ratings/bernoulli_mushra/ratings_formated.csv",
    "listener_wise": "ratings/sheet_vmc24_track3_listener_wise.csv",
}


def _real_audio(folder: Path) -> list[Path]:
    """The files, and what our own encoders make of the first of them: the formats that the folder lacks."""
    from bench import audio

    found = [Path(shutil.copy(DATA / name, folder)) for name in REAL_AUDIO if (DATA / name).exists()]
    speech = audio.read(found[0])
    for name, subtype in {"a.opus.ogg": "OPUS", "b.mp3": "MPEG_LAYER_III", "c.ogg": "VORBIS"}.items():
        audio.write(folder / name, speech, subtype)
        found.append(folder / name)
    return found


def _read_audio(path: Path) -> None:
    from bench import audio
    from bench.headers import plain_header

    plain_header(path.read_bytes()[:4096], path.stat().st_size)
    audio.read(path)
    audio.info(path)


def _real_manifest(folder: Path) -> list[Path]:
    """The first lines of a manifest of the real folder, as ours."""
    from bench.datasets.base import DatasetContext
    from bench.datasets.manifest import write_manifest
    from bench.loading import clips_of

    clips = clips_of(str(DATA / "expected" / "mir_eval"), DatasetContext(None, folder / "cache"))
    write_manifest(folder / "manifest.jsonl", clips[:6])
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return [folder / "manifest.jsonl"]


def _read_manifest(path: Path) -> None:
    from bench.datasets.manifest import read_manifest

    read_manifest(path)


def _real_ratings(name: str) -> Callable[[Path], list[Path]]:
    return lambda folder: [Path(shutil.copy(DATA / REAL_RATINGS[name], folder / "real.csv"))]


def _import(format_: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        from listening_test.analysis.importers import import_ratings
        from listening_test.analysis.importers.base import Options

        pattern = r"_(?P<condition>sys_?\d)_" if format_ == "listener_wise" else ""
        import_ratings(format_, path, Options("x", score="ovr" if format_ == "listener_wise" else "", pattern=pattern))

    return read


def real_readers() -> tuple[Reader, ...]:
    """Readers that start from real files; none where those are absent."""
    if not (DATA / REAL_AUDIO[0]).exists():
        return ()
    return (
        Reader("real_audio", _real_audio, _read_audio, 1500),
        Reader("real_manifest", _real_manifest, _read_manifest, 300),
        *(Reader(f"real_{name}", _real_ratings(name), _import(name), 150) for name in REAL_RATINGS),
    )


def _known_sets(folder: Path) -> list[Path]:
    """Small trees in the layout of every known set that brings a table."""
    from tests.datasets.known_trees import TREES

    found = []
    for name, tree in TREES.items():
        tree.build(folder / name)
        if any(one.suffix in (".csv", ".tsv", ".txt", ".TXT", ".json") for one in (folder / name).rglob("*")):
            found.append(folder / name)
    return found


def _read_known_set(path: Path) -> None:
    from bench.datasets.known import known_sets
    from bench.datasets.known.places import recordings_of_folder

    recordings_of_folder(known_sets()[path.name], path)


def _names(folder: Path) -> list[Path]:
    text = 'kind,ratings,run\nclip,a,s0\nclip,"b, c",s1\ncondition,Opus 6,opus@6000\n'
    (folder / "names.csv").write_text(text, encoding="utf-8")
    return [folder / "names.csv"]


def _read_names(path: Path) -> None:
    from bench.agreement.names import read_names

    read_names(path)


def _decoded_table(folder: Path) -> list[Path]:
    text = "reference,decoded,bitrate_bps,bytes\na.wav,x/a.wav,6000,750\nb.wav,x/b.wav,6000,\n"
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return [folder / "table.csv"]


def _read_decoded_table(path: Path) -> None:
    from bench import codecs

    codecs.make("decoded", {"table": str(path)})


TABLES = (
    Reader("known_sets", _known_sets, _read_known_set, 1500),
    Reader("names", _names, _read_names, 400),
    Reader("decoded_table", _decoded_table, _read_decoded_table, 300),
)


def _weights(folder: Path) -> list[Path]:
    import torch

    tensors = {"weight": torch.zeros(4, 4), "codes": torch.arange(4), "half": torch.ones(2, dtype=torch.float16)}
    torch.save(tensors, folder / "a.th")
    torch.save(tensors, folder / "b.ckpt", _use_new_zipfile_serialization=False)
    return [folder / "a.th", folder / "b.ckpt"]


def _read_weights(path: Path) -> None:
    from bench.models.weights import read_tensors

    read_tensors(path, "tensors")


def _codebooks(folder: Path) -> list[Path]:
    vectors = np.random.default_rng(0).standard_normal((2, 16, 4)).astype(np.float32)
    np.savez(folder / "plain.npz", vectors=vectors)
    np.savez_compressed(folder / "packed.npz", vectors=vectors)
    return [folder / "plain.npz", folder / "packed.npz"]


def _read_codebooks(path: Path) -> None:
    from bench.codecs.torch_module.quantisers import read_codebooks

    read_codebooks(path)


def _jax_folder(folder: Path) -> list[Path]:
    from safetensors.numpy import save_file

    place = folder / "model"
    place.mkdir()
    tensors = {"a.weight": np.ones((3, 2, 5), np.float32), "a.bias": np.ones(3, np.float32)}
    tensors |= {f"quantizer.layers.{index}.codebook.embed": np.ones((8, 4), np.float32) for index in range(2)}
    save_file(tensors, place / "model.safetensors")
    about = {"model_type": "encodec", "sampling_rate": 24_000, "upsampling_ratios": [8, 5, 4, 2], "audio_channels": 1}
    (place / "config.json").write_text(json.dumps(about), encoding="utf-8")
    return [place]


def _read_jax_folder(path: Path) -> None:
    from bench.codecs.encodec_jax.parameters import read_architecture, read_parameters

    read_architecture(path)
    read_parameters(path, ["a.kernel", "a.bias"])


WEIGHTS = (
    Reader("weights", _weights, _read_weights, 400),
    Reader("codebooks", _codebooks, _read_codebooks, 500),
    Reader("encodec_jax", _jax_folder, _read_jax_folder, 500),
)


@cache
def _whole_backup() -> bytes:
    import tempfile

    from listening_test.session import Sessions
    from listening_test.session.backup import back_up
    from tests.listening.conftest import tiny_test
    from tests.listening.listeners import do_all, joined

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sessions = Sessions(tiny_test(folder, trials=1), folder)
        do_all(joined(sessions))
        back_up(folder, folder / "backup.zip")
        sessions.dispose()
        return (folder / "backup.zip").read_bytes()


def _backup(folder: Path) -> list[Path]:
    (folder / "backup.zip").write_bytes(_whole_backup())
    return [folder / "backup.zip"]


def _parts_of_backup(folder: Path) -> list[Path]:
    place = folder / "parts"
    with zipfile.ZipFile(_backup(folder)[0]) as archive:
        archive.extractall(place)
    return [place]


def _restore(path: Path) -> None:
    from listening_test.session.backup import restore

    shutil.rmtree(path.parent / "restored", ignore_errors=True)
    restore(path, path.parent / "restored")


def _restore_parts(path: Path) -> None:
    """The parts with the checksums that they have, as one would write them who wants to do harm."""
    try:
        said = json.loads((path / "backup.json").read_text(encoding="utf-8"))
        for name in list(said["sha256"]):
            if (path / name).is_file():
                said["sha256"][name] = hashlib.sha256((path / name).read_bytes()).hexdigest()
        contents = json.dumps(said)
    except (ValueError, TypeError, KeyError, RecursionError):
        contents = (path / "backup.json").read_bytes()
    with zipfile.ZipFile(path.parent / "made.zip", "w") as archive:
        for one in sorted(path.rglob("*")):
            if one.is_file() and one.name != "backup.json":
                archive.write(one, one.relative_to(path))
        archive.writestr("backup.json", contents)
    _restore(path.parent / "made.zip")


BACKUPS = (
    Reader("backup", _backup, _restore, 300),
    Reader("backup_parts", _parts_of_backup, _restore_parts, 300),
)
MORE = (*TABLES, *WEIGHTS, *BACKUPS, *real_readers())
