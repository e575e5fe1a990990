"""A tiny real test folder, and a real PostgreSQL started for the run."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from listening_test.model import STIMULI, Rules, Stimulus, Test, TestType, Trial, write_test
from tests.listening.servers import PostgreSQL

RATE, SECONDS = 48_000, 0.6


def tiny_test(
    folder: Path,
    type: TestType = "mushra",  # noqa: A002
    trials: int = 3,
    systems: int = 2,
    **changes: Any,
) -> Test:
    """A test with real WAV files, written to ``folder``: one training trial and ``trials`` that count.

    MUSHRA: hidden reference, two anchors and ``systems``; ACR, DCR: ``systems``; ABX, AB: a system against the
    reference. ``changes`` replace fields of Test; ``rules`` (a mapping) those of Rules.
    """
    rules = Rules(type=type, **changes.pop("rules", {}))
    made = tuple(_trial(folder, rules.type, index, systems) for index in range(trials + 1))
    named = {"name": "tiny", "title": "Tiny & small"} | changes
    test = Test(rules=rules, trials=made, seed=7, **named)
    write_test(test, folder)
    return test


@lru_cache
def _sound(index: int, noise: float) -> bytes:
    """A WAV file: a signal of the trial's own, and noise."""
    original = np.random.default_rng(index).standard_normal((2, round(RATE * SECONDS))) * 0.05
    noisy = original + noise * np.random.default_rng(99).standard_normal(original.shape)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        audio.write(path, Audio(noisy.astype(np.float32), RATE))
        return path.read_bytes()


def _trial(folder: Path, type_: TestType, index: int, systems: int) -> Trial:
    def stimulus(condition: str, role: Any, noise: float) -> Stimulus:
        sound = _sound(index, noise)
        sha256 = hashlib.sha256(sound).hexdigest()
        (folder / STIMULI).mkdir(parents=True, exist_ok=True)
        (folder / STIMULI / f"{sha256}.wav").write_bytes(sound)
        bitrate = int(condition.partition("@")[2] or 0) or None
        return Stimulus(condition, role, sha256, codec=condition.partition("@")[0], bitrate_bps=bitrate)

    rated = [
        stimulus(f"codec{number}@{6000 * (number + 1)}", "system", 0.003 / (number + 1)) for number in range(systems)
    ]
    if type_ == "mushra":
        rated = [
            stimulus("hidden_reference", "hidden_reference", 0.0),
            stimulus("anchor35", "low_anchor", 0.02),
            stimulus("anchor70", "mid_anchor", 0.01),
            *rated,
        ]
    elif type_ in ("abx", "ab"):
        rated = rated[:1]
    reference = stimulus("reference", "reference", 0.0)
    category: Any = ("speech", "music")[index % 2]
    return Trial(f"trial{index}", f"clip{index}", "tiny", category, reference, tuple(rated), SECONDS, index == 0)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of the empty database ``postgres`` of a server that lives as long as the run; a visible skip without one."""
    server = PostgreSQL()
    server.start()
    try:
        yield server.url
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A URL of an empty database: "" (SQLite in the test's folder), then a schema of PostgreSQL made for this test."""
    if request.param == "sqlite":
        yield ""
        return
    psycopg = pytest.importorskip("psycopg", reason="pip install 'codecbench[postgresql]'")
    server = request.getfixturevalue("postgresql")
    schema = "t" + os.urandom(6).hex()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')
    yield f"{server}?options=-csearch_path%3D{schema}"
