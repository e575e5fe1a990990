"""A disk that is full, again and again, at whatever is written: a real small one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runs import Config, lines, processes_of, start

Require = Callable[[Path], None]


class SmallDisk:
    """A file system in memory that can grow."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.size_kb = folder, 0

    def mount(self, size_kb: int) -> None:
        option = "remount," if self.size_kb else ""
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"{option}size={size_kb}k", "tmpfs", str(self.folder)],
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"needs the right to mount: {done.stderr.decode().strip()}")
        self.size_kb = size_kb


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path / "disk")
    made.folder.mkdir()
    yield made
    if made.size_kb:
        subprocess.run(["umount", str(made.folder)], check=True)


def one_message(said: str) -> bool:
    """Whether a user is told once, and what to do."""
    return said.count("Free some space and start") == 1 and "Traceback" not in said


@pytest.mark.parametrize(
    "sizes", [(200, 100_000), pytest.param((*range(8, 1000, 80), 100_000), marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("where", ["run", pytest.param("cache", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_message_and_the_run_continues(
    config: Config,
    require_whole: Require,
    cache: str,
    tmp_path: Path,
    disk: SmallDisk,
    where: str,
    sizes: tuple[int, ...],
) -> None:
    """It grows a little between the starts, so that each ends at another file."""
    folders = {"run": tmp_path / "run", "cache": Path(cache), where: disk.folder}
    ends = []
    for size in sizes:
        disk.mount(size)
        process = start(config, folders["run"], "--workers", "2", "--cache", str(folders["cache"]))
        ends.append((process.wait(timeout=120), lines(folders["run"])))
        said = (folders["run"].parent / "said").read_text(encoding="utf-8")
        assert ends[-1][0] == 0 or one_message(said), said
        assert processes_of(folders["run"]) == []
        if ends[-1][0] == 0:
            break
    assert ends[-1][0] == 0
    assert [code for code, _ in ends[:-1]] == [1] * (len(ends) - 1)
    assert len(ends) > len(sizes) // 3
    require_whole(folders["run"])
