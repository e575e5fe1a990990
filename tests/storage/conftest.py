"""A store behind the S3 protocol, found as any S3 client finds one: by the standard variables."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import audio, run
from bench.align import probe
from bench.runs.results import Results
from bench.storage import place
from tests.storage.server import BUCKET, s3_server

_NUMBERS = count()

CONFIG: dict[str, Any] = {
    "name": "small",
    "datasets": [
        {"loader": "folder", "name": "speech", "category": "speech", "path": "speech"},
        {"loader": "manifest", "name": "music", "path": "music/manifest.jsonl"},
    ],
    "codecs": ["passthrough", {"name": "opus", "bitrates_bps": [12000, 32000]}],
    "metrics": ["si_sdr", "snr"],
}


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    for module in ("s3fs", "moto", "flask"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}: pip install 'codecbench[s3,dev]'")
    with s3_server() as port:
        yield port


@pytest.fixture(scope="module")
def store(s3_port: int) -> Iterator[str]:
    """The URL of a bucket; the environment says where the server is and who asks."""
    with pytest.MonkeyPatch.context() as patch:
        point_to(s3_port, patch)
        bucket: Any = place(f"s3://{BUCKET}")
        if not bucket.fs.exists(BUCKET):
            bucket.fs.mkdir(BUCKET)
        yield f"s3://{BUCKET}"
    _forget()


@pytest.fixture
def s3(store: str) -> str:
    """The URL of an empty folder of the store."""
    return f"{store}/test-{next(_NUMBERS)}"


def point_to(port: int, patch: pytest.MonkeyPatch) -> None:
    """Let every S3 client of this process, and of those that it starts, ask the server at ``port``."""
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        patch.setenv(name, value)
    _forget()


def _forget() -> None:
    """A client keeps the server that it has found first."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


def upload(folder: Path, to: str) -> None:
    """Every file below ``folder`` to the URL ``to``."""
    target: Any = place(to)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target.fs.pipe_file((target / path.relative_to(folder).as_posix()).path, path.read_bytes())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The datasets of ``CONFIG``: two mono WAV files, and a stereo FLAC with a manifest."""
    from bench.datasets.base import DatasetContext
    from bench.datasets.folder_manifest import write_folder_manifest

    folder = tmp_path_factory.mktemp("data")
    for index in range(2):
        audio.write(folder / "speech" / f"s{index}.wav", probe(16_000, 1, index).part(0, 12_000 + index), "PCM_16")
    audio.write(folder / "music" / "m.flac", probe(44_100, 2, 9).part(0, 30_011), "PCM_16")
    write_folder_manifest(DatasetContext(None, folder / "cache"), folder / "music", "music")
    return folder


@pytest.fixture(scope="module")
def here(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """``CONFIG`` measured on this machine."""
    folder = tmp_path_factory.mktemp("here")
    return run(CONFIG, data=data, output=folder / "run", cache=folder / "cache", workers=1)


@pytest.fixture(scope="module")
def there(data: Path, store: str) -> Results:
    """``CONFIG`` measured with everything at the store, below ``there``."""
    upload(data, f"{store}/there/data")
    folder = f"{store}/there"
    return run(CONFIG, data=f"{folder}/data", output=f"{folder}/run", cache=f"{folder}/cache", workers=1)


@pytest.fixture
def noise_clip() -> audio.Audio:
    samples = np.random.default_rng(0).normal(0, 0.1, (2, 9_600)).astype(np.float32)
    return audio.Audio(samples, 48_000)
