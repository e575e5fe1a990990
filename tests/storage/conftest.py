"""A store behind the S3 protocol, found as any S3 client finds one: by the standard variables."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.storage import place
from tests.storage.server import BUCKET, s3_server

_NUMBERS = count()


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    for module in ("s3fs", "moto", "flask"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}: pip install 'codecbench[s3,dev]'")
    with s3_server() as port:
        yield port


@pytest.fixture
def s3(s3_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The URL of an empty folder in a bucket; the environment says where the server is and who asks."""
    point_to(s3_port, monkeypatch)
    folder = f"s3://{BUCKET}/test-{next(_NUMBERS)}"
    bucket: Any = place(f"s3://{BUCKET}")
    if not bucket.fs.exists(BUCKET):
        bucket.fs.mkdir(BUCKET)
    return folder


def point_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every S3 client of this process, and of those that it starts, ask the server at ``port``."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()  # a client keeps the server that it has found first
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def upload(folder: Path, to: str) -> None:
    """Every file below ``folder`` to the URL ``to``."""
    target: Any = place(to)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target.fs.pipe_file((target / path.relative_to(folder).as_posix()).path, path.read_bytes())
