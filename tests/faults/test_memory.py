"""A worker that takes all memory: of its limit, and of a machine that has no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import load_results, run
from bench.errors import ConfigError
from tests.faults.conftest import misbehaving
from tests.faults.test_codecs import require_alone
from tests.runs import Config, start


@pytest.mark.parametrize("text", ["much", "0.1", "nan", "-2", "inf"])
def test_a_wrong_limit_is_said_before_anything_starts(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("CODECBENCH_WORKER_MEMORY_GB", text)
    with pytest.raises(ConfigError, match=rf"CODECBENCH_WORKER_MEMORY_GB: .* from 0\.5 on, got '{text}'"):
        run(config, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_smaller_limit_of_the_system_stays() -> None:
    code = (
        "import resource; from bench.threads import limit_memory\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (10**9, 10**9)); limit_memory()\n"
        "assert resource.getrlimit(resource.RLIMIT_DATA) == (10**9, 10**9)"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "CODECBENCH_WORKER_MEMORY_GB": "2"}, check=True)


@pytest.fixture
def small_machine() -> Iterator[Path]:
    """A control group of 1.2 GB, or a visible skip: the kernel ends what takes more."""
    group = Path("/sys/fs/cgroup/memory/codecbench-faults")
    limit = group / "memory.limit_in_bytes"
    try:
        group.mkdir()
        limit.write_text("1200000000")
    except OSError as error:
        pytest.skip(f"needs a control group of its own for memory ({error})")
    yield group
    group.rmdir()


@pytest.mark.slow
def test_the_kernel_ends_the_worker_and_not_the_driver(
    config: Config, whole: Path, tmp_path: Path, small_machine: Path
) -> None:
    codecs = [*config["codecs"], misbehaving("leaks and fills")]

    def join() -> None:
        (small_machine / "cgroup.procs").write_text(str(os.getpid()))

    process = start(config | {"codecs": codecs}, tmp_path / "run", "--workers", "1", before=join)
    assert process.wait(timeout=300) == 0
    require_alone(
        load_results(tmp_path / "run"),
        whole,
        {"leaks and fills": r"SIGKILL \(often: out of memory\), 2 times, in: encode leaks-and-fills"},
    )
